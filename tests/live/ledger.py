"""What a running server has written down, read from its own database beside it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def calls(home: Path) -> dict[str, dict[str, Any]]:
    """The rows of the ledger by their ids, in the order in which they were written."""
    with closing(sqlite3.connect(home / "rhapsode.db", timeout=30)) as connection:
        connection.row_factory = sqlite3.Row
        return {row["id"]: dict(row) for row in connection.execute("select * from calls order by rowid")}
