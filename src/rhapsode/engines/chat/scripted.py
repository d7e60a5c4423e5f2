"""A chat engine without a model, for tests: what it replies says what arrived. A token is a character.

The reply is `NAME hears N turns, the last from SPEAKER: TEXT`. Words that begin with `scripted:` anywhere in the last
text change it: `scripted:hold` sends the first piece and then nothing until the listener leaves or the engine is
closed, `scripted:fail` fails after the first piece, `scripted:wait` waits before the first piece.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Annotated

import msgspec

from rhapsode.core.chat import ChatEnd, ChatEvent, ChatRequest, ChatText, ChatUsage, Finish
from rhapsode.core.errors import EngineError, PromptTooLong
from rhapsode.engines.options import read_options


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`context`: tokens, that is characters, of a conversation with its reply. `piece`: tokens in each piece."""

    context: Annotated[int, msgspec.Meta(ge=1)] = 8192
    piece: Annotated[int, msgspec.Meta(ge=1)] = 4


async def open_engine(options: Mapping[str, object], /, *, find_model: Callable[[str], Path]) -> "ScriptedEngine":
    """Raises `SettingsError`."""
    _ = find_model  # it has no model
    chosen = read_options(options, Options, kind="scripted")
    return ScriptedEngine(context=chosen.context, piece=chosen.piece)


class ScriptedEngine:
    """Implements `ChatEngine`."""

    def __init__(self, *, context: int = 8192, piece: int = 4) -> None:
        self._context = context
        self._piece = piece
        self._closed = asyncio.Event()
        self._seen: set[str] = set()
        self.running = 0
        """replies under way"""
        self.waiting = 0

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        """Of the protocol."""
        if self._closed.is_set():
            raise EngineError("the chat engine is closed")
        prompt = _prompt(request)
        room = self._context - len(prompt)
        if room < 1:
            raise PromptTooLong(prompt_tokens=len(prompt), context_tokens=self._context)
        cached = self._cached(prompt)
        text = _answer(request)
        shown = text[: min(request.max_tokens, room)].rstrip()
        self.running += 1
        try:
            async for piece in self._pieces(request, shown):
                yield ChatText(text=piece)
        finally:
            self.running -= 1
        if len(text) <= min(request.max_tokens, room):
            finish = Finish.STOP
        else:
            finish = Finish.LENGTH if request.max_tokens <= room else Finish.CONTEXT
        yield ChatEnd(
            finish=finish,
            usage=ChatUsage(
                prompt_tokens=len(prompt), reply_tokens=min(len(text), request.max_tokens, room), cached_tokens=cached
            ),
        )

    async def close(self) -> None:
        """Of the protocol."""
        self._closed.set()

    async def _pieces(self, request: ChatRequest, text: str) -> AsyncGenerator[str]:
        last = request.turns[-1].text if request.turns else ""
        if "scripted:wait" in last:
            await self._hold()
        for start in range(0, len(text), self._piece):
            yield text[start : start + self._piece]
            if "scripted:fail" in last:
                raise EngineError("the scripted engine was told to fail")
            if "scripted:hold" in last:
                await self._hold()
            await asyncio.sleep(0)  # as a real engine, it lets others run between two pieces

    async def _hold(self) -> None:
        await self._closed.wait()
        raise EngineError("the chat engine was closed")

    def _cached(self, prompt: str) -> int:
        """How much of the prompt an earlier one began with."""
        known = max((_common(prompt, earlier) for earlier in self._seen), default=0)
        self._seen.add(prompt)
        return min(known, len(prompt) - 1)


def _prompt(request: ChatRequest) -> str:
    bots = [f"{bot.name}: {bot.description}" for bot in request.bots]
    turns = [f"{turn.speaker}: {turn.text}" for turn in (*request.samples, *request.turns)]
    return "\n".join((*bots, *turns))


def _answer(request: ChatRequest) -> str:
    if not request.turns:
        return f"{request.reply_as} hears nothing"
    last = request.turns[-1]
    count = "1 turn" if len(request.turns) == 1 else f"{len(request.turns)} turns"
    return f"{request.reply_as} hears {count}, the last from {last.speaker}: {last.text}".strip()


def _common(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
