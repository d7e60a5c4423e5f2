"""Searching the web for a conversation."""

from collections.abc import Sequence
from typing import Protocol

from rhapsode.core.chat import Finding


class SearchEngine(Protocol):
    """What can search the web."""

    async def find(self, query: str, /) -> Sequence[Finding]:
        """The best results first, perhaps none; their text is plain and bounded.

        Raises `EngineError` when there is no answer in time, and `EngineMissing` when what answers is not set up for
        this: asking again changes nothing.
        """
        ...

    async def close(self) -> None:
        """Free what is held. Nothing may be searched afterwards."""
        ...
