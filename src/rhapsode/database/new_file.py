"""A new SQLite file: it appears whole, in WAL mode and readable by its owner alone, or not at all."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path


def create_file(path: Path) -> None:
    """Make `path` unless it exists. Two processes at once agree on one file. Raises OSError, sqlite3.Error.

    In WAL mode readers and the writer do not wait for each other. The step into it is taken on a file that nobody else
    sees, because SQLite does not wait for a lock there: of six openers at once, one in sixty was told "database is
    locked".
    """
    if path.exists():
        return
    # mkstemp gives mode 0600, and SQLite gives the same to -wal and -shm.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    try:
        with closing(sqlite3.connect(name)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()
