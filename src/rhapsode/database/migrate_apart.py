"""Migrations in a process of their own, so that what they bring in, 14 MB, is in nobody's memory afterwards.

`python -m rhapsode.database.migrate_apart`: the database's address comes by standard input, as it may hold a password;
what went wrong leaves by standard output.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from contextlib import closing, suppress

from rhapsode.core.errors import RhapsodeError, StorageError
from rhapsode.database.connect import Database
from rhapsode.database.migrate import is_current, migrate
from rhapsode.database.open import open_database
from rhapsode.link.child import die_with_parent, take_standard_output
from rhapsode.link.faults import read_fault, write_fault


async def migrate_apart(database: Database, url: str) -> None:
    """As `migrate`: `database` is the one at this address. A process is started only where there is something to do.

    Who is cancelled leaves no process, and a database in which all was done or nothing. Raises StorageError.
    """
    if is_current(database):
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # what lies in the working directory is not ours to import
        "-m",
        "rhapsode.database.migrate_apart",
        stdin=PIPE,
        stdout=PIPE,
        start_new_session=True,  # the terminal's Ctrl-C is for the parent
    )
    try:
        fault, _ = await process.communicate(os.fsencode(url))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if fault:
        raise read_fault(fault)
    if process.returncode:
        raise StorageError(f"the process that makes the database's tables ended with status {process.returncode}")


def main() -> int:
    """The process."""
    die_with_parent()
    answer = take_standard_output()
    url = os.fsdecode(sys.stdin.buffer.read())
    if not url:  # the parent has gone already
        return 1
    try:
        with closing(open_database(url)) as database:
            migrate(database)
    except RhapsodeError as fault:
        with suppress(BrokenPipeError):
            os.write(answer.fileno(), write_fault(fault))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
