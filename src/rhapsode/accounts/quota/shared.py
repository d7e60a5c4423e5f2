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
from typing import Any, Final, TypeVar, cast

from rhapsode.accounts.quota.ask import MINUTE, Ask
from rhapsode.accounts.quota.calls import ANSWER_SECONDS, RedisCalls
from rhapsode.accounts.quota.memory import Kept
from rhapsode.accounts.quota.refused import refuse_at_once, refuse_requests, refuse_units
from rhapsode.accounts.quota.scripts import RENEW, SETTLE, TAKE
from rhapsode.accounts.quota.windows import UnitWindow

LEASE_SECONDS: Final = 45.0
"""After so long a killed process's places are free. It is renewed after a quarter: three renewals may fail."""

_PREFIX: Final = "rhapsode:"
_REQUESTS: Final = 1
_UNITS: Final = 2
_AT_ONCE: Final = 500

ItemT = TypeVar("ItemT")


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
        self._unheard: set[str] = set()  # which of these Redis was not told of
        self._left: dict[str, list[str]] = {}  # which Redis may believe to be held still
        self._owed = Kept(UnitWindow)  # what was taken and Redis was not told
        self._is_lost = False
        self._renewing: asyncio.Task[None] | None = None
        self._trying: asyncio.Task[None] | None = None
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
        except OSError:  # it may have been counted
            self._is_lost = True
            self._tell_later([], 0, lease, places)
            raise
        except asyncio.CancelledError:
            if places:
                self._beside(self._tell([], 0, lease, places))
            raise
        self._refuse(ask, cast("list[int]", answer))
        self._hold(lease, places)
        return SharedHold(self, ask, lease, told=ask.amount)

    def adopt(self, ask: Ask) -> SharedHold:
        """A call that was let in while Redis was not asked. It will be told of its place, and of all that it takes."""
        lease, places = self._new_lease(), _keys(window.key for window in ask.parallel)
        self._hold(lease, places)
        if places:
            self._unheard.add(lease)
        return SharedHold(self, ask, lease, told=0)

    async def settle(self, ask: Ask, lease: str, more: int) -> None:
        """A call is over, and took `more` than Redis knows. Never fails."""
        places = self._held.pop(lease, [])
        units = [window.key for window in ask.units] if more > 0 else []
        if lease in self._unheard:
            self._unheard.remove(lease)
            places = []
        if self._is_lost:
            self._tell_later(units, more, lease, places)
        elif places or units:
            telling = self._beside(self._tell(units, more, lease, places))
            if places:  # who asks again at once finds it free
                await asyncio.shield(telling)

    async def ping(self) -> None:
        """Return when Redis answers, and has been told what it was not. Raises `OSError`."""
        if self._trying is None:  # whoever asks meanwhile waits for the same answer
            self._trying = asyncio.create_task(self._try_again())
            self._trying.add_done_callback(self._tried)
        await asyncio.shield(self._trying)

    async def close(self) -> None:
        """Return when all is told, or could not be."""
        while self._telling:
            await asyncio.wait(self._telling)
        if self._trying is not None:
            await asyncio.wait([self._trying])
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
        arguments = (len(units), self._minute_ms, *[amount] * len(units), *[lease] * len(places))
        try:
            await self._calls.run(SETTLE, [*_keys(units), *places], arguments)
        except OSError:
            self._is_lost = True
            self._tell_later(units, amount, lease, places)

    def _tell_later(self, units: list[str], amount: int, lease: str, places: list[str]) -> None:
        self._owe([(key, amount) for key in units])
        if places:
            self._left[lease] = places

    async def _try_again(self) -> None:
        await self._renew()
        # What ends from here on is told behind what follows.
        self._is_lost = False
        owed, self._owed = self._owed, Kept(UnitWindow)
        left, self._left = self._left, {}
        now = self._clock()
        sums = [(key, window.total(now)) for key, window in owed.items()]
        gone = [(key, lease) for lease, keys in left.items() for key in keys]
        try:
            for some in _batched(sums):
                arguments = (len(some), self._minute_ms, *(amount for _, amount in some))
                await self._calls.run(SETTLE, _keys(key for key, _ in some), arguments)
            for some in _batched(gone):
                arguments = (0, self._minute_ms, *(lease for _, lease in some))
                await self._calls.run(SETTLE, [key for key, _ in some], arguments)
        except OSError:
            self._is_lost = True
            self._left |= left
            self._owe(sums)
            raise

    def _tried(self, trying: asyncio.Task[None]) -> None:
        self._trying = None
        if not trying.cancelled():
            trying.exception()  # who asked has heard of it, or has gone

    def _owe(self, amounts: list[tuple[str, int]]) -> None:
        now = self._clock()
        for key, amount in amounts:
            if amount:
                self._owed.to_count_in(key, now).add(amount, now)

    async def _renew(self) -> None:
        self._unheard.clear()
        pairs = [(key, lease) for lease, keys in self._held.items() for key in keys]
        for some in _batched(pairs) or [[]]:  # at least a word, to hear whether Redis answers
            leases = (lease for _, lease in some)
            await self._calls.run(RENEW, [key for key, _ in some], (self._lease_ms, *leases))

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


def _batched(many: Sequence[ItemT]) -> list[Sequence[ItemT]]:
    """So many at a time that one question is soon answered."""
    return [many[start : start + _AT_ONCE] for start in range(0, len(many), _AT_ONCE)]


def _keys(names: Iterable[str]) -> list[str]:
    return [_PREFIX + name for name in names]
