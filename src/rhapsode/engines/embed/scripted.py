"""An embedding engine without a model, for tests: a vector counts a text's letters. A token is a character.

The vector of a text has 27 places: how often each of the letters a to z is there, whatever its case, and, in the last,
every other character; its length is made 1. A text that shall find has the same vector as one that shall be found.
`scripted:fail` in a text fails, and `scripted:wait` waits until the caller leaves or the engine is closed.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from string import ascii_lowercase
from typing import Annotated

import msgspec

from rhapsode.core.embedding import Embeddings, EmbedRequest
from rhapsode.core.errors import EngineError, Overloaded, PromptTooLong
from rhapsode.engines.options import read_options


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`context`: tokens, that is characters, of one text. `queue`: calls that may wait while one is at work."""

    context: Annotated[int, msgspec.Meta(ge=1)] = 4096
    queue: Annotated[int, msgspec.Meta(ge=0)] = 256


async def open_engine(options: Mapping[str, object], /, *, find_model: Callable[[str], Path]) -> "ScriptedEmbedEngine":
    """Raises `SettingsError`."""
    _ = find_model  # it has no model
    chosen = read_options(options, Options, kind="scripted")
    return ScriptedEmbedEngine(context=chosen.context, queue=chosen.queue)


class ScriptedEmbedEngine:
    """Implements `EmbedEngine`."""

    def __init__(self, *, context: int = 4096, queue: int = 256) -> None:
        self._context = context
        self._queue = queue
        self._closed = asyncio.Event()
        self.calls = 0
        """under way"""

    async def embed(self, request: EmbedRequest, /) -> Embeddings:
        """Of the protocol."""
        if self.calls > self._queue:
            raise Overloaded(f"{self._queue} calls are waiting for the embedding model already; try again later")
        self.calls += 1
        try:
            return await self._embed(request)
        finally:
            self.calls -= 1

    async def close(self) -> None:
        """Of the protocol."""
        self._closed.set()

    async def _embed(self, request: EmbedRequest) -> Embeddings:
        for index, text in enumerate(request.texts):
            if "scripted:wait" in text:
                await self._closed.wait()
            if self._closed.is_set():
                raise EngineError("the embedding engine is closed")
            if "scripted:fail" in text:
                raise EngineError("the scripted engine was told to fail")
            if len(text) > self._context:
                field = request.field.format(index)
                raise PromptTooLong(prompt_tokens=len(text), context_tokens=self._context, field=field)
        return Embeddings(vectors=[_vector(text) for text in request.texts], tokens=sum(map(len, request.texts)))


def _vector(text: str) -> list[float]:
    lower = text.lower()
    counts = [lower.count(letter) for letter in ascii_lowercase]
    counts.append(len(lower) - sum(counts))
    length = math.hypot(*counts)
    return [count / length for count in counts]
