"""Group commit: what waits to be written is written together, in one transaction, by a thread of its own.

A commit costs the same for one row as for a hundred. While one is under way, what comes waits for the next.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, Generic, TypeVar

from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import InterfaceError, OperationalError

from rhapsode.core.errors import StorageError
from rhapsode.database.connect import Database

ItemT = TypeVar("ItemT")
_Waiting = tuple[ItemT, "asyncio.Future[None]"]

MOST_TOGETHER: Final = 500
"""In one transaction: more would make those that come later wait, and save no more."""

GATHER_SECONDS: Final = 0.002
"""After rows that came together, for how long the next ones are waited for. A caller that is alone waits for nobody.

The thread sleeps meanwhile, and need not be woken: waking it took as long as writing three rows.
"""

MOST_WAITING: Final = 20_000
"""Each holds a call up; what comes beyond is refused."""


class Writer(Generic[ItemT]):
    """For one event loop. `store` writes items by a cursor of the driver's, within a transaction, as they came."""

    def __init__(
        self,
        database: Database,
        store: Callable[[DBAPICursor, Sequence[ItemT]], None],
        *,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._database = database
        self._store = store
        self._most_waiting = most_waiting
        self._waiting: SimpleQueue[_Waiting[ItemT] | None] = SimpleQueue()
        self._ended: asyncio.Future[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Items that are not being written yet."""
        return self._waiting.qsize()

    async def write(self, item: ItemT) -> None:
        """Returns when it is committed. Raises `StorageError`: then it is not there.

        Who is cancelled only ceases to wait: the item is written.
        """
        if self._closed:
            raise StorageError("the database is closed")
        if self.waiting >= self._most_waiting:
            raise StorageError(f"{self._most_waiting} rows wait for the database already")
        loop = asyncio.get_running_loop()
        if self._ended is None:
            self._ended = loop.create_future()
            Thread(target=self._work, args=(loop, self._ended), name="rhapsode-writer", daemon=True).start()
        written: asyncio.Future[None] = loop.create_future()
        self._waiting.put((item, written))
        await self._database.within_patience(written)

    async def close(self) -> None:
        """Return when all that came before is written, or has failed; what comes after is refused."""
        if not self._closed:
            self._closed = True
            self._waiting.put(None)
        if self._ended is not None:
            await self._ended

    def _work(self, loop: asyncio.AbstractEventLoop, ended: "asyncio.Future[None]") -> None:
        """The thread."""
        goes_on = True
        while goes_on:
            batch, goes_on = self._next_batch()
            if batch:
                outcomes = self._write(batch)
                with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(_tell, outcomes)
            if len(batch) > 1 and goes_on:
                time.sleep(GATHER_SECONDS)
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set_result, None)

    def _next_batch(self) -> tuple[list[_Waiting[ItemT]], bool]:
        """What waits, once anything does, and whether more may come."""
        batch: list[_Waiting[ItemT]] = []
        with suppress(Empty):
            while len(batch) < MOST_TOGETHER:
                waiting = self._waiting.get(block=not batch)
                if waiting is None:
                    return batch, False
                batch.append(waiting)
        return batch, True

    def _write(self, batch: Sequence[_Waiting[ItemT]]) -> "list[_Outcome]":
        """Together; one by one where one of them may be at fault."""
        items = [item for item, _ in batch]
        try:
            self._database.add(lambda cursor: self._store(cursor, items))
        except StorageError as error:
            if len(batch) > 1 and not isinstance(error.__cause__, _OF_THE_DATABASE):
                return [outcome for one in batch for outcome in self._write([one])]
            return [(written, error) for _, written in batch]
        except Exception as fault:  # noqa: BLE001 - the boundary of the thread: who waits is told, and it goes on
            if len(batch) > 1:
                return [outcome for one in batch for outcome in self._write([one])]
            return [(written, fault) for _, written in batch]
        return [(written, None) for _, written in batch]


_Outcome = tuple["asyncio.Future[None]", Exception | None]


def _tell(outcomes: Sequence[_Outcome]) -> None:
    for written, error in outcomes:
        if written.done():  # nobody waits for it any more
            continue
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)


_OF_THE_DATABASE: Final = (OperationalError, InterfaceError, OSError)
"""Faults that no row has a part in: locked, full, gone."""
