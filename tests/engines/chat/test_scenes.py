"""Several bots and users, with the embedded model at its hottest: whose words a reply holds."""

import asyncio
import re

import pytest

from rhapsode.core.chat import ChatRequest, collect
from rhapsode.engines.chat.llama import LlamaEngine
from rhapsode.engines.chat.visible import is_visible
from tests.engines.chat.scenes import make_talks

pytestmark = [pytest.mark.xdist_group("llama"), pytest.mark.timeout(600)]


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


async def test_in_200_scenes_a_reply_is_always_and_only_the_bots_that_was_asked_for(llama: LlamaEngine) -> None:
    talks = iter(make_talks(20, scenes=10, seed=20))
    heard: list[str] = []
    wrong: list[str] = []

    async def listen() -> None:
        for talk in talks:  # one after the other, so that what is known of a talk serves its next scene
            for request in talk:
                reply = await collect(llama.reply(request))
                heard.append(reply.text)
                wrong.extend(spoken_for(request, reply.text))

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(listen())
    assert wrong == []
    assert len(heard) == 200
    assert all(text and is_visible(text[0]) for text in heard)
