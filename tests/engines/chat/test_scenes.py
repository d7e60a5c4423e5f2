"""Several bots and users, with the embedded model at its hottest: whose words a reply holds."""

import re
from collections.abc import AsyncGenerator
from itertools import chain
from pathlib import Path

import pytest

from rhapsode.core.chat import ChatRequest, collect
from rhapsode.engines.chat.llama import LlamaEngine, open_engine
from rhapsode.engines.chat.visible import is_visible
from rhapsode.models.catalogue import find_model
from tests.engines.chat.scenes import make_talks

pytestmark = [pytest.mark.xdist_group("scenes"), pytest.mark.timeout(900)]


def spoken_for(request: ChatRequest, reply: str) -> list[str]:
    """The lines that begin with somebody's label, by a look that shares nothing with how the engine looks."""
    names = (
        {bot.name for bot in request.bots} | {turn.speaker for turn in request.turns} | {"User", "Assistant", "用户"}
    )
    words = [name.replace("（", " ").strip("*[]“”）").split() for name in names]
    names |= {word.strip(":.") for parts in words for word in (parts[0], parts[-1]) if len(word) > 1 or word > "z"}
    known = "|".join(re.escape(name.strip("*[]“”）")[:60]) for name in names)
    label = re.compile(rf"[\W_]*(?:{known})[\W_]{{0,3}}(?:[(（][^)）\n]*[)）])?\s*[:：]", re.IGNORECASE)
    bracketed = re.compile(rf"\s*[\[【(（]\s*(?:{known})\s*[\]】)）]")
    return [line for line in reply.splitlines() if label.match(line) or bracketed.match(line)]


@pytest.fixture
async def alone() -> AsyncGenerator[LlamaEngine]:
    """One reply after the other on one thread: with a seed of its own it gives the same replies, whatever other tests do."""
    engine = await open_engine(
        {"threads": 1, "slots": 1, "context": 2048, "seed": 20261123},
        find_model=lambda _: find_model("default", directory=Path("nowhere")),
    )
    yield engine
    await engine.close()


async def test_in_200_scenes_a_reply_is_always_and_only_the_bots_that_was_asked_for(alone: LlamaEngine) -> None:
    # Each talk goes on with what is known of it: the same number of casts from each seed.
    talks = [talk for seed in (20, 21, 22, 23) for talk in make_talks(5, scenes=10, seed=seed)]
    heard: list[str] = []
    wrong: list[str] = []
    for request in chain.from_iterable(talks):
        reply = await collect(alone.reply(request))
        heard.append(reply.text)
        wrong.extend(spoken_for(request, reply.text))
    assert wrong == []
    assert len(heard) == 200
    assert all(text and is_visible(text[0]) for text in heard)
