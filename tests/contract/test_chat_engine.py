"""What every chat engine does, whatever is inside."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from rhapsode.core.chat import (
    Bot,
    ChatEnd,
    ChatEngine,
    ChatEvent,
    ChatText,
    Finding,
    Finish,
    Sampling,
    Turn,
    collect,
)
from rhapsode.core.errors import EngineError, PromptTooLong, SettingsError
from rhapsode.engines.chat.visible import is_visible
from rhapsode.engines.registry import open_chat
from tests.contract.opening import COUNTS_CACHE, UPSTREAMS, Open, find, try_to
from tests.engines.chat.requests import ANN, BOB, MM, chat, replied, says

pytestmark = pytest.mark.xdist_group("llama")

LONG_STORY = "Tell me a very long story about the sea, with many chapters."


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


def _talking(engine: ChatEngine) -> aclosing[AsyncGenerator[ChatEvent]]:
    """A long reply, which the scripted engine holds open, to be closed."""
    return aclosing(engine.reply(chat(f"{LONG_STORY} scripted:hold", max_tokens=2000)))


async def _read_on(events: AsyncIterator[ChatEvent]) -> None:
    async for _ in events:
        pass
