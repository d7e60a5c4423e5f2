"""Rows of the ledger that are older than somebody wants to keep are removed."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy import Connection, delete, select

from rhapsode.core.errors import StorageError
from rhapsode.database.connect import Database
from rhapsode.database.tables import calls

SECONDS: Final = 3600.0
"""Between two looks; the first is at the server's start."""

TOGETHER: Final = 5000
"""Rows in one transaction: whoever else writes waits for no longer than that takes."""

_DAY: Final = 24 * 3600
_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.ledger")


async def keep_short(database: Database, *, days: int) -> None:
    """Remove rows of calls that began more than so many days ago, again and again."""
    while True:
        try:
            while await database.run(lambda connection: forget(connection, days=days)) == TOGETHER:
                pass
        except StorageError as error:  # busy: the next time, perhaps
            _log.warning("old rows of the ledger could not be removed", error=error.message)
        await asyncio.sleep(SECONDS)


def forget(connection: Connection, *, days: int, clock: Callable[[], float] = time.time) -> int:
    """Remove some of the oldest; how many. What was spent, and balances, stay as they are."""
    before = round(1000 * (clock() - days * _DAY))
    oldest = select(calls.c.id).where(calls.c.started_ms < before).order_by(calls.c.started_ms).limit(TOGETHER)
    return connection.execute(delete(calls).where(calls.c.id.in_(oldest))).rowcount
