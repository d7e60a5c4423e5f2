"""A door without a doorkeeper: where nobody has limits."""

from collections.abc import Sequence

from rhapsode.core.caller import Caller
from rhapsode.core.limiter import Permit, Unit


class OpenDoor:
    """Implements `Limiter`: everybody comes in."""

    async def admit(
        self, caller: Caller, /, *, model: str, unit: Unit, amount: int, counted_for: Sequence[str] | None = None
    ) -> Permit:
        """Of the protocol."""
        del caller, model, unit, amount, counted_for
        return _WAY_IN


class _WayIn:
    """Implements `Permit`."""

    async def settle(self, amount: int, /) -> None:
        """Of the protocol."""


_WAY_IN = _WayIn()
