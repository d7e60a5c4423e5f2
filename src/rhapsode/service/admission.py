"""Who may begin: counts the work in flight, and refuses new work once the server drains."""

import asyncio
from types import TracebackType
from typing import Self

from rhapsode.core.errors import Draining


class Place:
    """One call's place inside, which it holds for as long as it stands in `async with`."""

    def __init__(self, inside: "set[Place]") -> None:
        self._inside = inside
        # Never reached, until it is set to now: the standard library's one way to end what runs in the same task, and
        # a fifth of what a scope of anyio costs.
        self._limit = asyncio.timeout(None)
        self._why: Exception | None = None

    def end(self, why: Exception) -> None:
        """Break off the work that goes on here: `why` is what comes of it."""
        if self in self._inside and self._why is None:
            self._why = why
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Self:
        await self._limit.__aenter__()
        self._inside.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside.discard(self)
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError as over:
            if self._why is None:
                raise
            raise self._why from over


class Admission:
    """The door that every call passes. For one event loop."""

    def __init__(self) -> None:
        self._inside: set[Place] = set()
        self._draining = False

    @property
    def in_flight(self) -> int:
        """Calls that have begun and not ended."""
        return len(self._inside)

    @property
    def draining(self) -> bool:
        """True once no new work is taken."""
        return self._draining

    def enter(self) -> Place:
        """A place for one call. Raises `Draining` when the door is shut, and inside when the work is abandoned."""
        if self._draining:
            raise Draining("the server is stopping; try another one, or again in a minute")
        return Place(self._inside)

    def drain(self) -> None:
        """Shut the door; what is inside goes on."""
        self._draining = True

    def abandon(self) -> None:
        """Break off what is still inside, so that each caller can be told."""
        for place in self._inside:
            place.end(Draining("the server stopped before the reply was complete"))
