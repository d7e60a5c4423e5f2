"""A chat engine without a model, for tests: what it replies says what arrived. A token is a character.

The reply is `NAME hears N turns, the last from SPEAKER: TEXT`. Words that begin with `scripted:` anywhere in the last
text change it: `scripted:hold` sends the first piece and then nothing until the listener leaves or the engine is
closed, `scripted:fail` fails after the first piece, `scripted:wait` waits before the first piece, `scripted:think`
thinks first, and `scripted:call NAME` calls that function, if it is on offer. Where a form is demanded - a function
call, a constraint - it writes the shortest text of that form.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Annotated

import msgspec

from rhapsode.core.chat import ChatEnd, ChatEvent, ChatRequest, ChatThought, ChatUsage, Finish
from rhapsode.core.constraint import JsonDocument
from rhapsode.core.errors import EngineError, InvalidField, NotSupported, PromptTooLong
from rhapsode.engines.chat.call_grammar import call_grammar
from rhapsode.engines.chat.call_reader import CallReader
from rhapsode.engines.chat.constrain.composition import read_composition
from rhapsode.engines.chat.constrain.continuation import Step, Written
from rhapsode.engines.chat.constrain.json_schema import SCHEMA_FIELD, json_rules
from rhapsode.engines.chat.label import Labels
from rhapsode.engines.chat.reader import TextReader
from rhapsode.engines.chat.shortest import shortest
from rhapsode.engines.options import read_options

_CALL = re.compile(r"scripted:call ([\w-]+)")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`context`: tokens, that is characters, of a conversation with its reply. `piece`: tokens in each piece.

    `pause`: seconds between two pieces.
    """

    context: Annotated[int, msgspec.Meta(ge=1)] = 8192
    piece: Annotated[int, msgspec.Meta(ge=1)] = 4
    pause: Annotated[float, msgspec.Meta(ge=0)] = 0.0


async def open_engine(options: Mapping[str, object], /, *, find_model: Callable[[str], Path]) -> "ScriptedEngine":
    """Raises `SettingsError`."""
    _ = find_model  # it has no model
    chosen = read_options(options, Options, kind="scripted")
    return ScriptedEngine(context=chosen.context, piece=chosen.piece, pause=chosen.pause)


class ScriptedEngine:
    """Implements `ChatEngine`."""

    def __init__(self, *, context: int = 8192, piece: int = 4, pause: float = 0.0) -> None:
        self._context = context
        self._piece = piece
        self._pause = pause
        self._closed = asyncio.Event()
        self._seen: set[str] = set()
        self.running = 0
        """replies under way"""
        self.waiting = 0

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        """Of the protocol."""
        if self._closed.is_set():
            raise EngineError("the chat engine is closed")
        if request.functions and request.constraint is not None:
            raise NotSupported("functions", "cannot be combined with a reply of a given form")
        prompt = _prompt(request)
        room = self._context - len(prompt)
        if room < 1:
            raise PromptTooLong(prompt_tokens=len(prompt), context_tokens=self._context)
        usage = ChatUsage(prompt_tokens=len(prompt), reply_tokens=0, cached_tokens=self._cached(prompt))
        composition = await read_composition(request.constraint, max_tokens=request.max_tokens)
        if composition is not None:
            events = composition.write(partial(_write_step, usage), max_tokens=min(request.max_tokens, room))
        else:
            events = self._say(request, usage, room)
        self.running += 1
        try:
            async with aclosing(events):
                async for event in events:
                    yield event
        finally:
            self.running -= 1

    async def close(self) -> None:
        """Of the protocol."""
        self._closed.set()

    async def _say(self, request: ChatRequest, usage: ChatUsage, room: int) -> AsyncGenerator[ChatEvent]:
        text, most = _answer(request), min(request.max_tokens, room)
        if "scripted:think" in _last(request):
            yield ChatThought(text=f"What does {request.reply_as} hear?")
        reader = CallReader(Labels(())) if _must_call(request) else TextReader(Labels(()))
        begun = not text
        async with aclosing(self._pieces(request, text[:most])) as pieces:
            async for piece in pieces:
                for event in reader.feed(piece):
                    begun = True
                    yield event
        if not begun:
            raise InvalidField(request.tokens_field, "is too small for a function call")
        finish = Finish.STOP
        if len(text) > most:
            finish = Finish.LENGTH if request.max_tokens <= room else Finish.CONTEXT
        yield ChatEnd(finish=finish, usage=replace(usage, reply_tokens=min(len(text), most)))

    async def _pieces(self, request: ChatRequest, text: str) -> AsyncGenerator[str]:
        last = _last(request)
        if "scripted:wait" in last:
            await self._hold()
        for start in range(0, len(text), self._piece):
            yield text[start : start + self._piece]
            if "scripted:fail" in last:
                raise EngineError("the scripted engine was told to fail")
            if "scripted:hold" in last:
                await self._hold()
            await asyncio.sleep(self._pause)  # as a real engine, it lets others run between two pieces

    async def _hold(self) -> None:
        await self._closed.wait()
        raise EngineError("the chat engine was closed")

    def _cached(self, prompt: str) -> int:
        """How much of the prompt an earlier one began with."""
        known = max((_common(prompt, earlier) for earlier in self._seen), default=0)
        self._seen.add(prompt)
        return min(known, len(prompt) - 1)


async def _write_step(usage: ChatUsage, begun: str, step: Step, /) -> AsyncGenerator[Written]:
    """One part of a reply that is written part by part: a `Continuation`."""
    text = shortest(step.grammar)
    shown = text[: step.max_tokens]
    yield Written(
        text=shown,
        tokens=len(shown),
        prompt_tokens=usage.prompt_tokens + len(begun),
        cached_tokens=usage.cached_tokens,
        finish=Finish.STOP if shown == text else Finish.LENGTH,
    )


def _prompt(request: ChatRequest) -> str:
    """All that a model would read, the stable part first."""
    bots = [f"{bot.name}: {bot.description}" for bot in request.bots]
    functions = [f"{function.name}: {function.description}" for function in request.functions]
    turns = [f"{turn.speaker}: {turn.text}" for turn in (*request.samples, *request.turns)]
    found = [f"{finding.title}: {finding.text}" for finding in request.findings]
    return "\n".join((*bots, *functions, *turns[:-1], *found, *turns[-1:]))


def _last(request: ChatRequest) -> str:
    return request.turns[-1].text if request.turns else ""


def _must_call(request: ChatRequest) -> tuple[str, ...]:
    """The functions of which one is called."""
    found = _CALL.search(_last(request))
    named = found[1] if found else ""
    return request.must_call or ((named,) if named in {function.name for function in request.functions} else ())


def _answer(request: ChatRequest) -> str:
    """The whole reply, but for its limit."""
    if isinstance(request.constraint, JsonDocument):
        return shortest(json_rules(request.constraint.schema, name="root", field=SCHEMA_FIELD))
    if must_call := _must_call(request):
        return shortest(call_grammar(request.functions, must_call, ()))
    text = _hears(request)
    return text[: min((place for stop in request.stops if (place := text.find(stop)) >= 0), default=len(text))]


def _hears(request: ChatRequest) -> str:
    if not request.turns:
        return f"{request.reply_as} hears nothing".lstrip()
    last = request.turns[-1]
    count = "1 turn" if len(request.turns) == 1 else f"{len(request.turns)} turns"
    return f"{request.reply_as} hears {count}, the last from {last.speaker}: {last.text}".strip()


def _common(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
