"""The door: it counts together with other processes where there are any, and in this process otherwise.

While nobody counts for all, a process lets through only its part of what there is, beginning with what it has let in
before. A fault of Redis is never told as one of the caller's, and never opens the door.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from rhapsode.accounts.quota.ask import Ask, Asks
from rhapsode.accounts.quota.memory import MemoryHold, MemoryQuota
from rhapsode.core.caller import Caller
from rhapsode.core.limit import LimitRule, Scope
from rhapsode.core.limiter import Permit, Unit

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
"""Seconds for which a Redis that failed is not asked; each failure after the first doubles them."""

_NO_RULE: Final = LimitRule(scope=Scope.GROUP, scope_id="")

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.limits")


class Together(Protocol):
    """Where several processes count together: Redis, or the parent of them all."""

    async def take(self, ask: Ask) -> Permit:
        """Count a call. Raises `LimitError`, and `OSError`, soon, when nobody counts."""
        ...

    def adopt(self, ask: Ask) -> Permit:
        """A call that was let in while nobody counted: somebody may hear of it later."""
        ...

    async def ping(self) -> None:
        """Return when somebody counts. Raises `OSError`, soon."""
        ...

    async def close(self) -> None:
        """Return when all is told that is left to tell."""
        ...


class _Free:
    """Implements `Permit` where nothing is counted."""

    async def settle(self, amount: int, /) -> None:
        """Of the protocol."""


_FREE: Final = _Free()


class _Hold:
    """Implements `Permit` for a call that is counted here and together."""

    __slots__ = ("_here", "_together")

    def __init__(self, here: MemoryHold, together: Permit) -> None:
        self._here = here
        self._together = together

    async def settle(self, amount: int, /) -> None:
        """Of the protocol."""
        await self._here.settle(amount)
        await self._together.settle(amount)


class QuotaLimiter:
    """Implements `core.limiter.Limiter`. For one event loop."""

    def __init__(
        self,
        *,
        default: LimitRule | None = None,
        together: Together | None = None,
        processes: int = 2,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`default` is the rule of a group that has none of its own; its scope's id is not looked at.

        `processes` is how many there may be that count together: while they cannot, each lets in its part, and at most
        half. `clock` is in seconds, and never goes back.
        """
        self._asks = Asks(default or _NO_RULE)
        self._together = together
        self._memory = MemoryQuota(clock=clock)
        self._parts = max(2, processes)
        self._clock = clock
        self._not_before = 0.0
        self._pause = FIRST_PAUSE
        self.on_fallback = False
        """whether nobody counted for all when one was last asked"""

    async def admit(
        self, caller: Caller, /, *, model: str, unit: Unit, amount: int, counted_for: Sequence[str] | None = None
    ) -> Permit:
        """Of the protocol."""
        ask = self._asks.of(caller, model=model, unit=unit, amount=amount, counted_for=counted_for)
        if ask is None:
            return _FREE
        together = self._together
        if together is None:
            return self._memory.take(ask)
        if self._clock() >= self._not_before:
            is_trial = self.on_fallback
            try:
                if is_trial:  # one tries whether it is back; who comes meanwhile does not wait for that
                    self._not_before = self._clock() + self._pause
                    await together.ping()
                    self._well()
                permit = await together.take(ask)
            except OSError as fault:
                self._failed(fault, is_trial=is_trial)
            else:
                return _Hold(self._memory.count(ask), permit)
        return _Hold(self._memory.take(ask.divided(self._parts)), together.adopt(ask))

    async def close(self) -> None:
        """Return when Redis was told what is left to tell."""
        if self._together is not None:
            await self._together.close()

    def _failed(self, fault: OSError, *, is_trial: bool) -> None:
        if not self.on_fallback:
            cause = type(fault.__cause__ or fault).__name__
            _log.warning(
                "limits: nobody counts for all processes; each does for itself, and more strictly", cause=cause
            )
            self._pause = FIRST_PAUSE
        elif is_trial:  # the others asked before it was known
            self._pause = min(LONGEST_PAUSE, 2 * self._pause)
        else:
            return
        self.on_fallback = True
        self._not_before = self._clock() + self._pause

    def _well(self) -> None:
        _log.warning("limits: all processes count together again")
        self.on_fallback = False
        self._pause = FIRST_PAUSE
        self._not_before = 0.0
