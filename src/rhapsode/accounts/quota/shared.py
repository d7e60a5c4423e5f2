"""Counting in Redis, for many processes: a call is one question at its beginning, and one at its end.

A place among the calls at once is a lease that its process renews: those of a process that was killed end by
themselves. What Redis could not be told while it was slow or gone - what calls took, and which places are held - it is
told before it is asked again.
"""

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from rhapsode.accounts.quota.ask import MINUTE, Ask
from rhapsode.accounts.quota.calls import ANSWER_SECONDS, Argument, RedisCalls
from rhapsode.accounts.quota.memory import Kept
from rhapsode.accounts.quota.refused import refuse_at_once, refuse_requests, refuse_units
from rhapsode.accounts.quota.scripts import RENEW, SETTLE, TAKE
from rhapsode.accounts.quota.windows import UnitWindow

LEASE_SECONDS: Final = 45.0
"""After so long a killed process's places are free. It is renewed after a quarter: three renewals may fail."""

_PREFIX: Final = "rhapsode:"
_REQUESTS: Final = 1
_UNITS: Final = 2


class SharedHold:
    """What a call holds, until it is settled. Redis knows already of `told` tokens or characters."""

    __slots__ = ("_ask", "_lease", "_shared", "_told")

    def __init__(self, shared: "SharedQuota", ask: Ask, lease: str, *, told: int) -> None:
        self._shared = shared
        self._ask = ask
        self._lease = lease
        self._told = told

    async def settle(self, amount: int, /) -> None:
        """Of `Permit`. Returns when a place is free that was held; what was taken is told beside what goes on."""
        await self._shared.settle(self._ask, self._lease, amount - self._told)


class SharedQuota:
    """For one event loop."""

    def __init__(
        self,
        url: str,
        *,
        patience: float = ANSWER_SECONDS,
        lease_seconds: float = LEASE_SECONDS,
        minute: float = MINUTE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """All in seconds. Raises `SettingsError` for the address; nothing is asked of Redis yet."""
        self._calls = RedisCalls(url, patience=patience)
        self._lease_ms = round(lease_seconds * 1000)
        self._minute_ms = round(minute * 1000)
        self._clock = clock
        self._process = secrets.token_hex(8)
        self._numbers = itertools.count()
        self._held: dict[str, list[str]] = {}  # where, by lease
        self._left: dict[str, list[str]] = {}  # which Redis may believe to be held still
        self._owed = Kept(UnitWindow)  # what was taken and Redis was not told
        self._is_lost = False
        self._renewing: asyncio.Task[None] | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def take(self, ask: Ask) -> SharedHold:
        """Count a call. Raises `LimitError`: then nothing is counted; and `OSError` when Redis is slow or gone."""
        if self._is_lost:
            await self.ping()
        lease, places = self._new_lease(), _keys(window.key for window in ask.parallel)
        windows = (*ask.requests, *ask.units, *ask.parallel)
        arguments = (len(ask.requests), len(ask.units), ask.amount, lease, self._lease_ms, self._minute_ms)
        try:
            answer = await self._calls.run(
                TAKE, _keys(window.key for window in windows), (*arguments, *(window.limit for window in windows))
            )
        except BaseException as fault:  # cancelled too: it may have been counted
            if places:
                self._left[lease] = places
            if isinstance(fault, OSError):
                self._is_lost = True
            else:
                self._beside(self._leave(lease))
            raise
        self._refuse(ask, cast("list[int]", answer))
        self._hold(lease, places)
        return SharedHold(self, ask, lease, told=ask.amount)

    def adopt(self, ask: Ask) -> SharedHold:
        """A call that was let in while Redis was not asked. It will be told of its place, and of all that it takes."""
        lease = self._new_lease()
        self._hold(lease, _keys(window.key for window in ask.parallel))
        return SharedHold(self, ask, lease, told=0)

    async def settle(self, ask: Ask, lease: str, more: int) -> None:
        """A call is over, and took `more` than Redis knows. Never fails."""
        places = self._held.pop(lease, [])
        units = [window.key for window in ask.units] if more > 0 else []
        if not places and not units:
            return
        telling = self._beside(self._tell(units, more, lease, places))
        if places:  # who asks again at once finds it free
            await asyncio.shield(telling)

    async def ping(self) -> None:
        """Return when Redis answers, and has been told what it was not. Raises `OSError`."""
        owed, self._owed = self._owed, Kept(UnitWindow)
        left, self._left = self._left, {}
        try:
            await self._renew()
            now = self._clock()
            sums = [(key, window.total(now)) for key, window in owed.items()]
            gone = [(key, lease) for lease, keys in left.items() for key in keys]
            arguments = (len(sums), self._minute_ms, *(amount for _, amount in sums), *(lease for _, lease in gone))
            await self._calls.run(SETTLE, [*_keys(key for key, _ in sums), *(key for key, _ in gone)], arguments)
        except BaseException:
            self._left |= left
            self._owe([(key, window.total(self._clock())) for key, window in owed.items()])
            raise
        self._is_lost = False

    async def close(self) -> None:
        """Return when all is told, or could not be."""
        while self._telling:
            await asyncio.wait(self._telling)
        if self._renewing is not None:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._renewing
        await self._calls.close()

    def _new_lease(self) -> str:
        return f"{self._process}-{next(self._numbers)}"

    def _hold(self, lease: str, places: list[str]) -> None:
        if places:
            self._held[lease] = places
            if self._renewing is None:
                self._renewing = asyncio.create_task(self._renew_all())

    def _refuse(self, ask: Ask, answer: Sequence[int]) -> None:
        kind, place, milliseconds = answer
        if not kind:
            return
        seconds = milliseconds / 1000 if milliseconds >= 0 else float("inf")
        if kind == _REQUESTS:
            refuse_requests(ask.requests[place - 1], seconds)
        if kind == _UNITS:
            refuse_units(ask.units[place - 1], ask, seconds)
        refuse_at_once(ask.parallel[place - 1])

    async def _tell(self, units: list[str], amount: int, lease: str, places: list[str]) -> None:
        """That a call is over, or that it must be told later."""
        try:
            if self._is_lost:
                raise ConnectionError("Redis is not asked now")
            arguments = (len(units), self._minute_ms, *[amount] * len(units), *[lease] * len(places))
            await self._calls.run(SETTLE, [*_keys(units), *places], arguments)
        except OSError:
            self._is_lost = True
            self._owe([(key, amount) for key in units])
            if places:
                self._left[lease] = places

    async def _leave(self, lease: str) -> None:
        await self._tell([], 0, lease, self._left.pop(lease, []))

    def _owe(self, amounts: list[tuple[str, int]]) -> None:
        now = self._clock()
        for key, amount in amounts:
            if amount:
                self._owed.to_count_in(key, now).add(amount, now)

    async def _renew(self) -> None:
        pairs = [(key, lease) for lease, keys in self._held.items() for key in keys]
        leases: list[Argument] = [lease for _, lease in pairs]
        await self._calls.run(RENEW, [key for key, _ in pairs], [self._lease_ms, *leases])

    async def _renew_all(self) -> None:
        while True:
            await asyncio.sleep(self._lease_ms / 4000)
            if self._held and not self._is_lost:
                try:
                    await self._renew()
                except OSError:
                    self._is_lost = True

    def _beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return task


def _keys(names: Iterable[str]) -> list[str]:
    return [_PREFIX + name for name in names]
