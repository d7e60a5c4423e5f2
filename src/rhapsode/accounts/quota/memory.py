"""Counting in this process: for a server that is one process, and for one that has lost the others.

The windows are our own. `limits`, in memory, starts a thread at a hit, which goes through all keys that there are, and
it keeps them for ever: four rules took 100 us of a processor for one caller, and 360 and stops of 0.4 s of the event
loop for 10,000. Here they take 13, and 21 among 1,000 callers.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from rhapsode.accounts.quota.ask import Ask
from rhapsode.accounts.quota.refused import refuse_at_once, refuse_requests, refuse_units
from rhapsode.accounts.quota.windows import RequestWindow, UnitWindow

WindowT = TypeVar("WindowT", RequestWindow, UnitWindow)


class Kept(Generic[WindowT]):
    """Windows by what is counted in them. Those in which nothing counts any more are dropped."""

    def __init__(self, make: Callable[[], WindowT]) -> None:
        self._make = make
        self._windows: OrderedDict[str, WindowT] = OrderedDict()  # what was counted in last stands last

    def __len__(self) -> int:
        return len(self._windows)

    def look(self, key: str) -> WindowT:
        """To look at; an empty one where there is none."""
        return self._windows.get(key) or self._make()

    def to_count_in(self, key: str, now: float) -> WindowT:
        """To be counted in now."""
        windows = self._windows
        window = windows.get(key)
        if window is None:
            window = windows[key] = self._make()
        else:
            windows.move_to_end(key)
        oldest = next(iter(windows))
        if oldest != key and windows[oldest].is_over(now):
            del windows[oldest]
        return window

    def items(self) -> list[tuple[str, WindowT]]:
        """All of them."""
        return list(self._windows.items())


class MemoryHold:
    """What a call holds, until it is settled."""

    __slots__ = ("_ask", "_memory")

    def __init__(self, memory: "MemoryQuota", ask: Ask) -> None:
        self._memory = memory
        self._ask = ask

    async def settle(self, amount: int, /) -> None:
        """Of `Permit`."""
        self._memory.settle(self._ask, amount)


class MemoryQuota:
    """For one event loop. `clock` is in seconds, and never goes back."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._requests = Kept(RequestWindow)
        self._units = Kept(UnitWindow)
        self._inside: dict[str, int] = {}

    def __len__(self) -> int:
        """How many windows and places are kept."""
        return len(self._requests) + len(self._units) + len(self._inside)

    def take(self, ask: Ask) -> MemoryHold:
        """Count a call. Raises `LimitError`: then nothing is counted."""
        now = self._clock()
        for window in ask.parallel:
            if self._inside.get(window.key, 0) >= window.limit:
                refuse_at_once(window)
        for window in ask.requests:
            if seconds := self._requests.look(window.key).seconds_until_room(window.limit, now):
                refuse_requests(window, seconds)
        for window in ask.units:
            if seconds := self._units.look(window.key).seconds_until_room(window.limit, ask.needed, now):
                refuse_units(window, ask, seconds)
        return self.count(ask)

    def count(self, ask: Ask) -> MemoryHold:
        """Count a call that was let in elsewhere, whether there is room or not."""
        now = self._clock()
        for window in ask.parallel:
            self._inside[window.key] = self._inside.get(window.key, 0) + 1
        for window in ask.requests:
            self._requests.to_count_in(window.key, now).add(now)
        self._charge(ask, ask.amount, now)
        return MemoryHold(self, ask)

    def settle(self, ask: Ask, amount: int) -> None:
        """A call is over, and took so much."""
        for window in ask.parallel:
            if left := self._inside[window.key] - 1:
                self._inside[window.key] = left
            else:
                del self._inside[window.key]
        self._charge(ask, amount - ask.amount, self._clock())

    def _charge(self, ask: Ask, amount: int, now: float) -> None:
        if amount > 0:
            for window in ask.units:
                self._units.to_count_in(window.key, now).add(amount, now)
