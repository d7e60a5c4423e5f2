"""The door to SQL: one engine, one way to run a transaction, one error for all that can go wrong."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from rhapsode.core.errors import SettingsError, StorageError
from rhapsode.database.new_file import create_file

ResultT = TypeVar("ResultT")
Work = Callable[[Connection], ResultT]

_SQLITE = "sqlite:///"
_THREADS = 4
_BEGIN = "rhapsode_begin"


class Database:
    """Transactions. `transact` blocks, for the command line and for starting; `run` is for the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="rhapsode-database")

    def transact(self, work: Work[ResultT], *, write: bool = True) -> ResultT:
        """Run `work` in one transaction, committed when it returns and undone when it raises.

        A writer takes its lock at the start, so that it waits there and never fails half-way. Raises StorageError.
        """
        try:
            with self._engine.connect() as connection:
                connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE" if write else "BEGIN"})
                with connection.begin():
                    return work(connection)
        except (SQLAlchemyError, OSError) as error:
            raise StorageError(f"the database cannot be used ({_reason(error)})") from error

    async def run(self, work: Work[ResultT], *, write: bool = True) -> ResultT:
        """`transact` in a thread. Cancelling stops the waiting; a transaction that has begun runs to its end."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: self.transact(work, write=write))

    def close(self) -> None:
        """End the threads, after what they are at, and the connections."""
        self._threads.shutdown(cancel_futures=True)
        self._engine.dispose()


def open_database(url: str, *, busy_timeout: float = 5.0) -> Database:
    """The database at `sqlite:///PATH`, made when it is absent.

    `busy_timeout`: seconds to wait for another process's lock. Raises SettingsError for the address, StorageError for
    the rest.
    """
    path = Path(url.removeprefix(_SQLITE))
    if not url.startswith(_SQLITE) or not path.name:
        raise SettingsError("database.url: must be sqlite:///PATH")
    try:
        create_file(path)
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"the database {path} cannot be made ({_reason(error)})") from error
    # The URL object takes the path as it is: in URL text, a path with "?" would be cut.
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        hide_parameters=True,  # errors are logged, and parameters hold digests
        pool_size=_THREADS,
        connect_args={"timeout": busy_timeout, "isolation_level": None},
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return Database(engine)


def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # The file is in WAL mode since it was made (new_file); this is for one that was restored from a plain copy.
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")  # with WAL: safe against kill -9, one fsync a checkpoint
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    # The sqlite3 module would begin late and not before DDL; with isolation_level None it leaves that to us.
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _reason(error: Exception) -> str:
    """The driver's or the system's own words, without SQLAlchemy's statement and links."""
    if isinstance(error, DBAPIError):
        return str(error.orig)
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
