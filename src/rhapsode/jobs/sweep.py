"""What nobody needs any more is removed: files past their time, content without a name, remains of killed processes."""

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from anyio import to_thread
from sqlalchemy import delete

from rhapsode.core.errors import ServiceError
from rhapsode.database.connect import Database
from rhapsode.database.tables import files
from rhapsode.jobs.files import remove_unnamed
from rhapsode.jobs.store import Store, disk_errors
from rhapsode.jobs.tasks import Tasks

SECONDS = 600.0
"""How long a server waits between two sweeps; the first is at its start."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.sweep")


async def keep_swept(database: Database, store: Store, tasks: Tasks, directory: Path) -> None:
    """Sweep, for ever. `directory` holds a folder a task."""
    while True:
        try:
            await tasks.expire()
            await to_thread.run_sync(sweep_files, database, store)
            await sweep_tasks(tasks, directory)
        except ServiceError as error:  # the database is busy, the disk is full: the next time, perhaps
            _log.warning("a sweep broke off", error=error.message)
        await asyncio.sleep(SECONDS)


async def sweep_tasks(tasks: Tasks, directory: Path) -> None:
    """Remove the folders of tasks that have ended. Raises `StorageError`."""
    # The folders first: one that is made meanwhile is of a task that is under way.
    folders = await to_thread.run_sync(lambda: list(directory.iterdir()) if directory.is_dir() else [])
    under_way = {str(task_id) for task_id in await tasks.under_way()}
    for folder in folders:
        if folder.name not in under_way:
            await to_thread.run_sync(lambda gone=folder: shutil.rmtree(gone, ignore_errors=True))


def sweep_files(database: Database, store: Store, *, clock: Callable[[], float] = time.time) -> int:
    """Remove files that have expired, and content that nothing names; say how much content.

    Blocks. Several processes may sweep at once. Raises `StorageError`.
    """
    database.transact(lambda connection: connection.execute(delete(files).where(files.c.expires_at <= int(clock()))))
    removed = 0
    with disk_errors():
        store.remove_stale()
        for digests in store.folders():
            if digests:
                # A folder at a time: whoever else writes waits for no longer than that.
                removed += database.transact(lambda connection, found=digests: remove_unnamed(connection, store, found))
    return removed
