"""Chat completion v2 over a real socket, by the deterministic engine and by the real one."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rhapsode.dialects.sse import EventReader
from tests.dialects.minimax import readers
from tests.listening import decode
from tests.live.running import LiveServer

PATH = "/v1/text/chatcompletion_v2"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather in a city.", "parameters": PARAMETERS},
}


def body(**changes: object) -> dict[str, Any]:
    return {
        "model": "abab6.5s-chat",
        "max_tokens": 40,
        "messages": [
            {"role": "system", "name": "MM智能助理", "content": "MM智能助理是一位友好的助理。"},
            {"role": "user", "name": "小明", "content": "你好，请介绍一下你自己。"},
        ],
    } | changes


def spoken(**changes: object) -> dict[str, Any]:
    return (
        body(stream=True, stream_options={"speech_output": True}, voice_setting={"voice_id": "female-tianmei"})
        | changes
    )


@pytest.fixture(params=["deterministic", "embedded"])
def server(request: pytest.FixtureRequest) -> LiveServer:
    """Both servers in turn."""
    found: LiveServer = request.getfixturevalue(request.param)
    return found


def ask(server: LiveServer, **changes: object) -> dict[str, Any]:
    with server.client() as client:
        answer: dict[str, Any] = client.post(PATH, json=body(**changes)).json()
    return answer


def events_of(answer: httpx2.Response) -> list[dict[str, Any]]:
    reader = EventReader()
    return [json.loads(data) for block in answer.iter_bytes() for data in reader.feed(block)]


def test_a_whole_reply(server: LiveServer) -> None:
    with server.client() as client:
        answer = client.post(PATH, json=body())
    assert answer.headers["content-type"] == "application/json"
    reply = answer.json()
    (choice,) = reply["choices"]
    message = choice["message"]
    assert message["content"].strip()
    assert (message["role"], message["name"], message["audio_content"]) == ("assistant", "MM智能助理", "")
    assert choice["finish_reason"] in {"stop", "length"}
    assert reply["object"] == "chat.completion"
    usage = reply["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0
    assert usage["total_characters"] == 0
    assert reply["base_resp"] == {"status_code": 0, "status_msg": ""}
    assert re.fullmatch("[0-9a-f]{32}", reply["id"])
    assert answer.headers["trace-id"] == reply["id"]


def test_a_stream(server: LiveServer) -> None:
    with server.client() as client:
        answer = client.post(PATH, json=body(stream=True))
    assert answer.headers["content-type"] == "text/event-stream"
    text, reason = readers.langchain_python_v2(answer.content)
    assert text.strip()
    assert reason in {"stop", "length"}
    assert readers.dify_v2(answer.content)[0] == text
    *_, whole = readers.strict_lines(answer.content)
    assert whole["object"] == "chat.completion"
    assert whole["choices"][0]["message"]["content"] == text
    assert whole["base_resp"]["status_code"] == 0
    assert b"[DONE]" not in answer.content


@pytest.mark.parametrize("masked", [False, True])
def test_what_identifies_people_is_masked_where_that_is_asked_for(deterministic: LiveServer, *, masked: bool) -> None:
    question = [{"role": "user", "content": "li@example.com"}]
    changes: dict[str, object] = {"mask_sensitive_info": True} if masked else {}
    reply = ask(deterministic, messages=question, max_tokens=256, **changes)["choices"][0]["message"]["content"]
    assert ("li@example.com" in reply) != masked
    assert ("**************" in reply) == masked


def test_a_bot_without_a_name(server: LiveServer) -> None:
    reply = ask(server, messages=[{"role": "user", "content": "Hello"}])
    assert reply["choices"][0]["message"]["name"] == "MiniMax AI"
    assert reply["choices"][0]["message"]["content"].strip()


def test_everything_that_a_scene_can_have(server: LiveServer) -> None:
    messages = [
        {"role": "system", "name": "Ann", "content": "Ann is a smith."},
        {"role": "user_system", "name": "Li", "content": "A traveller."},
        {"role": "group", "content": "At the forge"},
        {"role": "sample_message_user", "content": "Morning."},
        {"role": "sample_message_ai", "content": "Well met!"},
        {"role": "user", "name": "Li", "content": "Good day."},
        {"role": "assistant", "name": "Ann", "content": "Good day to you."},
        {"role": "user", "name": "Li", "content": "Can you mend a sword?"},
    ]
    reply = ask(server, messages=messages)
    assert reply["choices"][0]["message"]["name"] == "Ann"
    assert reply["choices"][0]["message"]["content"].strip()


def test_a_tool_that_must_be_called(server: LiveServer) -> None:
    question = {"role": "user", "content": "What is the weather like in Paris?"}
    called = ask(server, messages=[question], tools=[WEATHER], tool_choice="required", max_tokens=96)
    (choice,) = called["choices"]
    assert choice["finish_reason"] == "tool_calls"
    (call,) = choice["message"]["tool_calls"]
    assert call["type"] == "function"
    assert call["function"]["name"] == "weather"
    assert isinstance(json.loads(call["function"]["arguments"])["city"], str)
    assert re.fullmatch(r"call_function_\d{10}", call["id"])
    answer = {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}
    told = ask(server, messages=[question, choice["message"], answer], tools=[WEATHER])
    assert told["base_resp"]["status_code"] == 0


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_a_limit_too_small_for_a_call_is_named_as_it_was_written(server: LiveServer, field: str) -> None:
    told = ask(server, tools=[WEATHER], tool_choice="required", **({"max_tokens": None} | {field: 1}))["base_resp"]
    assert told == {"status_code": 2013, "status_msg": f"invalid params, {field}: is too small for a function call"}


def test_the_parameters_of_a_tool_may_be_text(deterministic: LiveServer) -> None:
    as_text = WEATHER | {"function": {"name": "weather", "parameters": json.dumps(PARAMETERS)}}
    one, other = (
        ask(deterministic, tools=[tool], tool_choice="required", max_tokens=96)["choices"][0]["message"]["tool_calls"]
        for tool in (WEATHER, as_text)
    )
    assert [call["function"] for call in one] == [call["function"] for call in other]


def test_a_tool_that_cannot_be_enforced_is_named(server: LiveServer) -> None:
    impossible = {"type": "object", "properties": {"city": {"type": "string", "pattern": "(?<=a)b"}}}
    tools = [{"type": "function", "function": {"name": "weather", "parameters": impossible}}]
    told = ask(server, tools=tools, tool_choice="required")["base_resp"]
    assert told["status_code"] == 2013
    assert told["status_msg"].startswith("invalid params, tools[0].function.parameters.properties.city.pattern: ")


def test_a_streamed_tool_call_adds_up(server: LiveServer) -> None:
    with server.client() as client:
        answer = client.post(PATH, json=body(stream=True, tools=[WEATHER], tool_choice="required", max_tokens=96))
    *pieces, last, whole = readers.strict_lines(answer.content)
    calls = [call for piece in pieces for call in piece["choices"][0]["delta"].get("tool_calls", [])]
    assert calls[0]["function"]["name"] == "weather"
    assert last["choices"][0]["finish_reason"] == "tool_calls"
    (call,) = whole["choices"][0]["message"]["tool_calls"]
    assert call["id"] == calls[0]["id"]
    assert call["function"]["arguments"] == "".join(piece["function"]["arguments"] for piece in calls)
    assert "city" in json.loads(call["function"]["arguments"])


def test_a_reply_in_a_form(server: LiveServer) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    reply = ask(server, response_format=form)
    assert isinstance(json.loads(reply["choices"][0]["message"]["content"])["age"], int)


def test_text_and_sound_in_one_stream(server: LiveServer, tmp_path: Path) -> None:
    with server.client() as client:
        answer = client.post(PATH, json=spoken())
        *pieces, last, whole = events_of(answer)
    deltas = [piece["choices"][0]["delta"] for piece in pieces]
    sound = bytes.fromhex("".join(delta.get("audio_content", "") for delta in deltas))
    samples, rate = decode(sound, tmp_path)
    assert rate == 32000
    assert len(samples) / rate > 0.5
    text = "".join(delta["content"] for delta in deltas)
    assert text == whole["choices"][0]["message"]["content"]
    assert last["choices"][0]["finish_reason"] in {"stop", "length"}
    assert whole["choices"][0]["message"]["audio_content"] == ""


def test_the_sound_of_a_sentence_comes_before_the_reply_is_complete(deterministic: LiveServer) -> None:
    # The reply begins with its bot's name, here a sentence and more; then the engine says nothing more, and the stream stays open.
    scene = [{"role": "system", "name": "你好。我"}, {"role": "user", "content": "scripted:hold"}]
    reader = EventReader()
    with deterministic.client() as client, client.stream("POST", PATH, json=spoken(messages=scene)) as answer:
        blocks = answer.iter_raw()
        events = (json.loads(data) for block in blocks for data in reader.feed(block))
        deltas = [next(events)["choices"][0]["delta"] for _ in range(2)]
    assert deltas[0]["content"] == "你好。我"
    assert deltas[1]["audio_content"]


def test_the_sound_has_the_rate_that_was_asked_for(deterministic: LiveServer, tmp_path: Path) -> None:
    with deterministic.client() as client:
        answer = client.post(PATH, json=spoken(audio_setting={"sample_rate": 16000, "bitrate": 32000}))
        deltas = [event["choices"][0].get("delta", {}) for event in events_of(answer)]
    sound = bytes.fromhex("".join(delta.get("audio_content", "") for delta in deltas))
    assert decode(sound, tmp_path)[1] == 16000


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"stream": False}, "stream_options.speech_output: needs stream to be true"),
        ({"voice_setting": {"voice_id": "nobody"}}, "voice_setting.voice_id: voice id 'nobody' does not exist"),
        (
            {"timber_weights": [{"voice_id": "nobody", "weight": 1}]},
            "timber_weights[0].voice_id: voice id 'nobody' does not exist",
        ),
    ],
)
def test_speech_that_cannot_be_is_refused_by_name(
    deterministic: LiveServer, changes: dict[str, object], rule: str
) -> None:
    with deterministic.client() as client:
        answer = client.post(PATH, json=spoken(**changes))
    assert answer.status_code == 200
    (told,) = events_of(answer) if answer.headers["content-type"].startswith("text/event") else (answer.json(),)
    assert told["base_resp"] == {"status_code": 2013, "status_msg": f"invalid params, {rule}"}


def test_a_voice_must_exist_even_where_it_does_not_speak(deterministic: LiveServer) -> None:
    told = ask(deterministic, voice_setting={"voice_id": "nobody"})["base_resp"]
    assert told["status_msg"] == "invalid params, voice_setting.voice_id: voice id 'nobody' does not exist"
    assert ask(deterministic, voice_setting={"voice_id": "female-tianmei"})["base_resp"]["status_code"] == 0


def test_a_call_that_fails_is_answered_with_status_200(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        answer = client.post(PATH, json=body(stream=True, temperature=0))
        stranger = client.post(PATH, json=body(), headers={"Authorization": "Bearer nobody"})
    assert answer.status_code == stranger.status_code == 200
    (told,) = events_of(answer)
    assert told["choices"] is None
    assert told["usage"]["total_tokens"] == 0
    assert told["base_resp"]["status_code"] == 2013
    assert stranger.json()["base_resp"] == {"status_code": 2049, "status_msg": "invalid api key"}


def test_a_stream_that_breaks_says_so(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        answer = client.post(PATH, json=body(messages=[{"role": "user", "content": "scripted:fail"}], stream=True))
    with pytest.raises(readers.ClientFailure, match="internal service error"):
        readers.dify_v2(answer.content)


def test_a_lone_system_prompt_with_an_empty_message_is_replied_to(server: LiveServer) -> None:
    messages = [{"role": "system", "content": "Greet the guest in one sentence."}, {"role": "user", "content": ""}]
    answer = ask(server, model="ABAB6.5S-chat", messages=messages)
    assert answer["base_resp"]["status_code"] == 0
    assert answer["model"] == "ABAB6.5S-chat"
    assert answer["choices"][0]["message"]["content"]
