"""What every chat engine makes of functions and forms, whatever is inside."""

import json
import re
from contextlib import suppress
from dataclasses import replace

import pytest

from rhapsode.core.chat import (
    ChatCall,
    ChatEnd,
    ChatEngine,
    ChatEvent,
    ChatThought,
    Finish,
    Role,
    Turn,
    collect,
    join_calls,
)
from rhapsode.core.constraint import Gen, Glyph, JsonDocument, Literal, Select
from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.core.function import Function, FunctionCall
from tests.contract.opening import try_to
from tests.engines.chat.requests import chat, replied, says

pytestmark = pytest.mark.xdist_group("llama")

WEATHER = Function(
    name="get_weather",
    description="Get the weather of a city",
    parameters={
        "type": "object",
        "properties": {
            "city": {"type": "string", "maxLength": 20},
            "days": {"type": "integer", "minimum": 1, "maximum": 9},
            "unit": {"enum": ["C", "F"]},
        },
        "required": ["city", "days", "unit"],
    },
)
NOW = Function(name="now", description="Get the time")


@pytest.mark.parametrize("temperature", [0.1, 1.0])
async def test_a_function_that_must_be_called_is_called(engine: ChatEngine, temperature: float) -> None:
    asked = chat("What is the weather in Paris?", max_tokens=200, temperature=temperature)
    events = [
        event
        async for event in engine.reply(replace(asked, functions=(NOW, WEATHER), must_call=("get_weather",)))
        if not isinstance(event, ChatThought)
    ]
    *pieces, end = events
    assert isinstance(end, ChatEnd)
    assert end.finish is Finish.STOP
    assert all(isinstance(piece, ChatCall) and piece.index == 0 for piece in pieces)
    (call,) = join_calls(piece for piece in pieces if isinstance(piece, ChatCall))
    assert isinstance(pieces[0], ChatCall)
    assert pieces[0].name == call.name == "get_weather"
    arguments = json.loads(call.arguments)
    assert set(arguments) == {"city", "days", "unit"}
    assert isinstance(arguments["city"], str)
    assert arguments["days"] in range(1, 10)
    assert arguments["unit"] in {"C", "F"}


async def test_one_of_several_functions_must_be_called(engine: ChatEngine) -> None:
    asked = chat("What is the weather in Paris?", max_tokens=400)
    reply = await try_to(engine, replace(asked, functions=(NOW, WEATHER), must_call=("now", "get_weather")))
    if reply is not None:
        assert reply.calls
        assert {call.name for call in reply.calls} <= {"now", "get_weather"}
        assert all(isinstance(json.loads(call.arguments), dict) for call in reply.calls)


async def test_a_function_may_be_called_or_not(engine: ChatEngine) -> None:
    for text in ("scripted:call now", "Hello! Who are you?"):
        reply = await collect(engine.reply(replace(chat(text, max_tokens=80), functions=(NOW, WEATHER))))
        assert reply.text or reply.calls
        if reply.end.finish is Finish.STOP:
            assert all(isinstance(json.loads(call.arguments), dict) for call in reply.calls)


@pytest.mark.parametrize("most", [1, 4, 12, 20, 24, 30])
async def test_a_call_that_is_cut_says_so(engine: ChatEngine, most: int) -> None:
    asked = chat("What is the weather in Paris?", max_tokens=most)
    events: list[ChatEvent] = []
    with suppress(InvalidField):
        async for event in engine.reply(replace(asked, functions=(WEATHER,), must_call=("get_weather",))):
            events.append(event)  # noqa: PERF401 - kept where the reply ends with an error
    if events:  # else it was cut before the name
        assert isinstance(events[0], ChatCall)
        assert events[0].name == "get_weather"
        assert isinstance(events[-1], ChatEnd)
        assert events[-1].finish is Finish.LENGTH


CALL = FunctionCall(name="get_weather", arguments='{"city": "Paris"}', id="c1")
CALLED = replace(replied(""), calls=(CALL,))
ANSWERED = Turn(role=Role.FUNCTION, speaker="get_weather", text='{"sky": "clear"}', answers="c1")


@pytest.mark.parametrize(
    "turns",
    [
        (says("Weather?"), CALLED, ANSWERED),
        (says("Weather?"), CALLED),
        (says("Weather?"), CALLED, says("Well?")),
        (ANSWERED,),
        (says("Weather?"), ANSWERED, says("Well?")),
        (CALLED, CALLED, ANSWERED, ANSWERED, ANSWERED),
        (says("?"), replace(CALLED, calls=(replace(CALL, arguments='{"ci'),)), ANSWERED, says("And now?")),
    ],
)
@pytest.mark.parametrize("functions", [(), (WEATHER,)])
async def test_any_history_of_calls_is_replied_to(
    engine: ChatEngine, turns: tuple[Turn, ...], functions: tuple[Function, ...]
) -> None:
    asked = replace(chat(*turns, max_tokens=64 if functions else 8), functions=functions)
    try:
        reply = await try_to(engine, asked)
    except InvalidField as cut:  # a call that is not whole within the tokens is told as such, and never shown
        if functions and "too small for a function call" in cut.rule:
            return
        raise
    assert reply is None or reply.text or reply.calls


DOCUMENT = JsonDocument(
    schema={
        "type": "object",
        "properties": {"name": {"type": "string"}, "old": {"type": "boolean"}},
        "required": ["name", "old"],
        "additionalProperties": False,
    },
    must_close=True,
)


async def test_a_document_has_its_form(engine: ChatEngine) -> None:
    for constraint in (DOCUMENT, replace(DOCUMENT, must_close=False)):
        asked = replace(chat("Who are you?", max_tokens=200), constraint=constraint)
        if (reply := await try_to(engine, asked)) is not None and reply.end.finish is Finish.STOP:
            document = json.loads(reply.text)
            assert list(document) == ["name", "old"]
            assert isinstance(document["name"], str)
            assert isinstance(document["old"], bool)


async def test_a_glyph_has_its_form_and_its_slots(engine: ChatEngine) -> None:
    parts = (Literal(text="I am "), Select(name="mood", options=("gay", "calm")), Literal(text=", "))
    glyph = Glyph(parts=(*parts, Gen(name="age", pattern="[1-9][0-9]"), Literal(text=" years old.")))
    reply = await try_to(engine, replace(chat("Who are you?", max_tokens=60), constraint=glyph))
    if reply is not None:
        assert re.fullmatch(r"I am (gay|calm), [1-9][0-9] years old\.", reply.text)
        assert reply.end.slots == {"mood": reply.text.split()[2].rstrip(","), "age": reply.text.split()[3]}


async def test_a_form_and_functions_exclude_each_other(engine: ChatEngine) -> None:
    with pytest.raises(NotSupported):
        await collect(engine.reply(replace(chat("hello"), constraint=DOCUMENT, functions=(NOW,))))
