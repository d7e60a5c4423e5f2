"""Five hundred random glyphs, by the embedded model at temperature 1: every reply has its form."""

import asyncio
import random
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rhapsode.core.chat import ChatRequest, collect
from rhapsode.dialects.minimax.raw_glyph import read_raw
from rhapsode.engines.chat.llama import LlamaEngine
from tests.engines.chat.constrain.glyphs import Random, random_glyph
from tests.engines.chat.requests import ANN, chat, says

GLYPHS = 500
SCENES = tuple(chat(says(text, "Li"), bots=(ANN,), max_tokens=64, temperature=1.0) for text in ("Hi!", "你好"))


def asked(glyph: Random, number: int) -> ChatRequest:
    return replace(SCENES[number * 2 // GLYPHS], constraint=read_raw(glyph.text, field="raw_glyph"))


@pytest.mark.xdist_group("glyphs")
@pytest.mark.timeout(900)
async def test_five_hundred_random_glyphs_all_match(llama: LlamaEngine) -> None:
    rng = random.Random(2026)
    glyphs: Iterator[tuple[int, Random]] = iter([(number, random_glyph(rng)) for number in range(GLYPHS)])
    matched: list[int] = []

    async def caller() -> None:
        for number, glyph in glyphs:
            reply = await collect(llama.reply(asked(glyph, number)))
            found = re.fullmatch(glyph.expected, reply.text)
            assert found, (glyph.text, reply.text)
            assert not re.search("[\0\ufffd]", reply.text)
            assert sorted(found.groupdict()) == sorted(f"s{index}" for index, _ in enumerate(reply.end.slots))
            for name, stop in glyph.stops.items():
                assert not re.search(stop, reply.end.slots[name]), (glyph.text, reply.end.slots)
            assert reply.end.usage.reply_tokens <= SCENES[0].max_tokens
            matched.append(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(caller())
    assert sorted(matched) == list(range(GLYPHS))
