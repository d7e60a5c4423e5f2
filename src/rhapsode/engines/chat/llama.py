"""Chat by llama.cpp in this process, with any GGUF: replies in parallel slots, each with the model's whole context."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import msgspec

from rhapsode.core.chat import ChatEnd, ChatEvent, ChatRequest, Finish
from rhapsode.core.errors import EngineError, InvalidField, NotSupported, PromptTooLong
from rhapsode.engines.chat.bridge import NativeCall
from rhapsode.engines.chat.call_reader import CallReader
from rhapsode.engines.chat.chunks import Chunk, Fault, read_chunk
from rhapsode.engines.chat.completion import Completion, write_body
from rhapsode.engines.chat.constrain.composition import Composition, read_composition
from rhapsode.engines.chat.constrain.continuation import Step, Written
from rhapsode.engines.chat.gguf import ModelFacts, read_facts
from rhapsode.engines.chat.label import Labels
from rhapsode.engines.chat.line import Line, Place
from rhapsode.engines.chat.markers import Markers
from rhapsode.engines.chat.native import NativeServer, Size, load
from rhapsode.engines.chat.reader import TextReader
from rhapsode.engines.chat.render import Prompt, render
from rhapsode.engines.chat.steps import StepReader, write_messages, write_step
from rhapsode.engines.chat.tools import CALL_TAG, TAGS
from rhapsode.engines.chat.visible import visible_ranges
from rhapsode.engines.cores import usable_cores
from rhapsode.engines.options import read_options
from rhapsode.telemetry.readings import Name

LEAST_ROOM: Final = 8
"""Tokens of the context that a prompt must leave to its reply."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of the settings file.

    `model`: a name of the model catalogue, or a path to a GGUF.
    `slots`: how many replies at once; each holds memory for a whole context.
    `context`: tokens of a conversation, its reply included, at most what the model was trained on; 0 is that too, but
    8,192 at most, since memory is taken for it.
    `threads`: 0 is one for each physical core that the process may use.
    `queue`: how many calls may wait for a slot.
    `batch`: prompt tokens evaluated at a time. Small keeps other replies flowing and lets a call stop soon, and costs
    a CPU little; with a GPU, 512 is right.
    `seed`: what chance begins with where a call names no seed; the same calls, one after the other, are then replied to
    in the same words. Without it no two replies are alike.
    `template`: a Jinja chat template instead of the model's own.
    """

    model: str = "default"
    slots: Annotated[int, msgspec.Meta(ge=1, le=256)] = 4
    context: Annotated[int, msgspec.Meta(ge=0)] = 0
    threads: Annotated[int, msgspec.Meta(ge=0, le=512)] = 0
    queue: Annotated[int, msgspec.Meta(ge=0)] = 256
    batch: Annotated[int, msgspec.Meta(ge=8, le=4096)] = 32
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32 - 1)] | None = None
    template: str = ""


async def open_engine(options: Mapping[str, object], /, *, find_model: Callable[[str], Path]) -> "LlamaEngine":
    """Loads the model beside the event loop. Raises `SettingsError`, `EngineMissing`, `EngineError`."""
    chosen = read_options(options, Options, kind="llama")
    return await asyncio.to_thread(_open, chosen, find_model(chosen.model))


def _open(options: Options, path: Path) -> "LlamaEngine":
    facts = read_facts(path, template=options.template)
    size = Size(
        slots=options.slots,
        context=min(options.context or _USUAL_CONTEXT, facts.context or _FALLBACK_CONTEXT),
        batch=options.batch,
        threads=options.threads or usable_cores(),
    )
    visible_ranges()  # here, where no event loop waits
    return LlamaEngine(load(path, size, template=options.template), facts, size, options)


_USUAL_CONTEXT: Final = 8192
"""where nothing is set: four such slots of a model of 4 billion parameters take 5 GB, and all of its context 24"""

_FALLBACK_CONTEXT: Final = 4096
"""of a file that does not say on how much its model was trained"""


_CLOSED: Final = "the chat engine is closed"
_BROKEN_OFF: Final = "llama.cpp broke off the reply; the engine was closed, or it failed"

_Handle = Callable[[NativeServer, bytes, Callable[[bytes], bool]], None]
"""A native call that takes a body and a listener."""


class LlamaEngine:
    """Implements `ChatEngine`."""

    def __init__(self, server: NativeServer, facts: ModelFacts, size: Size, options: Options) -> None:
        self._server: NativeServer | None = server
        self._markers = Markers(facts.markers | TAGS)
        self._knows_tools = CALL_TAG in facts.template
        self._longest_token = facts.longest_token
        self._context = size.context
        self._line = Line(places=size.slots, longest=options.queue)
        self._seed = options.seed
        self._calls: set[NativeCall] = set()

    @property
    def waiting(self) -> int:
        """Calls that wait for a slot, or for their turn in prompt evaluation."""
        return self._line.waiting

    @property
    def running(self) -> int:
        """Calls inside llama.cpp."""
        return self._line.inside

    def readings(self) -> Mapping[Name, float]:
        """For whoever watches."""
        return {"waiting": self.waiting, "running": self.running, "places": self._line.places}

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        """Of the protocol. A call that is closed is out of llama.cpp, and its slot free, when `aclose` returns."""
        if request.functions and request.constraint is not None:
            raise NotSupported("functions", "cannot be combined with a reply of a given form")
        # Beside the event loop: texts and schemas may be large.
        prompt = await asyncio.to_thread(render, request, markers=self._markers, knows_tools=self._knows_tools)
        composition = await read_composition(request.constraint, max_tokens=request.max_tokens)
        given = composition.given if composition else 0
        self._refuse_giants(given + sum(len(message.content.encode()) for message in prompt.messages))
        if composition is not None:
            if request.stops:
                raise NotSupported("stop", "cannot be combined with a reply that is written part by part")
            async with aclosing(self._compose(prompt, request, composition)) as events:
                async for event in events:
                    yield event
            return
        labels = await asyncio.to_thread(Labels, () if request.constraint else prompt.names)
        reader = CallReader(labels, request.stops) if request.functions else TextReader(labels)
        completion = Completion(reader, max_tokens=request.max_tokens)
        # In a script the reply stands behind its speaker's name, which a model needs to be reminded of last.
        label = "" if request.constraint else prompt.label
        rendered = await self._rendered(prompt) + label if label else ""
        body = await asyncio.to_thread(write_body, prompt, request, rendered=rendered, usual_seed=self._seed)
        handle = NativeServer.handle_completions if rendered else NativeServer.handle_chat_completions
        begun = False
        place = await self._line.enter()
        async with self._start(handle, body, on_end=place.leave) as call:
            async for data in call:
                chunk = read_chunk(data)
                if chunk.prompt_done:
                    place.evaluated()
                self._check(chunk)
                for event in completion.feed(chunk):
                    begun = True
                    yield event
                if completion.end is not None:
                    break
        yield _judged(completion, request, begun=begun)

    async def _compose(
        self, prompt: Prompt, request: ChatRequest, composition: Composition
    ) -> AsyncGenerator[ChatEvent]:
        """A reply that is written part by part.

        It keeps its place from the first part to the last: what the model knows of it stays where it is, and the reply
        takes its turn once, as any other. Between its parts, its prompts wait as all prompts do.
        """
        labels = await asyncio.to_thread(Labels, prompt.names)
        place = await self._line.enter()
        try:
            rendered = await self._rendered(prompt)
            continuation = partial(self._step, rendered, prompt, labels, request, place, itertools.count())
            async with aclosing(composition.write(continuation, max_tokens=request.max_tokens)) as events:
                async for event in events:
                    yield event
        finally:
            place.leave()

    async def _step(
        self,
        rendered: str,
        prompt: Prompt,
        labels: Labels,
        request: ChatRequest,
        place: Place,
        steps: Iterator[int],
        begun: str,
        step: Step,
        /,
    ) -> AsyncGenerator[Written]:
        """One part: a `Continuation`."""
        reader = StepReader(step, labels)
        text = rendered + self._markers.break_up(begun)
        body = await asyncio.to_thread(
            write_step,
            text,
            step,
            request.sampling,
            names=prompt.names,
            anew=next(steps) == 0,
            usual_seed=self._seed,
        )
        await place.evaluate()
        async with self._start(NativeServer.handle_completions, body, on_end=place.evaluated) as call:
            async for data in call:
                chunk = read_chunk(data)
                if chunk.prompt_done:
                    place.evaluated()
                self._check(chunk)
                written = reader.feed(chunk)
                yield written
                if written.finish is not None:
                    return
        raise EngineError(_BROKEN_OFF)

    async def _rendered(self, prompt: Prompt) -> str:
        if self._server is None:
            raise EngineError(_CLOSED)
        return await asyncio.to_thread(self._server.render, write_messages(prompt))

    async def close(self) -> None:
        """Of the protocol: who waits or is being replied to gets an `EngineError`."""
        self._line.close()
        for call in self._calls:
            call.stop()
        await self._line.emptied()
        last, self._server = [self._server], None
        await asyncio.to_thread(last.clear)  # frees the model, which blocks

    def _start(self, handle: _Handle, body: bytes, *, on_end: Callable[[], None]) -> NativeCall:
        """A call. `on_end` is called when it has ended, or did not start."""

        def ended() -> None:
            self._calls.discard(call)
            on_end()

        if self._server is None or self._line.closed:  # closed in the moment of entering
            on_end()
            raise EngineError(_CLOSED)
        try:
            call = NativeCall(partial(handle, self._server, body), on_end=ended)
        except RuntimeError as no_thread:
            on_end()
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


def _judged(completion: Completion, request: ChatRequest, *, begun: bool) -> ChatEnd:
    if completion.end is None:
        raise EngineError(_BROKEN_OFF)
    if begun or (request.stops and completion.end.finish is Finish.STOP):
        return completion.end
    if request.functions:  # cut before it was clear which
        raise InvalidField(request.tokens_field, "is too small for a function call")
    if request.stops:
        return completion.end
    raise EngineError("the model's reply is blank")
