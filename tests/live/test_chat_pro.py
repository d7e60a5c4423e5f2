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


def test_a_streamed_call_that_fails_before_its_first_event_is_answered_with_one_event(
    deterministic: LiveServer,
) -> None:
    with deterministic.client() as client:
        answer = client.post(PATH, json=body(stream=True, model="nobody"))
        stranger = client.post(PATH, json=body(stream=True), headers={"Authorization": "Bearer nobody"})
    assert answer.status_code == stranger.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    (told,) = events_of(answer)
    assert (told["created"], told["model"], told["reply"]) == (0, "nobody", "")
    (choice,) = told["choices"]
    assert choice["finish_reason"] == "error"  # a client in use waits for one
    assert events_of(stranger)[0]["base_resp"] == {"status_code": 2049, "status_msg": "invalid api key"}
    assert told["base_resp"] == {"status_code": 2013, "status_msg": "invalid params, model: unknown model 'nobody'"}


@pytest.mark.parametrize("model", ["abab5.5s-chat", "abab6.5s-chat", "MiniMax-Text-01", "ft:abab5.5-chat_1700000000:x"])
def test_every_public_model_name_is_served(deterministic: LiveServer, model: str) -> None:
    with deterministic.client() as client:
        reply = client.post(PATH, json=body(model=model)).json()
    assert reply["model"] == model
    assert reply["base_resp"]["status_code"] == 0


WEATHER = {
    "name": "get_weather",
    "description": "查询一个城市的天气",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 12}, "unit": {"enum": ["C", "F"]}},
        "required": ["city", "unit"],
    },
}
ASKED: dict[str, Any] = {
    "messages": [{"sender_type": "USER", "sender_name": "小明", "text": "上海天气怎么样？"}],
    "functions": [WEATHER],
    "function_call": {"type": "specific", "name": "get_weather"},
    "tokens_to_generate": 200,
}


def test_a_call_and_its_answer_go_round(server: LiveServer) -> None:
    with server.client() as client:
        called = client.post(PATH, json=body(**ASKED)).json()
        assert called["base_resp"]["status_code"] == 0
        assert called["reply"] == ""
        (message,) = called["choices"][0]["messages"]
        assert message["function_call"] == called["function_call"]
        assert called["function_call"]["name"] == "get_weather"
        assert set(json.loads(called["function_call"]["arguments"])) == {"city", "unit"}
        assert called["choices"][0]["finish_reason"] == "stop"
        assert called["usage"]["tokens_with_added_plugin"] == 0
        answer = {"sender_type": "FUNCTION", "sender_name": "get_weather", "text": '{"sky": "晴"}'}
        turns = [*ASKED["messages"], message, answer]
        told = client.post(PATH, json=body(messages=turns, functions=[WEATHER])).json()
    assert told["base_resp"]["status_code"] == 0
    assert told["reply"] or told["function_call"]


def test_a_streamed_call_comes_whole_with_the_last_event(server: LiveServer) -> None:
    with server.client() as client, client.stream("POST", PATH, json=body(**ASKED, stream=True)) as answer:
        (last,) = events_of(answer)
    assert last["reply"] == ""
    assert last["choices"][0]["messages"][0]["function_call"] == last["function_call"]
    assert set(json.loads(last["function_call"]["arguments"])) == {"city", "unit"}
    assert last["usage"]["total_tokens"] > 0


def test_a_glyph_is_kept(server: LiveServer) -> None:
    constraints = body()["reply_constraints"]
    raw = {"type": "raw", "raw_glyph": "我{{select 'mood' options=['很好','一般']}}。"}
    keys = {"type": "json_value", "json_properties": {"name": {"type": "string"}, "old": {"type": "boolean"}}}
    with server.client() as client:
        said = client.post(PATH, json=body(reply_constraints=constraints | {"glyph": raw})).json()
        card = client.post(
            PATH, json=body(reply_constraints=constraints | {"glyph": keys}, tokens_to_generate=200)
        ).json()
    assert said["reply"] in {"我很好。", "我一般。"}
    assert said["glyph_result"] == {"mood": said["reply"][1:-1]}
    assert said["choices"][0]["glyph_result"] == {"content": said["reply"]}
    document = json.loads(card["reply"])
    assert list(document) == ["name", "old"]
    assert card["reply"] == json.dumps(document, indent=2, ensure_ascii=False)


def test_what_cannot_be_combined_is_refused(deterministic: LiveServer) -> None:
    glyph = {"type": "raw", "raw_glyph": "{{gen 'x'}}"}
    constraints = body()["reply_constraints"] | {"glyph": glyph}
    with deterministic.client() as client:
        (answer,) = events_of(client.post(PATH, json=body(reply_constraints=constraints, stream=True)))
    assert answer["base_resp"] == {
        "status_code": 2013,
        "status_msg": "invalid params, stream: cannot be combined with reply_constraints.glyph",
    }
