"""Functions and forms, asked for with OpenAI's own client over a real socket."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from openai.types.shared_params import ResponseFormatJSONSchema

from tests.live.openai_client import client_of
from tests.live.running import LiveServer

MODEL = "abab6.5s-chat"
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}, "unit": {"enum": ["celsius", "fahrenheit"]}},
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
    },
}
CLOCK: ChatCompletionToolParam = {
    "type": "function",
    "function": {"name": "get_time", "parameters": {"type": "object"}},
}
ASKED: list[ChatCompletionMessageParam] = [{"role": "user", "content": "What is the weather in Paris, in celsius?"}]
NAMED: Any = {"type": "function", "function": {"name": "get_weather"}}


@pytest.fixture(params=["deterministic", "embedded"])
def client(request: pytest.FixtureRequest) -> Iterator[openai.OpenAI]:
    server: LiveServer = request.getfixturevalue(request.param)
    with client_of(server) as opened:
        yield opened


def is_weather(arguments: str) -> bool:
    told = json.loads(arguments)
    return set(told) == {"city", "unit"} and told["unit"] in {"celsius", "fahrenheit"}


def test_a_named_function_is_called(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model=MODEL, messages=ASKED, tools=[CLOCK, WEATHER], tool_choice=NAMED)
    (choice,) = reply.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert choice.message.tool_calls
    call = choice.message.tool_calls[0]
    assert call.type == "function"
    assert call.id
    assert call.function.name == "get_weather"
    assert is_weather(call.function.arguments)


def test_a_required_call_is_streamed_in_pieces(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(
        model=MODEL, messages=ASKED, tools=[WEATHER], tool_choice="required", parallel_tool_calls=False
    ) as stream:
        pieces = [event for event in stream if event.type == "tool_calls.function.arguments.delta"]
        final = stream.get_final_completion().choices[0]
    assert final.finish_reason == "tool_calls"
    assert final.message.tool_calls
    (call,) = final.message.tool_calls
    assert call.function.name == "get_weather"
    assert is_weather(call.function.arguments)
    assert "".join(piece.arguments_delta for piece in pieces) == call.function.arguments


def test_a_call_and_its_answer_are_understood_as_history(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(model=MODEL, messages=ASKED, tools=[WEATHER], tool_choice=NAMED)
    message = first.choices[0].message
    assert message.tool_calls
    history: list[Any] = [
        *ASKED,
        message.model_dump(exclude_none=True),
        *({"role": "tool", "tool_call_id": call.id, "content": "18 degrees, sunny"} for call in message.tool_calls),
    ]
    reply = client.chat.completions.create(
        model=MODEL, messages=history, tools=[WEATHER], tool_choice="none", max_tokens=30
    )
    assert reply.choices[0].message.content
    assert reply.choices[0].message.tool_calls is None


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_a_limit_too_small_for_a_call_is_named_as_it_was_written(client: openai.OpenAI, field: str) -> None:
    limit: Any = {field: 1}
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=ASKED, tools=[WEATHER], tool_choice=NAMED, **limit)
    assert caught.value.param == field


def test_a_call_that_nobody_made_cannot_be_answered(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="tool_call_id"):
        client.chat.completions.create(
            model=MODEL, messages=[*ASKED, {"role": "tool", "tool_call_id": "call_x", "content": "18 degrees"}]
        )


def test_a_function_that_is_not_offered_cannot_be_required(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=ASKED, tools=[CLOCK], tool_choice=NAMED)
    assert caught.value.param == "tool_choice.function.name"


SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "mood": {"enum": ["calm", "rough"]},
        "waves": {"type": "integer"},
        "names": {"type": "array", "items": {"type": "string", "maxLength": 8}, "minItems": 1, "maxItems": 2},
    },
    "required": ["mood", "waves", "names"],
    "additionalProperties": False,
}


FORM: ResponseFormatJSONSchema = {
    "type": "json_schema",
    "json_schema": {"name": "sea", "schema": SCHEMA, "strict": True},
}


@pytest.mark.parametrize("stream", [False, True])
def test_a_reply_has_the_form_of_its_schema(client: openai.OpenAI, stream: bool) -> None:  # noqa: FBT001
    sea: list[ChatCompletionMessageParam] = [{"role": "user", "content": "How is the sea today?"}]
    chat = client.chat.completions
    if stream:
        with chat.create(model=MODEL, messages=sea, response_format=FORM, temperature=0, stream=True) as chunks:
            text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    else:
        reply = chat.create(model=MODEL, messages=sea, response_format=FORM, temperature=0)
        text = reply.choices[0].message.content or ""
    told = json.loads(text)
    assert set(told) == {"mood", "waves", "names"}
    assert told["mood"] in {"calm", "rough"}
    assert isinstance(told["waves"], int)
    assert 1 <= len(told["names"]) <= 2


def test_any_object_is_json(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Describe the sea as JSON, with one key."}],
        response_format={"type": "json_object"},
        max_tokens=60,
        temperature=0,
    )
    (choice,) = reply.choices
    assert (choice.message.content or "").startswith("{")
    if choice.finish_reason == "stop":
        assert isinstance(json.loads(choice.message.content or ""), dict)
