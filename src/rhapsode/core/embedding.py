"""Texts as vectors: what is asked for, and what comes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Purpose(Enum):
    """What a vector is for: models that know the difference are told."""

    STORE = "store"
    """a text that shall be found"""
    QUERY = "query"
    """a text that shall find"""


@dataclass(frozen=True, kw_only=True)
class EmbedRequest:
    """Vectors, asked for. There is at least one text, and none is empty. `purpose` is None where nobody said.

    `field` is how the caller named a text, for errors; a `{}` in it stands for the text's index.
    """

    model: str
    texts: tuple[str, ...]
    purpose: Purpose | None = None
    field: str = "texts[{}]"


@dataclass(frozen=True, kw_only=True)
class Embeddings:
    """`vectors` in the order of the texts, all of one length; `tokens` of all texts together."""

    vectors: Sequence[Sequence[float]]
    tokens: int


class EmbedEngine(Protocol):
    """What can turn texts into vectors."""

    async def embed(self, request: EmbedRequest, /) -> Embeddings:
        """Raises `PromptTooLong` for a text that the model cannot hold, `Overloaded`, `EngineError`."""
        ...

    async def close(self) -> None:
        """End what runs and free what is held. Nothing may be asked for afterwards."""
        ...
