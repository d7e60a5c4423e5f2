"""The door that counts what callers take."""

from enum import Enum
from typing import Protocol

from rhapsode.core.caller import Caller


class Unit(Enum):
    """What the work of a call is counted in."""

    TOKENS = "tokens"
    """of the prompt and of the reply"""
    CHARACTERS = "characters"
    """to be spoken, as they are billed"""


class Permit(Protocol):
    """One call's way through the door."""

    async def settle(self, amount: int, /) -> None:
        """The call is over and took so much: its place is free. Called exactly once; never fails."""
        ...


class Limiter(Protocol):
    """The door. It never takes a fault of its own for one of the caller's."""

    async def admit(
        self, caller: Caller, /, *, model: str, unit: Unit, amount: int, beside: str | None = None
    ) -> Permit:
        """Let a call in that is known to take at least `amount`, or say why not.

        `beside` is another model that the same call is let in for: what counts it for that one, as a request or as a
        place, does not count it for this one too.

        Raises `RequestsLimited`, `UnitsLimited`, `ParallelLimited`, `OutOfMoney`. A call that is refused counts
        for nothing.
        """
        ...
