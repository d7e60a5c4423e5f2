"""Embeddings by llama.cpp in this process, with any embedding model in GGUF."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from rhapsode.core.embedding import Embeddings, EmbedRequest, Purpose
from rhapsode.core.errors import EngineError, Overloaded, PromptTooLong
from rhapsode.engines.chat.gguf import ModelFacts, read_facts
from rhapsode.engines.chat.markers import Markers
from rhapsode.engines.chat.native import NativeEmbedder, Size, load_embedder
from rhapsode.engines.cores import usable_cores
from rhapsode.engines.embed.batches import batches
from rhapsode.engines.embed.vectors import TextTooLong, evaluate
from rhapsode.engines.options import read_options
from rhapsode.telemetry.readings import Name

MOST_CONTEXT: Final = 4096
"""tokens of a text where the settings do not say and the model could hold more: what the platform's own model holds"""

_CLOSED: Final = "the embedding engine is closed"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of the settings file.

    `model`: a name of the model catalogue, or a path to a GGUF.
    `context`: tokens of one text; 0 is what the model was trained on, 4096 at most.
    `slots`: texts evaluated at once; each holds memory for a whole context.
    `threads`: 0 is one for each physical core that the process may use.
    `queue`: how many calls may wait while one is at work.
    `pooling`: how the vectors of a text's tokens become one; empty for what the model's file says.
    `query_prefix`, `store_prefix`: what is put before a text that shall find, or be found, for models that were
    trained with it; a text whose caller did not say which it is gets neither.
    """

    model: Annotated[str, msgspec.Meta(min_length=1)]
    context: Annotated[int, msgspec.Meta(ge=0)] = 0
    slots: Annotated[int, msgspec.Meta(ge=1, le=256)] = 4
    threads: Annotated[int, msgspec.Meta(ge=0, le=512)] = 0
    queue: Annotated[int, msgspec.Meta(ge=0)] = 256
    pooling: Literal["", "mean", "cls", "last"] = ""
    query_prefix: str = ""
    store_prefix: str = ""


async def open_engine(options: Mapping[str, object], /, *, find_model: Callable[[str], Path]) -> "LlamaEmbedEngine":
    """Loads the model beside the event loop. Raises `SettingsError`, `EngineMissing`, `EngineError`."""
    chosen = read_options(options, Options, kind="llama")
    return await asyncio.to_thread(_open, chosen, find_model(chosen.model))


def _open(options: Options, path: Path) -> "LlamaEmbedEngine":
    facts = read_facts(path)
    most = facts.context or MOST_CONTEXT
    context = min(options.context or MOST_CONTEXT, most)
    size = Size(slots=options.slots, context=context, batch=context, threads=options.threads or usable_cores())
    embedder = load_embedder(path, size, pooling=options.pooling)
    try:
        evaluate(embedder, (".",))
    except EngineError as fault:
        del embedder  # freed here, which blocks, and not where the error's traceback goes
        raise EngineError(
            f"{path} makes no vectors: choose an embedding model, or say with the option pooling how the vectors of"
            " a text's tokens become one"
        ) from fault.with_traceback(None)
    return LlamaEmbedEngine(embedder, facts, size, options)


class LlamaEmbedEngine:
    """Implements `EmbedEngine`."""

    def __init__(self, embedder: NativeEmbedder, facts: ModelFacts, size: Size, options: Options) -> None:
        self._embedder: NativeEmbedder | None = embedder
        self._markers = Markers(facts.markers)
        self._longest_token = facts.longest_token
        self._size = size
        self._queue = options.queue
        self._prefixes = {Purpose.QUERY: options.query_prefix, Purpose.STORE: options.store_prefix, None: ""}
        # One batch at a time has all cores; the thread's own line lets the batches of several calls take turns.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embed")
        self.calls = 0
        """under way, the one at work included"""

    async def embed(self, request: EmbedRequest, /) -> Embeddings:
        """Of the protocol. A call that is cancelled ends with the batch that it is at."""
        if self.calls > self._queue:
            raise Overloaded(f"{self._queue} calls are waiting for the embedding model already; try again later")
        self.calls += 1
        try:
            return await self._embed(request)
        finally:
            self.calls -= 1

    def readings(self) -> Mapping[Name, float]:
        """For whoever watches."""
        return {"waiting": max(0, self.calls - 1), "running": min(1, self.calls), "places": 1}

    async def close(self) -> None:
        """Of the protocol: who waits gets an `EngineError`."""
        last, self._embedder = [self._embedder], None
        await asyncio.to_thread(self._thread.shutdown)
        await asyncio.to_thread(last.clear)  # frees the model, which blocks

    async def _embed(self, request: EmbedRequest) -> Embeddings:
        loop = asyncio.get_running_loop()
        prefix = self._prefixes[request.purpose]
        texts = [f"{prefix}{self._markers.break_up(text)}" for text in request.texts]
        self._refuse_giants(request, texts)
        vectors: list[list[float]] = []
        tokens = 0
        for batch in batches(texts, context=self._size.context, slots=self._size.slots):
            if self._embedder is None:
                raise EngineError(_CLOSED)
            try:
                part, count = await loop.run_in_executor(self._thread, self._evaluate, texts[batch.start : batch.stop])
            except TextTooLong as error:
                raise self._too_long(request, batch.start, error.tokens) from error
            vectors += part
            tokens += count
        return Embeddings(vectors=vectors, tokens=tokens)

    def _evaluate(self, texts: list[str]) -> tuple[list[list[float]], int]:
        """On the thread."""
        if self._embedder is None:  # closed while this waited
            raise EngineError(_CLOSED)
        return evaluate(self._embedder, tuple(texts))

    def _refuse_giants(self, request: EmbedRequest, texts: list[str]) -> None:
        """What cannot fit, whatever its tokens: llama.cpp would count them, for seconds."""
        for index, text in enumerate(texts):
            least = len(text.encode()) // self._longest_token
            if least > self._size.context:
                raise self._too_long(request, index, least, at_least=True)

    def _too_long(self, request: EmbedRequest, index: int, tokens: int, *, at_least: bool = False) -> PromptTooLong:
        return PromptTooLong(
            prompt_tokens=tokens,
            context_tokens=self._size.context,
            at_least=at_least,
            field=request.field.format(index),
        )
