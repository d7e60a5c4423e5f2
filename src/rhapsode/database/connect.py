"""The door to SQL: one engine, one way to run a transaction, one error for all that can go wrong."""

import asyncio
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from rhapsode.core.errors import StorageError

ResultT = TypeVar("ResultT")
Work = Callable[[Connection], ResultT]

THREADS: Final = 4
"""that work on a database, and so connections to it"""

_BESIDE: Final = 2
"""more threads, for what may take long"""

SQLITE: Final = "sqlite"

_LAST_SECONDS: Final = 3.0
"""What a database has for its last answers when the process ends."""

BEGIN: Final = "rhapsode_begin"
"""The execution option that says how a transaction begins."""


class Begin:
    """How transactions begin, in the words of a kind of database."""

    READ: Final = "read"
    WRITE: Final = "write"
    """beside others that write"""
    ALONE: Final = "alone"
    """no other such transaction runs meanwhile: what was read in it still holds when it writes"""
    ALL: Final = (READ, WRITE, ALONE)


class Deadline:
    """When a database is not waited for any longer, whatever it is asked: never, until somebody says when."""

    def __init__(self) -> None:
        self._at = math.inf

    def set(self, seconds: float) -> None:
        """So many seconds from now, or sooner where that was said before."""
        self._at = min(self._at, time.monotonic() + seconds)

    def is_over(self, now: float) -> bool:
        """At a moment, as time.monotonic() counts."""
        return now > self._at


class _Asked:
    """What somebody waits for. Once they were told that it is late it is not begun any more: they may ask again."""

    is_late = False


class _AskedByThread(threading.local):
    """What a thread is at. In others than ours nobody is ever told."""

    by_thread = _Asked()


class Database:
    """Transactions. `transact` blocks, for the command line and for starting; `run` is for the event loop."""

    def __init__(self, engine: Engine, *, patience: float | None = None, deadline: Deadline | None = None) -> None:
        """`patience`: seconds that `run` waits for a server that may never answer; None where there is none.

        `deadline` is what the connections keep to.
        """
        # Options that are set once: setting them on a connection costs a tenth of a small transaction.
        self._engine = engine
        self._begins = {begin: engine.execution_options(**{BEGIN: begin}) for begin in Begin.ALL}
        self._patience = patience
        self._deadline = deadline or Deadline()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="rhapsode-database")
        self._asked = _AskedByThread()
        self._beside = ThreadPoolExecutor(_BESIDE, thread_name_prefix="rhapsode-beside")

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    def transact(self, work: Work[ResultT], *, write: bool = True, alone: bool = True) -> ResultT:
        """Run `work` in one transaction, committed when it returns and undone when it raises.

        A writer takes its lock at the start, so that it waits there and never fails half-way. It is alone, unless it
        says that it need not be, as what adds rows and looks at none. Raises StorageError.
        """
        begin = (Begin.ALONE if alone else Begin.WRITE) if write else Begin.READ
        try:
            with self._begins[begin].begin() as connection:
                if self._asked.by_thread.is_late:
                    raise StorageError("it was told already that the database does not answer")
                return work(connection)
        except (SQLAlchemyError, OSError) as error:
            raise StorageError(f"the database cannot be used ({reason(error)})") from error

    async def run(self, work: Work[ResultT], *, write: bool = True, alone: bool = True) -> ResultT:
        """`transact` in a thread. Cancelling stops the waiting; a transaction that has begun runs to its end.

        What goes wrong is told to callers here: the words of a server's driver, which name its address and user, are
        left to the cause, for the log.
        """
        return await self._run_by(self._threads, lambda: self.transact(work, write=write, alone=alone))

    async def run_beside(self, work: Callable[[], ResultT]) -> ResultT:
        """`run`, for work that has its transactions itself and may take long: `run` never waits for its threads."""
        return await self._run_by(self._beside, work)

    async def _run_by(self, threads: ThreadPoolExecutor, work: Callable[[], ResultT]) -> ResultT:
        asked = _Asked()

        def asked_work() -> ResultT:
            self._asked.by_thread = asked
            return work()

        try:
            return await self.within_patience(asyncio.get_running_loop().run_in_executor(threads, asked_work))
        except StorageError as error:
            asked.is_late = isinstance(error.__cause__, TimeoutError)
            raise

    def add(self, work: Callable[[DBAPICursor], None]) -> None:
        """Run `work` in one transaction that adds rows beside other writers, by the driver's own cursor.

        What is done thousands of times a second goes past SQLAlchemy: a transaction of one row takes 30 us instead of
        95. Raises StorageError.
        """
        dialect, connection = self._engine.dialect, None
        foreign = dialect.loaded_dbapi.Error
        try:
            connection = self._engine.raw_connection()
            cursor = connection.cursor()
            if self.kind == SQLITE:
                cursor.execute("BEGIN IMMEDIATE")
            work(cursor)
            connection.commit()
        except (SQLAlchemyError, OSError, OverflowError, UnicodeError, foreign) as error:
            if connection is not None:
                _undo(connection, foreign)
            is_foreign = isinstance(error, foreign)
            cause = DBAPIError.instance(None, None, error, foreign, dialect=dialect) if is_foreign else error
            raise StorageError(f"the database cannot be used ({reason(error)})") from cause
        finally:
            if connection is not None:
                connection.close()  # what was not committed is undone

    async def within_patience(self, working: "asyncio.Future[ResultT]") -> ResultT:
        """What comes of work in a thread. Raises `StorageError` of it, and when it takes too long."""
        if self._patience is None:
            return await working
        try:
            async with asyncio.timeout(self._patience):
                return await working
        except TimeoutError as error:  # its thread goes on, for as long as a connection waits
            raise StorageError("the database does not answer") from error
        except StorageError as error:
            raise StorageError("the database cannot be used") from error.__cause__

    def hurry(self) -> None:
        """The process ends: a server that does not answer is not waited for."""
        self._deadline.set(_LAST_SECONDS)

    def close(self) -> None:
        """End the threads, after what they are at, and the connections."""
        self.hurry()
        self._threads.shutdown(cancel_futures=True)
        self._beside.shutdown(cancel_futures=True)
        self._engine.dispose()


def _undo(connection: PoolProxiedConnection, fault: type[Exception]) -> None:
    """Undo what was begun; a connection that cannot even do that is of no use any more."""
    try:
        connection.rollback()
    except fault:
        connection.invalidate()


def reason(error: Exception) -> str:
    """The driver's or the system's own words, without SQLAlchemy's statement and links."""
    if isinstance(error, DBAPIError):
        return str(error.orig)
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
