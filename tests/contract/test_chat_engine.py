"""What every chat engine does, whatever is inside."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import replace
from typing import Protocol

import pytest

from rhapsode.core.chat import (
    Bot,
    ChatCall,
    ChatEnd,
    ChatEngine,
    ChatEvent,
    ChatReply,
    ChatRequest,
    ChatText,
    ChatThought,
    Finding,
    Finish,
    Role,
    Sampling,
    Turn,
    collect,
    join_calls,
)
from rhapsode.core.constraint import Gen, Glyph, JsonDocument, Literal, Select
from rhapsode.core.errors import EngineError, InvalidField, NotSupported, PromptTooLong, SettingsError
from rhapsode.core.function import Function, FunctionCall
from rhapsode.engines.chat.llama import LlamaEngine
from rhapsode.engines.chat.scripted import ScriptedEngine
from rhapsode.engines.chat.visible import is_visible
from rhapsode.engines.registry import CHAT, open_chat
from tests.contract.opening import (
    COUNTS_CACHE,
    OVER_A_LINK,
    OVER_LLAMA,
    UPSTREAMS,
    LinkedChat,
    Servers,
    find,
    open_kind,
)
from tests.engines.chat.requests import ANN, BOB, MM, chat, replied, says

pytestmark = pytest.mark.xdist_group("llama")

LONG_STORY = "Tell me a very long story about the sea, with many chapters."


@pytest.fixture(params=[*sorted(CHAT), *OVER_LLAMA, *OVER_A_LINK])
def kind(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture
async def opened(kind: str, servers: Servers) -> AsyncGenerator[ChatEngine]:
    opened = await open_kind(kind, context=8192, servers=servers)
    yield opened
    await opened.close()


@pytest.fixture
def engine(kind: str, request: pytest.FixtureRequest) -> ChatEngine:
    engine: ChatEngine = request.getfixturevalue("llama" if kind == "llama" else "opened")  # loaded once for all tests
    return engine


class Open(Protocol):
    async def __call__(self, context: int) -> ChatEngine: ...


@pytest.fixture
async def open_cramped(kind: str, servers: Servers) -> AsyncGenerator[Open]:
    """Opens an engine with a context of so many tokens."""
    async with AsyncExitStack() as stack:

        async def opened(context: int) -> ChatEngine:
            cramped = await open_kind(kind, context=context, servers=servers)
            stack.push_async_callback(cramped.close)
            return cramped

        yield opened


async def test_a_reply_is_pieces_and_one_end(engine: ChatEngine) -> None:
    asked = chat("你好，你是谁？", max_tokens=40)
    events = [event async for event in engine.reply(asked)]
    tries = 20
    while len(events) == 2 and (tries := tries - 1):  # a model of random letters may come to its end at once
        events = [event async for event in engine.reply(asked)]
    *pieces, end = events
    assert isinstance(end, ChatEnd)
    assert len(pieces) > 1
    text = "".join(piece.text for piece in pieces if isinstance(piece, ChatText) and piece.text)
    assert is_visible(text[0])
    assert text == text.strip()
    assert 0 < end.usage.reply_tokens <= 40
    assert end.usage.prompt_tokens > 10


@pytest.mark.parametrize("max_tokens", [1, 2, 3, 4, 5, 12])
async def test_the_token_limit_cuts_and_never_to_nothing(engine: ChatEngine, max_tokens: int) -> None:
    for _ in range(3):
        reply = await collect(engine.reply(chat(LONG_STORY, max_tokens=max_tokens, temperature=1.0)))
        assert is_visible(reply.text[0])
        assert reply.end.finish in {Finish.LENGTH, Finish.STOP}
        if reply.end.finish is Finish.LENGTH:
            # One character may take more tokens than the limit allows, and is let through.
            assert reply.end.usage.reply_tokens == max_tokens or len(reply.text) == 1


async def test_a_conversation_that_goes_on_is_served_from_the_cache(kind: str, engine: ChatEngine) -> None:
    turns = (says("我叫小明。" * 10), replied("你好，小明！" * 10), says("我叫什么？"))
    first = (await collect(engine.reply(chat(turns[0], max_tokens=2)))).end.usage
    second = (await collect(engine.reply(chat(*turns, max_tokens=2)))).end.usage
    assert second.prompt_tokens > first.prompt_tokens
    if kind in COUNTS_CACHE:
        assert second.cached_tokens >= first.prompt_tokens - 8  # all but what opens the reply


async def test_a_prompt_that_does_not_fit_is_told_both_figures(open_cramped: Open) -> None:
    engine = await open_cramped(256)
    events = engine.reply(chat("long " * 400))
    with pytest.raises(PromptTooLong) as caught:
        await anext(events)
    assert caught.value.context_tokens == 256
    assert caught.value.prompt_tokens > 400
    assert (await collect(engine.reply(chat("short")))).text


async def test_a_full_context_ends_the_reply(open_cramped: Open) -> None:
    engine = await open_cramped(256)
    empty = (await collect(engine.reply(chat(LONG_STORY, max_tokens=1)))).end.usage.prompt_tokens
    filled = f"{LONG_STORY}{' a' * ((256 - 12 - empty) // 2)}"
    reply = await collect(engine.reply(chat(filled, max_tokens=1)))
    filled += " a" * ((256 - 12 - reply.end.usage.prompt_tokens) // 2)  # where " a" is one token, half was missing
    reply = await collect(engine.reply(chat(filled, max_tokens=500)))
    while reply.end.finish is Finish.STOP:  # a model of random letters may have come to its end before
        reply = await collect(engine.reply(chat(filled, max_tokens=500)))
    assert reply.end.finish is Finish.CONTEXT
    assert reply.end.usage.prompt_tokens + reply.end.usage.reply_tokens <= 256


async def test_who_leaves_does_not_hold_up_who_comes(engine: ChatEngine) -> None:
    for _ in range(12):
        async with _talking(engine) as events:
            assert isinstance(await anext(events), ChatText)
    assert (await collect(engine.reply(chat("hello", max_tokens=3)))).text


async def test_who_is_cancelled_does_not_hold_up_who_comes(engine: ChatEngine) -> None:
    callers = [asyncio.create_task(collect(engine.reply(chat(LONG_STORY, max_tokens=2000)))) for _ in range(12)]
    assert (await collect(engine.reply(chat("hello", max_tokens=1)))).text
    for caller in callers:
        caller.cancel()
    await asyncio.wait(callers)
    assert (await collect(engine.reply(chat("hello", max_tokens=3)))).text


async def test_replies_run_side_by_side(engine: ChatEngine) -> None:
    replies = await asyncio.gather(*(collect(engine.reply(chat(f"{n} apples", max_tokens=4))) for n in range(6)))
    assert all(reply.text for reply in replies)


async def test_a_scene_with_samples_and_several_speakers(engine: ChatEngine) -> None:
    scene = chat(
        says("Who rules here?", "Li"),
        replied("I do.", BOB.name),
        replied("So he says.", ANN.name),
        says("And you, Ann?", "Wang"),
        bots=(ANN, BOB),
        reply_as=ANN.name,
        samples=(says("Hello", "Someone"), replied("Once upon a time ...", ANN.name)),
    )
    assert (await collect(engine.reply(scene))).text


@pytest.mark.parametrize("turns", [(replied("Welcome!"),), (says("Hm."), replied("Yes?")), (says(""),)])
async def test_any_order_of_turns_is_answered(engine: ChatEngine, turns: tuple[Turn, ...]) -> None:
    reply = await try_to(engine, chat(*turns, bots=(MM,), max_tokens=4))
    assert reply is None or reply.text


async def test_who_has_no_name_is_replied_to(engine: ChatEngine) -> None:
    nameless = Bot(name="", description="You are terse.")
    turns = (says("Hello", ""), replied("Hm.", ""), says("Bye", ""))
    assert (await collect(engine.reply(chat(*turns, bots=(nameless,), max_tokens=8)))).text


async def test_a_change_of_the_speaker_keeps_the_cache(kind: str, engine: ChatEngine) -> None:
    script = [turn for n in range(12) for turn in (says(f"Aye {n}, my king?", "Li"), replied(f"Aye {n}.", "Bob"))]
    scene = replace(chat(*script, bots=(ANN, BOB), max_tokens=2), turns=tuple(script))
    first = (await collect(engine.reply(replace(scene, reply_as="Ann")))).end.usage
    second = (await collect(engine.reply(replace(scene, reply_as="Bob")))).end.usage
    if kind in COUNTS_CACHE:
        assert second.cached_tokens >= 0.9 * min(first.prompt_tokens, second.prompt_tokens)


async def test_what_was_found_does_not_move_what_was_said(kind: str, engine: ChatEngine) -> None:
    turns = (says("Who keeps the light? " * 8), replied("I do. " * 8), says("Since when?"))
    plain = (await collect(engine.reply(chat(*turns, max_tokens=2)))).end.usage
    found = Finding(title="The lighthouse", url="http://light.example", text="Built long ago.")
    reply = await try_to(engine, replace(chat(*turns, max_tokens=2), findings=(found,)))
    if reply is not None and kind in COUNTS_CACHE:
        assert reply.end.usage.prompt_tokens > plain.prompt_tokens
        assert reply.end.usage.cached_tokens >= 0.7 * plain.prompt_tokens


@pytest.mark.parametrize("stops", [("e", "a", "o", "的", "是", "，"), (" ",), ("turn", "\n", ".")])
async def test_a_reply_ends_before_a_stop(engine: ChatEngine, stops: tuple[str, ...]) -> None:
    reply = await collect(engine.reply(replace(chat("Hello there, who are you?", max_tokens=30), stops=stops)))
    assert not any(stop in reply.text for stop in stops)
    assert reply.end.finish in {Finish.STOP, Finish.LENGTH}


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0, top_p=1),
        Sampling(temperature=1.0, top_p=0.9, seed=7),
        Sampling(temperature=0.7, top_p=0.9, seed=2**40 + 3),
    ],
)
async def test_the_same_seed_or_no_chance_gives_the_same_reply(
    kind: str, engine: ChatEngine, sampling: Sampling
) -> None:
    asked = replace(chat("Name a colour and a fruit.", max_tokens=6), sampling=sampling)
    if sampling.seed is None:
        await collect(engine.reply(asked))  # what an engine keeps of a prompt may change a last digit, and so a token
    first, second = [(await collect(engine.reply(asked))).text for _ in range(2)]
    assert first == second or kind in UPSTREAMS


async def test_penalties_and_a_high_temperature_are_taken(engine: ChatEngine) -> None:
    wild = Sampling(temperature=2, top_p=1, presence_penalty=2, frequency_penalty=-2)
    reply = await try_to(engine, replace(chat("Hello", max_tokens=8), sampling=wild))
    assert reply is None or reply.text


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


async def test_a_closed_engine_replies_no_more(open_cramped: Open) -> None:
    engine = await open_cramped(512)
    async with _talking(engine) as events:
        await anext(events)
        await engine.close()
        with pytest.raises(EngineError):
            await _read_on(events)
    with pytest.raises(EngineError):
        await anext(engine.reply(chat("hello")))
    await engine.close()


async def test_a_wrong_option_is_named(kind: str) -> None:
    options = {"context": "wide", "base_url": "http://127.0.0.1:1"}
    with pytest.raises(SettingsError, match="context"):
        await open_chat(kind.partition(" over ")[0], options, find_model=find)


async def try_to(engine: ChatEngine, request: ChatRequest) -> ChatReply | None:
    """The reply; None where another server's dialect has no words for what is asked, and says so."""
    try:
        return await collect(engine.reply(request))
    except NotSupported:
        assert not isinstance(engine, (LlamaEngine, ScriptedEngine, LinkedChat))
        return None


def _talking(engine: ChatEngine) -> aclosing[AsyncGenerator[ChatEvent]]:
    """A long reply, which the scripted engine holds open, to be closed."""
    return aclosing(engine.reply(chat(f"{LONG_STORY} scripted:hold", max_tokens=2000)))


async def _read_on(events: AsyncIterator[ChatEvent]) -> None:
    async for _ in events:
        pass
