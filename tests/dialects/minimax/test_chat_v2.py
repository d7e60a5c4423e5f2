import json
import re
from pathlib import Path
from typing import Any

import pytest

from rhapsode.core.chat import Bot, ChatRequest, Role, Sampling, Turn
from rhapsode.core.constraint import JsonDocument
from rhapsode.core.errors import InvalidField, MalformedBody, NotSupported
from rhapsode.core.function import Function
from rhapsode.core.speech import AudioSetting, SpeechRequest
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.minimax.chat_v2 import V2Call, read_request

WEATHER: dict[str, Any] = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
GOOD: dict[str, Any] = {
    "model": "MiniMax-Text-01",
    "messages": [
        {"role": "system", "name": "MM智能助理", "content": "一位友好的助理。"},
        {"role": "user", "name": "小明", "content": "你好"},
        {"role": "assistant", "name": "MiniMax AI", "content": "你好！", "tool_calls": None},
        {"role": "user", "name": "小明", "content": [{"type": "text", "text": "我叫什么？"}]},
    ],
    "stream": True,
    "max_tokens": 99,
    "temperature": 0.5,
    "top_p": 0.7,
    "presence_penalty": 1.5,
    "frequency_penalty": -2,
    "stop": "\n\n",
    "mask_sensitive_info": True,
    "tools": [WEATHER, {"type": "web_search"}],
    "tool_choice": "required",
    "stream_options": {"include_usage": True, "speech_output": True},
    "voice_setting": {"voice_id": "female-tianmei"},
    "some_field_of_tomorrow": [1],
}


def read(**changes: object) -> V2Call:
    return read_request(json.dumps(GOOD | changes).encode())


def test_every_part_of_the_body_arrives() -> None:
    assert read() == V2Call(
        request=ChatRequest(
            model="MiniMax-Text-01",
            bots=(Bot(name="MM智能助理", description="一位友好的助理。"),),
            turns=(
                Turn(role=Role.USER, speaker="小明", text="你好"),
                Turn(role=Role.BOT, speaker="MM智能助理", text="你好！"),
                Turn(role=Role.USER, speaker="小明", text="我叫什么？"),
            ),
            reply_as="MM智能助理",
            max_tokens=99,
            sampling=Sampling(temperature=0.5, top_p=0.7, presence_penalty=1.5, frequency_penalty=-2),
            stops=("\n\n",),
            functions=(Function(name="weather", parameters={"type": "object"}),),
            must_call=("weather",),
            mask=True,
            search=True,
        ),
        stream=True,
        usage_in_stream=True,
        voice=SpeechRequest(
            model="speech-01",
            script=(),
            voices=(VoiceShare(voice_id="female-tianmei"),),
            audio=AudioSetting(streamed=True),
        ),
        aloud=True,
    )


@pytest.mark.parametrize(
    ("model", "tokens", "temperature"),
    [
        ("abab5.5-chat", 256, 0.9),
        ("abab6.5s-chat", 256, 0.1),
        ("MiniMax-Text-01", 2048, 0.1),
        ("MiniMax-M1", 8192, 1.0),
        ("MiniMax-M2", 10240, 1.0),
        ("M2-her", 2048, 1.0),
    ],
)
@pytest.mark.parametrize("absent", ["absent", "null"])
def test_optional_fields_have_the_models_defaults(model: str, tokens: int, temperature: float, absent: str) -> None:
    body: dict[str, object] = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    if absent == "null":
        body |= dict.fromkeys(set(GOOD) - set(body))
    assert read_request(json.dumps(body).encode()) == V2Call(
        request=ChatRequest(
            model=model,
            bots=(Bot(name="", description=""),),
            turns=(Turn(role=Role.USER, speaker="", text="hi"),),
            reply_as="",
            max_tokens=tokens,
            sampling=Sampling(temperature=temperature, top_p=0.95),
        )
    )


@pytest.mark.parametrize("empty", ["tools", "timber_weights", "timbre_weights"])
def test_an_empty_list_is_absent(empty: str) -> None:
    assert read(**{empty: list[object](), "tool_choice": "auto"}) == read(**{empty: None, "tool_choice": None})


def test_the_limit_has_two_names() -> None:
    assert (
        read(max_tokens=None, max_completion_tokens=7)
        == read(max_tokens=7)
        == read(max_tokens=7, max_completion_tokens=7)
    )


