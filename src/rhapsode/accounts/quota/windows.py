"""The last minute of what was counted under one key, in this process's memory."""

from collections import deque
from math import inf

from rhapsode.accounts.quota.ask import MINUTE


class RequestWindow:
    """When each request of the last minute came. Exact: no 60 seconds hold more than were let in."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def seconds_until_room(self, limit: int, now: float) -> float:
        """0 where there is room for one more, and infinite where there never is."""
        times = self._times
        while times and times[0] <= now - MINUTE:
            times.popleft()
        if len(times) < limit:
            return 0.0
        return times[len(times) - limit] + MINUTE - now if limit else inf

    def add(self, now: float) -> None:
        """Count one."""
        self._times.append(now)

    def is_over(self, now: float) -> bool:
        """Whether nothing is in it any more."""
        return not self._times or self._times[-1] <= now - MINUTE


class UnitWindow:
    """How many tokens or characters came in each second of the last minute.

    A second counts until all of it is a minute old, so that no 60 seconds begin with more than the limit in them.
    """

    __slots__ = ("_seconds", "_total")

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, int]] = deque()
        self._total = 0

    def total(self, now: float) -> int:
        """What counts now."""
        seconds = self._seconds
        while seconds and seconds[0][0] + 1 + MINUTE <= now:
            self._total -= seconds.popleft()[1]
        return self._total

    def seconds_until_room(self, limit: int, amount: int, now: float) -> float:
        """0 where there is room for `amount`, and infinite where there never is."""
        if amount > limit:
            return inf
        left = self.total(now)
        if left + amount <= limit:
            return 0.0
        for second, taken in self._seconds:
            left -= taken
            if left + amount <= limit:
                return second + 1 + MINUTE - now
        raise AssertionError("an empty window has room")

    def add(self, amount: int, now: float) -> None:
        """Count so much, whether there is room or not."""
        second = int(now)
        if self._seconds and self._seconds[-1][0] == second:
            amount_before = self._seconds.pop()[1]
            self._seconds.append((second, amount_before + amount))
        else:
            self._seconds.append((second, amount))
        self._total += amount

    def is_over(self, now: float) -> bool:
        """Whether nothing is in it any more."""
        return not self._seconds or self._seconds[-1][0] + 1 + MINUTE <= now
