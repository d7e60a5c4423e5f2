"""The door that counts what callers take."""

from collections.abc import Sequence
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
        self, caller: Caller, /, *, model: str, unit: Unit, amount: int, counted_for: Sequence[str] | None = None
    ) -> Permit:
        """Let a call in that is known to take at least `amount`, or say why not.

        `counted_for` are the models for which it counts as a request and takes a place: `model` alone, unless told. A
        call that two models work for is let in for the one that counts it for neither, with an `amount` of 0, and then
        for the one that counts it for both: so it is counted in all or in none, and once where one rule is for both.

        Raises `RequestsLimited`, `UnitsLimited`, `ParallelLimited`, `OutOfMoney`. A call that is refused counts
        for nothing.
        """
        ...
