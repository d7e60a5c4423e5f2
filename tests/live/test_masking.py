"""Masking and web search over a real socket."""

import json
from pathlib import Path
from typing import Any

from rhapsode.dialects.minimax.chat_models import CHAT_MODELS
from tests.live.running import DETERMINISTIC, LiveServer, running_server

PATH = "/v1/text/chatcompletion_pro"
SECRET = "我住在北京市朝阳区建国路88号，电话13800138000，邮箱a@example.com。"
HIDDEN = f"我住在{'*' * 12}，电话{'*' * 11}，邮箱{'*' * 13}。"


def body(text: str, **more: object) -> dict[str, Any]:
    return {
        "model": next(iter(CHAT_MODELS)),
        "messages": [{"sender_type": "USER", "sender_name": "U", "text": text}],
        "bot_setting": [{"bot_name": "B", "content": "x"}],
        "reply_constraints": {"sender_type": "BOT", "sender_name": "B"},
    } | more


def test_a_reply_is_masked_unless_the_caller_says_otherwise(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        masked = client.post(PATH, json=body(SECRET)).json()["reply"]
        shown = client.post(PATH, json=body(SECRET, mask_sensitive_info=False)).json()["reply"]
    assert masked == f"B hears 1 turn, the last from U: {HIDDEN}"
    assert shown == f"B hears 1 turn, the last from U: {SECRET}"


def test_a_stream_is_masked_as_the_whole_is(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        whole = client.post(PATH, json=body(SECRET)).json()["reply"]
        stream = client.post(PATH, json=body(SECRET, stream=True)).text
    events = [json.loads(line.removeprefix("data: ")) for line in stream.splitlines() if line]
    texts = [event["choices"][0]["messages"][0]["text"] for event in events]
    assert "".join(texts[:-1]) == texts[-1] == events[-1]["reply"] == whole
    assert all(texts)


def test_a_search_without_a_search_server_is_refused_by_name(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        told = client.post(PATH, json=body("tides", plugins=["plugin_web_search"])).json()["base_resp"]
    assert told["status_code"] == 2013
    assert told["status_msg"].startswith("invalid params, plugins: web search")
    assert "search.url" in told["status_msg"]


def test_a_search_server_that_is_down_costs_no_reply(tmp_path: Path) -> None:
    settings = f'{DETERMINISTIC}\n[search]\nurl = "http://127.0.0.1:9"\n'  # the port of a service that nobody runs
    with running_server(tmp_path, settings) as server:
        with server.client() as client:
            reply = client.post(PATH, json=body("tides", plugins=["plugin_web_search"])).json()
        assert reply["base_resp"]["status_code"] == 0
        assert "tides" in reply["reply"]
    assert "the reply goes on without a web search" in (tmp_path / "output.txt").read_text(encoding="utf-8")
