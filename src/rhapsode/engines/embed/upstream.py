"""Vectors by another server, whatever its dialect."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from yarl import URL

from rhapsode.core.embedding import Embeddings, EmbedRequest
from rhapsode.core.errors import PromptTooLong
from rhapsode.engines.upstream.calls import Calls
from rhapsode.telemetry.readings import Name

_INDEX: Final = re.compile(r"\[(\d+)\]")


class EmbedUpstream:
    """Implements `EmbedEngine`."""

    def __init__(
        self,
        calls: Calls,
        url: URL,
        *,
        model: str,
        write: Callable[[EmbedRequest], bytes],
        read: Callable[[bytes, int], Embeddings],
    ) -> None:
        """`read` reads the answer to so many texts, and raises what it tells of."""
        self._calls = calls
        self._url = url
        self._model = model
        self._write = write
        self._read = read

    async def embed(self, request: EmbedRequest, /) -> Embeddings:
        """Of the protocol. Few servers say which text is too long; then the error names all of them."""
        body = self._write(replace(request, model=self._model or request.model))
        try:
            return await self._calls.ask(self._url, body, lambda answer: self._read(answer, len(request.texts)))
        except PromptTooLong as error:
            index = _INDEX.search(error.field)
            field = request.field.format(index[1]) if index else request.field.partition("[")[0]
            raise PromptTooLong(
                prompt_tokens=error.prompt_tokens, context_tokens=error.context_tokens, field=field
            ) from None

    def readings(self) -> Mapping[Name, float]:
        """For whoever watches."""
        return self._calls.readings()

    async def close(self) -> None:
        """Of the protocol."""
        await self._calls.close()
