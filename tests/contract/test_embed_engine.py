"""What every embedding engine does, whatever is inside."""

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest

from rhapsode.core.embedding import EmbedEngine, Purpose
from rhapsode.core.errors import EngineError, Overloaded, PromptTooLong, SettingsError
from rhapsode.engines.registry import EMBED, open_embed
from tests.contract.opening import UPSTREAMS, Servers, link_embed
from tests.engines.embed.asking import likeness, texts


@pytest.fixture(params=[*sorted(EMBED), "scripted over a link"])
def kind(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


class Open(Protocol):
    async def __call__(self, **options: object) -> EmbedEngine: ...


@pytest.fixture
async def opened(kind: str, tiny_embedding_gguf: Path, servers: Servers) -> AsyncGenerator[Open]:
    """Opens an engine, with a model that the tests made where it needs one."""
    model = {"model": str(tiny_embedding_gguf)} if kind == "llama" else {}
    async with AsyncExitStack() as stack:

        async def open_one(**options: object) -> EmbedEngine:
            if kind in UPSTREAMS:  # the context is the other server's, and the line one's own
                context = options.pop("context", 4096)
                options |= {"context": context} if not isinstance(context, int) else servers.options(context)
                options |= {"parallel": 1} if "queue" in options else {}
            asked, _, behind = kind.partition(" over ")
            engine = await open_embed(asked, model | options, find_model=Path)
            engine = await link_embed(engine) if behind else engine
            stack.push_async_callback(engine.close)
            return engine

        yield open_one


@pytest.fixture
async def engine(opened: Open) -> EmbedEngine:
    return await opened()


async def test_a_vector_a_text_all_of_one_length_and_of_norm_1(engine: EmbedEngine) -> None:
    said = [f"{n} calm seas" for n in range(70)]
    answer = await engine.embed(texts(*said))
    assert len(answer.vectors) == len(said)
    assert len({len(vector) for vector in answer.vectors}) == 1
    for vector in answer.vectors:
        assert math.isclose(math.hypot(*vector), 1, rel_tol=1e-4)
    assert answer.tokens >= len(said)


async def test_vectors_are_in_the_order_of_their_texts(engine: EmbedEngine) -> None:
    said = ["calm sea", "zzz", "x" * 200, "calm sea", "你好，世界"] * 9
    together = (await engine.embed(texts(*said))).vectors
    for text, vector in zip(said[:5], together[:5], strict=True):
        (alone,) = (await engine.embed(texts(text))).vectors
        assert likeness(alone, vector) == pytest.approx(1, abs=1e-3)
    assert all(
        likeness(one, other) == pytest.approx(1, abs=1e-3) for one, other in zip(together, together[5:], strict=False)
    )


@pytest.mark.parametrize("purpose", [None, Purpose.STORE, Purpose.QUERY])
async def test_any_purpose_is_served(engine: EmbedEngine, purpose: Purpose | None) -> None:
    assert (await engine.embed(texts("calm sea", purpose=purpose))).tokens > 0


@pytest.mark.parametrize("field", ["texts[{}]", "input[{}]"])
async def test_a_text_that_is_too_long_is_named_with_both_figures(opened: Open, field: str) -> None:
    engine = await opened(context=64)
    with pytest.raises(PromptTooLong) as caught:
        await engine.embed(texts("short", "a" * 64 + "b" * 70, "short", field=field))
    assert caught.value.field == field.format(1)
    assert caught.value.context_tokens == 64
    assert caught.value.prompt_tokens >= 134
    assert (await engine.embed(texts("short"))).vectors


async def test_a_giant_is_refused(engine: EmbedEngine) -> None:
    with pytest.raises(PromptTooLong):
        await engine.embed(texts("a" * 2_000_000))


async def test_calls_run_side_by_side(engine: EmbedEngine) -> None:
    answers = await asyncio.gather(*(engine.embed(texts(*[f"{n}"] * 20)) for n in range(12)))
    assert [len(answer.vectors) for answer in answers] == [20] * 12


async def test_a_full_line_is_told_at_once(opened: Open) -> None:
    engine = await opened(queue=1)
    calls = [asyncio.create_task(engine.embed(texts(*["calm sea"] * 2000, "scripted:wait"))) for _ in range(4)]
    refused, _ = await asyncio.wait(calls[2:])
    assert all(isinstance(call.exception(), Overloaded) for call in refused)
    await engine.close()
    let_in = await asyncio.gather(*calls[:2], return_exceptions=True)
    assert all(isinstance(answer, EngineError) for answer in let_in)


async def test_who_is_cancelled_does_not_hold_up_who_comes(opened: Open) -> None:
    engine = await opened(queue=1)
    for _ in range(4):
        call = asyncio.create_task(engine.embed(texts(*["calm sea"] * 2000, "scripted:wait")))
        await asyncio.sleep(0)  # one turn of the loop: it begins
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert (await engine.embed(texts("calm sea"))).vectors


async def test_a_closed_engine_makes_no_more_vectors(engine: EmbedEngine) -> None:
    begun = asyncio.create_task(engine.embed(texts(*["calm sea"] * 3000, "scripted:wait")))
    await asyncio.sleep(0)  # one turn of the loop: it begins
    await engine.close()
    with pytest.raises(EngineError):
        await begun
    with pytest.raises(EngineError):
        await engine.embed(texts("calm sea"))
    await engine.close()


async def test_a_wrong_option_is_named(opened: Open) -> None:
    with pytest.raises(SettingsError, match="context"):
        await opened(context="wide")
