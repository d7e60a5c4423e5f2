"""ChatCompletion Pro over a real socket, by the deterministic engine and by the real one."""

import json
import re
from typing import Any

import httpx2
import pytest

from rhapsode.dialects.sse import EventReader
from tests.live.running import LiveServer

PATH = "/v1/text/chatcompletion_pro"


def body(**changes: object) -> dict[str, Any]:
    return {
        "model": "abab5.5-chat",
        "tokens_to_generate": 40,
        "messages": [{"sender_type": "USER", "sender_name": "小明", "text": "你好，请介绍一下你自己。"}],
        "bot_setting": [{"bot_name": "MM智能助理", "content": "MM智能助理是一位友好的助理。"}],
        "reply_constraints": {"sender_type": "BOT", "sender_name": "MM智能助理"},
    } | changes


@pytest.fixture(params=["deterministic", "embedded"])
def server(request: pytest.FixtureRequest) -> LiveServer:
    """Both servers in turn."""
    found: LiveServer = request.getfixturevalue(request.param)
    return found


def events_of(answer: httpx2.Response) -> list[dict[str, Any]]:
    reader = EventReader()
    return [json.loads(data) for block in answer.iter_bytes() for data in reader.feed(block)]


def test_a_whole_reply(server: LiveServer) -> None:
    with server.client() as client:
        answer = client.post(PATH, json=body())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    reply = answer.json()
    assert reply["reply"].strip()
    assert reply["reply"] == reply["reply"].lstrip()
    (choice,) = reply["choices"]
    assert choice["messages"] == [{"sender_type": "BOT", "sender_name": "MM智能助理", "text": reply["reply"]}]
    assert choice["finish_reason"] in {"stop", "length"}
    usage = reply["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens"] <= 40
    assert reply["model"] == "abab5.5-chat"
    assert reply["base_resp"] == {"status_code": 0, "status_msg": ""}
    assert reply["input_sensitive"] is reply["output_sensitive"] is False
    assert re.fullmatch("[0-9a-f]{32}", reply["id"])
    assert answer.headers["trace-id"] == reply["id"]


def test_a_streamed_reply_keeps_every_rule(server: LiveServer) -> None:
    with server.client() as client, client.stream("POST", PATH, json=body(stream=True)) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        *increments, last = events_of(answer)
    assert increments
    for event in increments:
        assert event["reply"] == ""
        assert not {"usage", "base_resp", "id"} & set(event)
        assert not event["choices"][0].get("finish_reason")
        assert event["choices"][0]["messages"][0]["text"]
    joined = "".join(event["choices"][0]["messages"][0]["text"] for event in increments)
    assert last["reply"] == joined == last["choices"][0]["messages"][0]["text"]
    assert last["id"] == answer.headers["trace-id"]
    assert last["usage"]["total_tokens"] > 0
    assert last["base_resp"]["status_code"] == 0
    assert joined[0].strip()


def test_tokens_to_generate_cuts(server: LiveServer) -> None:
    with server.client() as client:
        reply = client.post(PATH, json=body(tokens_to_generate=5)).json()
    assert reply["choices"][0]["finish_reason"] == "length"
    assert reply["usage"]["completion_tokens"] == 5


def test_a_conversation_that_does_not_fit_is_refused_with_both_figures(embedded: LiveServer) -> None:
    with embedded.client() as client:
        answer = client.post(
            PATH, json=body(messages=[{"sender_type": "USER", "sender_name": "小明", "text": "很长的话。" * 9000}])
        )
    assert answer.status_code == 200
    status = answer.json()["base_resp"]
    assert status["status_code"] == 2013
    figures = [int(figure) for figure in re.findall(r"\d+", status["status_msg"])]
    assert figures[0] > 8192
    assert figures[1] == 8192


def test_a_streamed_call_that_fails_before_its_first_event_is_answered_plainly(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        answer = client.post(PATH, json=body(stream=True, model="nobody"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert (told["created"], told["model"], told["reply"], told["choices"]) == (0, "nobody", "", None)
    assert told["base_resp"] == {"status_code": 2013, "status_msg": "invalid params, model: unknown model 'nobody'"}


@pytest.mark.parametrize("model", ["abab5.5s-chat", "abab6.5s-chat", "MiniMax-Text-01", "ft:abab5.5-chat_1700000000:x"])
def test_every_public_model_name_is_served(deterministic: LiveServer, model: str) -> None:
    with deterministic.client() as client:
        reply = client.post(PATH, json=body(model=model)).json()
    assert reply["model"] == model
    assert reply["base_resp"]["status_code"] == 0