def test_a_reply_may_have_a_form() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
    assert read(tools=None, tool_choice=None, response_format=form).request.constraint == JsonDocument(schema=SCHEMA)
    assert read(tool_choice="none", response_format=form).request.constraint == JsonDocument(schema=SCHEMA)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"role": "USER", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}]}, "messages[0].tool_calls[0].function"),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]}, "messages[0].tool_call_id"),
        ({"stream": "yes"}, "stream"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1000193}, "max_tokens"),
        ({"max_tokens": None, "max_completion_tokens": 1000193}, "max_completion_tokens"),
        ({"max_completion_tokens": 7}, "max_completion_tokens"),
        ({"temperature": 0}, "temperature"),
        ({"temperature": 1.1}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"presence_penalty": 2.1}, "presence_penalty"),
        ({"frequency_penalty": "high"}, "frequency_penalty"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": [""]}, "stop[0]"),
        ({"mask_sensitive_info": 1}, "mask_sensitive_info"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "retrieval"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": 1}}]}, "tools[0].function.parameters"),
        ({"tool_choice": "always"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "nobody"}}}, "tool_choice.function.name"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"stream_options": []}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"stream": False}, "stream_options.speech_output"),
        ({"voice_setting": None}, "voice_setting"),
        ({"voice_setting": {}}, "voice_setting.voice_id"),
        ({"timber_weights": [{"voice_id": "x", "weight": 0}]}, "timber_weights[0].weight"),
        ({"stream_options": None, "voice_setting": {"speed": 1}}, "voice_setting.voice_id"),
        ({"stream_options": None, "voice_setting": {"voice_id": "x", "model": "x"}}, "voice_setting.model"),
        ({"stream_options": None, "voice_setting": None, "audio_setting": {"bitrate": 32000}}, "voice_setting"),
        ({"audio_setting": {"format": "wav"}}, "audio_setting.format"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(**changes)
    assert caught.value.field == field
    assert caught.value.rule


def test_a_voice_that_is_not_to_speak_is_read_all_the_same() -> None:
    silent = read(stream_options=None, stream=None)
    assert (silent.voice, silent.aloud) == (read().voice, False)
    assert read(stream_options=None, voice_setting=None).voice is None


def test_an_empty_message_of_the_user_is_left_out_behind_another() -> None:
    system: dict[str, Any] = {"role": "system", "content": "Be kind."}
    request = read(messages=[system, {"role": "user", "content": ""}]).request
    assert (request.turns, request.bots) == ((), (Bot(name="", description="Be kind."),))


def test_an_answer_to_an_unknown_call_answers_the_oldest_that_is_open() -> None:
    calls = [{"id": name, "function": {"name": name, "arguments": "{}"}} for name in ("look", "sing")]
    messages: list[dict[str, Any]] = [{"role": "assistant", "tool_calls": calls}]
    messages += [{"role": "tool", "content": "x", "tool_call_id": of} for of in ("made-up-1", "made-up-2")]
    turns = read(messages=messages).request.turns
    assert [(turn.speaker, turn.answers) for turn in turns[1:]] == [("look", "look"), ("sing", "sing")]
    with pytest.raises(InvalidField) as caught:
        read(messages=[*messages, messages[-1]])
    assert caught.value.field == "messages[3].tool_call_id"


def test_a_public_name_in_lower_case_has_the_same_limits() -> None:
    request = read(model="minimax-m2", max_tokens=None).request
    assert (request.model, request.max_tokens) == ("minimax-m2", 10240)


def test_the_example_of_the_page_is_spoken() -> None:
    page = (Path(__file__).parents[3] / "docs" / "api" / "minimax.md").read_text(encoding="utf-8")
    section = page.partition("## `POST /v1/text/chatcompletion_v2`")[2].partition("\n## ")[0]
    (example,) = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
    call = read_request(example.encode())
    assert call.stream
    assert call.voice is not None


def test_what_is_no_text_is_refused_by_name() -> None:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "http://x/y.png"}}]
    with pytest.raises(NotSupported) as caught:
        read(messages=[{"role": "user", "content": parts}])
    assert caught.value.field == "messages[0].content[1].type"


@pytest.mark.parametrize("junk", [b"", b"{", b"\xff\xfe"])
def test_what_is_not_json_is_malformed(junk: bytes) -> None:
    with pytest.raises(MalformedBody):
        read_request(junk)
