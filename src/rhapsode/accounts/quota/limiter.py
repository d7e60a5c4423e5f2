"""The door: it counts together with other processes where there are any, and in this process otherwise.

While nobody counts for all, a process lets through only its part of what there is, so that all of them together never
let through more. A fault of Redis is never told as one of the caller's, and never opens the door.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from rhapsode.accounts.quota.ask import Ask, read_ask
from rhapsode.accounts.quota.memory import MemoryQuota
from rhapsode.core.caller import Caller
from rhapsode.core.limit import LimitRule
from rhapsode.core.limiter import Permit, Unit

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
"""Seconds for which a Redis that failed is not asked; each failure after the first doubles them."""

PATIENCE: Final = 1.5
"""Seconds that all questions of one call may take."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.limits")


class Together(Protocol):
    """Where several processes count together: Redis, or the parent of them all."""

    async def take(self, ask: Ask) -> Permit:
        """Count a call. Raises `LimitError`, and `OSError` when nobody counts."""
        ...

    async def ping(self) -> None:
        """Return when somebody counts. Raises `OSError`."""
        ...

    async def close(self) -> None:
        """Return when all is told that is left to tell."""
        ...


class _Free:
    """Implements `Permit` where nothing is counted."""

    async def settle(self, amount: int, /) -> None:
        """Of the protocol."""


_FREE: Final = _Free()


class QuotaLimiter:
    """Implements `core.limiter.Limiter`. For one event loop."""

    def __init__(
        self,
        *,
        default: LimitRule | None = None,
        together: Together | None = None,
        processes: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`default` is the rule of a group that has none of its own; its scope's id is not looked at.

        `processes` is how many count for themselves where they cannot count together.
        """
        self._default = default
        self._together = together
        self._memory = MemoryQuota()
        self._processes = processes
        self._clock = clock
        self._not_before = 0.0
        self._pause = FIRST_PAUSE
        self.on_fallback = False
        """whether nobody counted for all when one was last asked"""

    async def admit(self, caller: Caller, /, *, model: str, unit: Unit, amount: int) -> Permit:
        """Of the protocol."""
        ask = read_ask(caller, self._default, model=model, unit=unit, amount=amount)
        if ask is None:
            return _FREE
        if self._together is None:
            return self._memory.take(ask if self._processes == 1 else ask.divided(self._processes))
        if self._clock() >= self._not_before:
            try:
                return await self._ask_together(self._together, ask)
            except OSError as fault:  # a timeout is one too
                self._failed(fault)
        # One process is held to half: another server may be counting for itself as well.
        return self._memory.take(ask.divided(max(2, self._processes)))

    async def close(self) -> None:
        """Return when Redis was told what is left to tell."""
        if self._together is not None:
            await self._together.close()

    async def _ask_together(self, together: Together, ask: Ask) -> Permit:
        if self.on_fallback:  # one tries whether it is back; who comes meanwhile does not wait for that
            self._not_before = self._clock() + self._pause
            async with asyncio.timeout(PATIENCE):
                await together.ping()
            self._well()
        async with asyncio.timeout(PATIENCE):
            return await together.take(ask)

    def _failed(self, fault: BaseException) -> None:
        if not self.on_fallback:
            _log.warning(
                "limits: nobody counts for all processes; each does for itself, and more strictly", cause=repr(fault)
            )
            self._pause = FIRST_PAUSE
        else:
            self._pause = min(LONGEST_PAUSE, 2 * self._pause)
        self.on_fallback = True
        self._not_before = self._clock() + self._pause

    def _well(self) -> None:
        if self.on_fallback:
            _log.warning("limits: all processes count together again")
            self.on_fallback = False
            self._pause = FIRST_PAUSE
            self._not_before = 0.0
