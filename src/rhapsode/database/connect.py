"""The door to SQL: one engine, one way to run a transaction, one error for all that can go wrong."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from rhapsode.core.errors import StorageError

ResultT = TypeVar("ResultT")
Work = Callable[[Connection], ResultT]

THREADS: Final = 4
"""that work on a database, and so connections to it"""

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


class Database:
    """Transactions. `transact` blocks, for the command line and for starting; `run` is for the event loop."""

    def __init__(self, engine: Engine, *, patience: float | None = None) -> None:
        """`patience`: seconds that `run` waits for a server that may never answer; None where there is none."""
        # Options that are set once: setting them on a connection costs a tenth of a small transaction.
        self._engine = engine
        self._begins = {begin: engine.execution_options(**{BEGIN: begin}) for begin in Begin.ALL}
        self._patience = patience
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="rhapsode-database")

    def transact(self, work: Work[ResultT], *, write: bool = True, alone: bool = True) -> ResultT:
        """Run `work` in one transaction, committed when it returns and undone when it raises.

        A writer takes its lock at the start, so that it waits there and never fails half-way. It is alone, unless it
        says that it need not be, as what adds rows and looks at none. Raises StorageError.
        """
        begin = (Begin.ALONE if alone else Begin.WRITE) if write else Begin.READ
        try:
            with self._begins[begin].begin() as connection:
                return work(connection)
        except (SQLAlchemyError, OSError) as error:
            raise StorageError(f"the database cannot be used ({reason(error)})") from error

    async def run(self, work: Work[ResultT], *, write: bool = True, alone: bool = True) -> ResultT:
        """`transact` in a thread. Cancelling stops the waiting; a transaction that has begun runs to its end.

        What goes wrong is told to callers here: the words of a server's driver, which name its address and user, are
        left to the cause, for the log.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience):
                return await loop.run_in_executor(self._threads, lambda: self.transact(work, write=write, alone=alone))
        except TimeoutError as error:  # its thread goes on to wait: no other way leads out of the driver
            raise StorageError("the database does not answer") from error
        except StorageError as error:
            if self._engine.dialect.name == "sqlite":
                raise
            raise StorageError("the database cannot be used") from error.__cause__

    def close(self) -> None:
        """End the threads, after what they are at, and the connections."""
        self._threads.shutdown(cancel_futures=True)
        self._engine.dispose()


def reason(error: Exception) -> str:
    """The driver's or the system's own words, without SQLAlchemy's statement and links."""
    if isinstance(error, DBAPIError):
        return str(error.orig)
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
