"""What every chat engine does, whatever is inside."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Protocol

import pytest

from rhapsode.core.chat import ChatEnd, ChatEngine, ChatEvent, ChatText, Finish, Turn, collect
from rhapsode.core.errors import EngineError, PromptTooLong, SettingsError
from rhapsode.engines.chat.visible import is_visible
from rhapsode.engines.registry import CHAT, open_chat
from rhapsode.models.catalogue import find_model
from tests.engines.chat.requests import ANN, BOB, MM, chat, replied, says

pytestmark = pytest.mark.xdist_group("llama")

LONG_STORY = "Tell me a very long story about the sea, with many chapters."


def find(name: str) -> Path:
    return find_model(name, directory=Path("nowhere"))


@pytest.fixture(params=sorted(CHAT))
def kind(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture
def engine(kind: str, request: pytest.FixtureRequest) -> ChatEngine:
    if kind == "llama":  # its model is loaded once for all tests
        loaded: ChatEngine = request.getfixturevalue("llama")
        return loaded
    return request.getfixturevalue("scripted")


@pytest.fixture
async def scripted() -> AsyncGenerator[ChatEngine]:
    opened = await open_chat("scripted", {}, find_model=find)
    yield opened
    await opened.close()


class Open(Protocol):
    async def __call__(self, context: int) -> ChatEngine: ...


@pytest.fixture
async def open_cramped(kind: str) -> AsyncGenerator[Open]:
    """Opens an engine with a context of so many tokens."""
    async with AsyncExitStack() as stack:

        async def opened(context: int) -> ChatEngine:
            cramped = await open_chat(kind, {"context": context}, find_model=find)
            stack.push_async_callback(cramped.close)
            return cramped

        yield opened


async def test_a_reply_is_pieces_and_one_end(engine: ChatEngine) -> None:
    events = [event async for event in engine.reply(chat("你好，你是谁？", max_tokens=40))]
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


async def test_a_conversation_that_goes_on_is_served_from_the_cache(engine: ChatEngine) -> None:
    turns = (says("我叫小明。" * 10), replied("你好，小明！" * 10), says("我叫什么？"))
    first = (await collect(engine.reply(chat(turns[0], max_tokens=2)))).end.usage
    second = (await collect(engine.reply(chat(*turns, max_tokens=2)))).end.usage
    assert second.prompt_tokens > first.prompt_tokens
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
    assert (await collect(engine.reply(chat(*turns, bots=(MM,), max_tokens=4)))).text


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
    with pytest.raises(SettingsError, match="context"):
        await open_chat(kind, {"context": "wide"}, find_model=find)


def _talking(engine: ChatEngine) -> aclosing[AsyncGenerator[ChatEvent]]:
    """A long reply, which the scripted engine holds open, to be closed."""
    return aclosing(engine.reply(chat(f"{LONG_STORY} scripted:hold", max_tokens=2000)))


async def _read_on(events: AsyncIterator[ChatEvent]) -> None:
    async for _ in events:
        pass
