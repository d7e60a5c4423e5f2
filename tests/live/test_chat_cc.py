"""The first chat endpoint over a real socket, by the deterministic engine and by the real one."""

import json
import re
from typing import Any

import pytest

from tests.dialects.minimax import readers
from tests.live.running import LiveServer

PATH = "/v1/text/chatcompletion"


def body(**changes: object) -> dict[str, Any]:
    return {
        "model": "abab5-chat",
        "tokens_to_generate": 24,
        "prompt": "MM智能助理是一位友好的助理。",
        "role_meta": {"user_name": "小明", "bot_name": "MM智能助理"},
        "messages": [{"sender_type": "USER", "text": "你好，请介绍一下你自己。"}],
    } | changes


@pytest.fixture(params=["deterministic", "embedded"])
def server(request: pytest.FixtureRequest) -> LiveServer:
    """Both servers in turn."""
    found: LiveServer = request.getfixturevalue(request.param)
    return found


def test_a_whole_reply(server: LiveServer) -> None:
    with server.client() as client:
        answer = client.post(PATH, json=body())
    assert answer.headers["content-type"] == "application/json"
    reply = answer.json()
    (choice,) = reply["choices"]
    assert reply["reply"] == choice["text"]
    assert reply["reply"].strip()
    assert choice["index"] == 0
    assert choice["finish_reason"] in {"stop", "length"}
    assert reply["usage"]["total_tokens"] > 0
    assert reply["model"] == "abab5-chat"
    assert reply["base_resp"] == {"status_code": 0, "status_msg": "success"}
    assert reply["input_sensitive"] is reply["output_sensitive"] is False
    assert re.fullmatch("[0-9a-f]{32}", reply["id"])
    assert answer.headers["trace-id"] == reply["id"]


@pytest.mark.parametrize("standard_sse", [False, True])
def test_a_stream_in_either_framing(server: LiveServer, *, standard_sse: bool) -> None:
    with server.client() as client:
        answer = client.post(PATH, json=body(stream=True, use_standard_sse=standard_sse))
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.content.endswith(b"\n\n") == (b"\n\n" in answer.content) == standard_sse
    text, tokens = readers.dify_first(answer.content)
    assert text.strip()
    assert text == readers.langchain_js_first(answer.content)
    assert tokens > 0


def test_without_a_persona_an_assistant_replies(server: LiveServer) -> None:
    with server.client() as client:
        reply = client.post(PATH, json=body(prompt=None, role_meta=None)).json()
    assert reply["reply"].strip()


def test_the_last_message_is_continued(server: LiveServer) -> None:
    messages = [
        {"sender_type": "USER", "text": "数到十。"},
        {"sender_type": "BOT", "text": "一，二，三，"},
    ]
    with server.client() as client:
        whole = client.post(PATH, json=body(messages=messages, continue_last_message=True)).json()
        streamed = client.post(PATH, json=body(messages=messages, continue_last_message=True, stream=True)).content
    assert whole["base_resp"]["status_code"] == 0
    for text in (whole["reply"], readers.dify_first(streamed)[0]):
        assert text
        assert "一，二，三" not in text


def test_a_continuation_keeps_the_blank_before_its_first_word(embedded: LiveServer) -> None:
    told = [
        {"sender_type": "USER", "text": "Tell me a story."},
        {"sender_type": "BOT", "text": "Once upon a time, there was"},
    ]
    with embedded.client() as client:
        reply = client.post(PATH, json=body(messages=told, continue_last_message=True, temperature=0.01)).json()[
            "reply"
        ]
    assert reply.startswith(" a")


@pytest.mark.parametrize(("changes", "shown"), [({}, False), ({"skip_info_mask": True}, True)])
def test_what_identifies_people_is_masked_unless_that_is_skipped(
    deterministic: LiveServer, changes: dict[str, object], *, shown: bool
) -> None:
    messages = [{"sender_type": "USER", "text": "li@example.com"}]
    with deterministic.client() as client:
        reply = client.post(PATH, json=body(messages=messages, tokens_to_generate=256, **changes)).json()["reply"]
    assert ("li@example.com" in reply) == shown
    assert ("**************" in reply) != shown


def test_a_call_that_fails_is_answered_with_status_200(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        answer = client.post(PATH, json=body(stream=True, beam_width=2))
    assert answer.status_code == 200
    told = json.loads(answer.content.removeprefix(b"data: "))
    assert (told["created"], told["model"], told["reply"]) == (0, "abab5-chat", "")
    assert told["choices"][0]["finish_reason"] == "error"  # a client in use waits for one
    assert told["base_resp"]["status_code"] == 2013
    assert told["base_resp"]["status_msg"].startswith("invalid params, beam_width: ")


def test_a_stream_that_breaks_says_so(deterministic: LiveServer) -> None:
    messages = [{"sender_type": "USER", "text": "scripted:fail"}]
    with deterministic.client() as client:
        answer = client.post(PATH, json=body(messages=messages, stream=True))
    assert answer.status_code == 200
    with pytest.raises(readers.ClientFailure, match="internal service error"):
        readers.dify_first(answer.content)
