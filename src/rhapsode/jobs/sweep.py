"""What nobody needs any more is removed: files past their time, content without a name, remains of killed processes."""

import time
from collections.abc import Callable

from sqlalchemy import delete

from rhapsode.database.connect import Database
from rhapsode.database.tables import files
from rhapsode.jobs.files import remove_unnamed
from rhapsode.jobs.store import Store, disk_errors

SECONDS = 600.0
"""How long a server waits between two sweeps; the first is at its start."""


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
