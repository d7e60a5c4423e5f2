"""A database by its address: a file of SQLite's, or a server of PostgreSQL's."""

import sqlite3
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from rhapsode.core.errors import SettingsError, StorageError
from rhapsode.database.connect import BEGIN, THREADS, Begin, Database, Deadline, reason
from rhapsode.database.new_file import create_file

SQLITE: Final = "sqlite:///"
POSTGRESQL: Final = ("postgresql://", "postgres://")

_CONNECT_SECONDS: Final = 5
_SLACK: Final = 2
"""Seconds for a server to say that the time is up."""

_LOST: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
"""How a machine that is gone without a word is noticed: else its connections would be believed in for a quarter hour.

The last one is in milliseconds.
"""

_SQLITE_BEGINS: Final = {Begin.READ: "BEGIN", Begin.WRITE: "BEGIN IMMEDIATE", Begin.ALONE: "BEGIN IMMEDIATE"}

_ALONE: Final = 0x72687073_6F6465
"""A number that means us: the lock is one of the whole database, which may have other tenants."""


def open_database(url: str, *, busy_timeout: float = 5.0, statement_timeout: float = 30.0) -> Database:
    """The database at `sqlite:///PATH`, made when it is absent, or at `postgresql://USER:PASSWORD@HOST:PORT/NAME`.

    `busy_timeout`: seconds to wait for another process's lock; `statement_timeout`: those that one of PostgreSQL's may
    work on a statement, which nothing here takes unless it hangs. Raises SettingsError for the address,
    StorageError for the rest.
    """
    if url.startswith(POSTGRESQL):
        deadline = Deadline()
        engine = _open_postgresql(url, busy_timeout, statement_timeout, deadline)
        return Database(engine, patience=statement_timeout + busy_timeout, deadline=deadline)
    path = Path(url.removeprefix(SQLITE))
    if not url.startswith(SQLITE) or not path.name:
        raise SettingsError("database.url: must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME")
    return Database(_open_sqlite(path, busy_timeout))


def _open_sqlite(path: Path, busy_timeout: float) -> Engine:
    try:
        create_file(path)
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"the database {path} cannot be made ({reason(error)})") from error
    # The URL object takes the path as it is: in URL text, a path with "?" would be cut.
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        hide_parameters=True,  # errors are logged, and parameters hold digests
        pool_size=THREADS,
        connect_args={"timeout": busy_timeout, "isolation_level": None},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # The file is in WAL mode since it was made (new_file); this is for one that was restored from a plain copy.
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")  # with WAL: safe against kill -9, one fsync a checkpoint
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # The sqlite3 module would begin late and not before DDL; with isolation_level None it leaves that to us.
    connection.exec_driver_sql(_SQLITE_BEGINS[connection.get_execution_options().get(BEGIN, Begin.READ)])


def _open_postgresql(url: str, busy_timeout: float, statement_timeout: float, deadline: Deadline) -> Engine:
    if find_spec("psycopg") is None:
        raise SettingsError(
            "database.url: PostgreSQL needs an extra that is not installed: pip install 'rhapsode[postgres]'"
        )
    try:
        address = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise SettingsError("database.url: must be postgresql://USER:PASSWORD@HOST:PORT/NAME") from error
    milliseconds = {"lock_timeout": busy_timeout * 1000, "statement_timeout": statement_timeout * 1000}
    engine = create_engine(
        address,
        hide_parameters=True,
        pool_size=THREADS,
        pool_pre_ping=True,  # a server that was started anew is found again by whoever asks next
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            **_LOST,
            "options": " ".join(f"-c {name}={round(value)}" for name, value in milliseconds.items()),
        },
    )
    event.listen(engine, "begin", _begin_postgresql)
    from rhapsode.database.patient import be_patient  # noqa: PLC0415 - of the extra, which is there

    be_patient(engine, patience=statement_timeout + _SLACK, deadline=deadline)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    # SQLite has one writer at a time, and what is read before it is written counts on that: leases, first keys,
    # migrations. Here such transactions take turns by a lock that ends with them; reading and adding do not wait.
    if connection.get_execution_options().get(BEGIN) == Begin.ALONE:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ALONE})")
