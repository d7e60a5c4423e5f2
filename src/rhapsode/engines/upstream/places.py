"""How many calls another server gets at once, and how many may wait for their turn."""

import asyncio

from rhapsode.core.errors import Overloaded


class Places:
    """`parallel` calls at once, first come first served; `queue` may wait, each for `seconds` at most."""

    def __init__(self, *, parallel: int, queue: int, seconds: float) -> None:
        self._free = asyncio.Semaphore(parallel)
        self.parallel = parallel
        self._queue = queue
        self._seconds = seconds
        self.waiting = 0
        self.taken = 0

    async def enter(self) -> None:
        """Take a place, which is to be left again. Raises `Overloaded`."""
        if not self._free.locked():
            await self._free.acquire()  # at once
            self.taken += 1
            return
        if self.waiting >= self._queue:
            raise Overloaded(f"{self.waiting} calls are waiting for the upstream engine already; try again later")
        self.waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
        except TimeoutError as late:
            raise Overloaded(f"no place at the upstream engine came free in {self._seconds:g} seconds") from late
        finally:
            self.waiting -= 1
        self.taken += 1

    def leave(self) -> None:
        """Give the place to who waits longest."""
        self.taken -= 1
        self._free.release()
