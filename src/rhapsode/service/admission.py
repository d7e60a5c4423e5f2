"""Who may begin: counts the work in flight, and refuses new work once the server drains."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from rhapsode.core.errors import Draining


class Admission:
    """The door that every call passes. For one event loop."""

    def __init__(self) -> None:
        # Each a time limit that is never reached, until it is set to now: the standard library's one way to end what
        # runs in the same task, and a fifth of what a scope of anyio costs.
        self._calls: set[asyncio.Timeout] = set()
        self._draining = False

    @property
    def in_flight(self) -> int:
        """Calls that have begun and not ended."""
        return len(self._calls)

    @property
    def draining(self) -> bool:
        """True once no new work is taken."""
        return self._draining

    @asynccontextmanager
    async def enter(self) -> AsyncGenerator[None]:
        """Holds one call's place. Raises `Draining` when the door is shut, or when the work inside was abandoned."""
        if self._draining:
            raise Draining("the server is stopping; try another one, or again in a minute")
        call = asyncio.timeout(None)
        try:
            async with call:
                self._calls.add(call)
                try:
                    yield
                finally:
                    self._calls.discard(call)
        except TimeoutError as over:
            if not call.expired():
                raise
            raise Draining("the server stopped before the reply was complete") from over

    def drain(self) -> None:
        """Shut the door; what is inside goes on."""
        self._draining = True

    def abandon(self) -> None:
        """Break off what is still inside, so that each caller can be told."""
        for call in self._calls:
            call.reschedule(asyncio.get_running_loop().time())
