"""Who may begin: counts the work in flight, and refuses new work once the server drains."""

from collections.abc import Generator
from contextlib import contextmanager

from rhapsode.core.errors import Draining


class Admission:
    """The door that every call passes. For one event loop."""

    def __init__(self) -> None:
        self._in_flight = 0
        self._draining = False

    @property
    def in_flight(self) -> int:
        """Calls that have begun and not ended."""
        return self._in_flight

    @property
    def draining(self) -> bool:
        """True once no new work is taken."""
        return self._draining

    @contextmanager
    def enter(self) -> Generator[None]:
        """Holds one call's place. Raises `Draining` when the door is shut."""
        if self._draining:
            raise Draining("the server is stopping; try another one, or again in a minute")
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    def drain(self) -> None:
        """Shut the door; what is inside goes on."""
        self._draining = True
