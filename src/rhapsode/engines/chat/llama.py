"""Chat by llama.cpp in this process, with any GGUF: replies in parallel slots, each with the model's whole context."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import msgspec

from rhapsode.core.chat import ChatEnd, ChatEvent, ChatRequest, ChatText
from rhapsode.core.errors import EngineError, PromptTooLong
from rhapsode.engines.chat.bridge import NativeCall
from rhapsode.engines.chat.chunks import Chunk, Fault, read_chunk
from rhapsode.engines.chat.completion import Completion, write_body
from rhapsode.engines.chat.gguf import ModelFacts, read_facts
from rhapsode.engines.chat.line import Line, Place
from rhapsode.engines.chat.markers import Markers
from rhapsode.engines.chat.native import NativeServer, Size, load
from rhapsode.engines.chat.render import render
from rhapsode.engines.chat.visible import visible_ranges
from rhapsode.engines.cores import usable_cores
from rhapsode.engines.options import read_options

LEAST_ROOM: Final = 8
"""Tokens of the context that a prompt must leave to its reply."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of the settings file.

    `model`: a name of the model catalogue, or a path to a GGUF.
    `slots`: how many replies at once; each holds memory for a whole context.
    `context`: tokens of a conversation, its reply included; 0, or more than that, is what the model was trained on.
    `threads`: 0 is one for each physical core that the process may use.
    `queue`: how many calls may wait for a slot.
    `batch`: prompt tokens evaluated at a time. Small keeps other replies flowing and lets a call stop soon, and costs
    a CPU little; with a GPU, 512 is right.
    `template`: a Jinja chat template instead of the model's own.
    """

    model: str = "default"
    slots: Annotated[int, msgspec.Meta(ge=1, le=256)] = 4
    context: Annotated[int, msgspec.Meta(ge=0)] = 0
    threads: Annotated[int, msgspec.Meta(ge=0, le=512)] = 0
    queue: Annotated[int, msgspec.Meta(ge=0)] = 256
    batch: Annotated[int, msgspec.Meta(ge=8, le=4096)] = 32
    template: str = ""


async def open_engine(options: Mapping[str, object], /, *, find_model: Callable[[str], Path]) -> "LlamaEngine":
    """Loads the model beside the event loop. Raises `SettingsError`, `EngineMissing`, `EngineError`."""
    chosen = read_options(options, Options, kind="llama")
    return await asyncio.to_thread(_open, chosen, find_model(chosen.model))


def _open(options: Options, path: Path) -> "LlamaEngine":
    facts = read_facts(path, template=options.template)
    size = Size(
        slots=options.slots,
        context=min(options.context or facts.context, facts.context) or _FALLBACK_CONTEXT,
        batch=options.batch,
        threads=options.threads or usable_cores(),
    )
    visible_ranges()  # here, where no event loop waits
    return LlamaEngine(load(path, size, template=options.template), facts, size, queue=options.queue)


_FALLBACK_CONTEXT: Final = 4096
"""of a file that does not say on how much its model was trained"""


class LlamaEngine:
    """Implements `ChatEngine`."""

    def __init__(self, server: NativeServer, facts: ModelFacts, size: Size, *, queue: int) -> None:
        self._server: NativeServer | None = server
        self._markers = Markers(facts.markers)
        self._longest_token = facts.longest_token
        self._context = size.context
        self._line = Line(places=size.slots, longest=queue)
        self._calls: set[NativeCall] = set()

    @property
    def waiting(self) -> int:
        """Calls that wait for a slot, or for their turn in prompt evaluation."""
        return self._line.waiting

    @property
    def running(self) -> int:
        """Calls inside llama.cpp."""
        return self._line.inside

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        """Of the protocol. A call that is closed is out of llama.cpp, and its slot free, when `aclose` returns."""
        prompt = render(request, markers=self._markers)
        self._refuse_giants(sum(len(message.content.encode()) for message in prompt.messages))
        completion = Completion(max_tokens=request.max_tokens)
        place = await self._line.enter()
        async with self._start(write_body(prompt, request), place) as call:
            async for data in call:
                chunk = read_chunk(data)
                if chunk.prompt_done:
                    place.evaluated()
                self._check(chunk)
                if piece := completion.feed(chunk):
                    yield ChatText(text=piece)
                if completion.end is not None:
                    break
        yield self._judged(completion)

    async def close(self) -> None:
        """Of the protocol: who waits or is being replied to gets an `EngineError`."""
        self._line.close()
        for call in self._calls:
            call.stop()
        await self._line.emptied()
        last, self._server = [self._server], None
        await asyncio.to_thread(last.clear)  # frees the model, which blocks

    def _start(self, body: bytes, place: Place) -> NativeCall:
        """The call that frees the place when it has ended."""

        def ended() -> None:
            self._calls.discard(call)
            place.leave()

        if self._server is None or self._line.closed:  # closed in the moment of entering
            place.leave()
            raise EngineError("the chat engine is closed")
        try:
            call = NativeCall(partial(self._server.handle_chat_completions, body), on_end=ended)
        except RuntimeError as no_thread:
            place.leave()
            raise EngineError("no thread can be started for the reply") from no_thread
        self._calls.add(call)
        return call

    def _refuse_giants(self, size: int) -> None:
        """A text of `size` bytes that cannot fit, whatever its tokens: llama.cpp would count them, for seconds."""
        if (least := size // self._longest_token) > self._context:
            raise PromptTooLong(prompt_tokens=least, context_tokens=self._context, at_least=True)

    def _check(self, chunk: Chunk) -> None:
        if chunk.error is not None:
            raise self._foreign(chunk.error)
        progress = chunk.prompt_progress
        if progress is not None and progress.total + LEAST_ROOM > self._context:
            raise PromptTooLong(prompt_tokens=progress.total, context_tokens=self._context)

    def _foreign(self, fault: Fault) -> PromptTooLong | EngineError:
        if fault.type == "exceed_context_size_error":
            return PromptTooLong(prompt_tokens=fault.n_prompt_tokens, context_tokens=fault.n_ctx)
        # Its message is left out: it may quote the prompt.
        return EngineError(f"llama.cpp refused the request: {fault.type} {fault.code}")

    def _judged(self, completion: Completion) -> ChatEnd:
        if completion.end is None:
            raise EngineError("llama.cpp broke off the reply; the engine was closed, or it failed")
        if not completion.begun:
            raise EngineError("the model's reply is blank")
        return completion.end
