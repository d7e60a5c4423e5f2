"""Work in line, fair between those who bring it: start-time fair queueing.

Each caller has a lane. A lane that was idle joins at the present; each further piece of its work stands one step later.
So a caller's first piece passes the later pieces of everyone else, and nobody waits for ever.
"""

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


class Lane:
    """One caller's place in line."""

    def __init__(self) -> None:
        self.next_turn = 0


@dataclass(order=True, frozen=True)
class Entry(Generic[T]):
    """Work in line. What has the lower turn goes first, and of equals the older."""

    turn: int
    order: int
    work: T = field(compare=False)


class FairQueue(Generic[T]):
    """Any number may put and get. It has no limit: who puts holds one piece ahead, not more."""

    def __init__(self) -> None:
        self._line: asyncio.PriorityQueue[Entry[T]] = asyncio.PriorityQueue()
        self._order = itertools.count()
        self._now = 0

    def put(self, work: T, lane: Lane) -> None:
        """The lane's next piece."""
        turn = max(self._now, lane.next_turn)
        lane.next_turn = turn + 1
        self._line.put_nowait(Entry(turn, next(self._order), work))

    def put_back(self, entry: Entry[T]) -> None:
        """What was taken and could not be done: it goes before all others of its turn."""
        self._line.put_nowait(entry)

    async def get(self) -> Entry[T]:
        """Whoever's turn it is."""
        entry = await self._line.get()
        self._now = max(self._now, entry.turn)
        return entry

    def take_all(self) -> list[T]:
        """Everything that waits."""
        works: list[T] = []
        while not self._line.empty():
            works.append(self._line.get_nowait().work)
        return works
