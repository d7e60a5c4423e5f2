"""When keys were last used: written down behind the calls, at most once a minute a key, and never in their way."""

import asyncio
from contextlib import suppress
from typing import Final

from sqlalchemy import Connection, Table, or_, update

from rhapsode.core.errors import StorageError
from rhapsode.database.connect import Database

SECONDS: Final = 60
"""How old what is written may be before it is written anew."""

_MOST_REMEMBERED: Final = 4096


class LastUsed:
    """The column `last_used_at` of a table of keys. For one event loop."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table
        self._noted: dict[str, int] = {}
        self._waiting: dict[str, int] = {}
        self._writing: asyncio.Task[None] | None = None

    def note(self, key_id: str, now: int) -> None:
        """A key is used, of which the database says that it was not for `SECONDS`."""
        if now - self._noted.get(key_id, -SECONDS) < SECONDS:
            return  # what the database says is a moment old itself
        if len(self._noted) >= _MOST_REMEMBERED:
            self._noted.clear()
        self._noted[key_id] = self._waiting[key_id] = now
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
            self._writing.add_done_callback(self._written)

    async def _write(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            # Where the database cannot be written to, a later call of the same key tries again.
            with suppress(StorageError):
                await self._database.run(lambda connection, waiting=waiting: self._update(connection, waiting))

    def _update(self, connection: Connection, waiting: dict[str, int]) -> None:
        column = self._table.c.last_used_at
        for key_id, now in waiting.items():
            old = or_(column.is_(None), column <= now - SECONDS)  # another process may have been first
            connection.execute(update(self._table).where(self._table.c.id == key_id, old).values(last_used_at=now))

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writing = None
        if not task.cancelled():
            task.exception()  # looked at: that a database was closed meanwhile is nobody's concern here
