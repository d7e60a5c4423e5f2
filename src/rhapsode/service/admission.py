"""Who may begin: counts the work in flight, and refuses new work once the server drains."""

from collections.abc import Generator
from contextlib import contextmanager

import anyio

from rhapsode.core.errors import Draining


class Admission:
    """The door that every call passes. For one event loop."""

    def __init__(self) -> None:
        self._calls: set[anyio.CancelScope] = set()
        self._draining = False

    @property
    def in_flight(self) -> int:
        """Calls that have begun and not ended."""
        return len(self._calls)

    @property
    def draining(self) -> bool:
        """True once no new work is taken."""
        return self._draining

    @contextmanager
    def enter(self) -> Generator[None]:
        """Holds one call's place. Raises `Draining` when the door is shut, or when the work inside was abandoned."""
        if self._draining:
            raise Draining("the server is stopping; try another one, or again in a minute")
        with anyio.CancelScope() as scope:
            self._calls.add(scope)
            try:
                yield
            finally:
                self._calls.discard(scope)
        if scope.cancelled_caught:
            raise Draining("the server stopped before the reply was complete")

    def drain(self) -> None:
        """Shut the door; what is inside goes on."""
        self._draining = True

    def abandon(self) -> None:
        """Break off what is still inside, so that each caller can be told."""
        for scope in self._calls:
            scope.cancel()
