"""Connections to PostgreSQL that wait for a while and not for ever, as the driver does by itself.

A server that hangs keeps its connections: the network tells nothing of it. What was asked is given up then, and the
connection closed. Once the server goes on it undoes the transaction, unless it had been told to commit it already.
"""

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow
from sqlalchemy import Engine, event

from rhapsode.database.connect import Deadline

ResultT = TypeVar("ResultT")

_PING_SECONDS: Final = 5
"""Before each transaction the server is asked whether it is there, which takes it no work."""


class SilentServer(psycopg.OperationalError):
    """It does not answer."""


class PatientConnection(psycopg.Connection[TupleRow]):
    """Its `patience` is for each answer: seconds in which nothing comes."""

    patience: float = _PING_SECONDS
    deadline: Deadline = Deadline()

    def wait(self, gen: PQGen[ResultT], *args: Any, **kwargs: Any) -> ResultT:  # noqa: ANN401 - the driver's
        """Of the driver: whatever is waited for, is waited for here. Raises `SilentServer`."""
        try:
            return super().wait(self._answered(gen), *args, **kwargs)
        except SilentServer:
            self.close()
            raise

    def _answered(self, gen: PQGen[ResultT]) -> PQGen[ResultT]:
        """The same, in a driver's own terms: it is woken ten times a second, with nothing where nothing has come."""
        # SQLAlchemy asks whether a server is there outside of all transactions, and nothing else so.
        patience = min(self.patience, _PING_SECONDS) if self.autocommit else self.patience
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready:
                    heard = now
                elif now - heard > patience or self.deadline.is_over(now):
                    raise SilentServer(f"it has not answered for {now - heard:.1f} s")
                wanted = gen.send(ready)
        except StopIteration as done:
            result: ResultT = done.value
            return result


def be_patient(engine: Engine, *, patience: float, deadline: Deadline) -> None:
    """Have all connections of an engine of PostgreSQL's be of this kind."""

    def connect(_dialect: object, _entry: object, args: tuple[Any, ...], options: dict[str, Any]) -> PatientConnection:
        if deadline.is_over(time.monotonic()):
            raise SilentServer("there is no time left to ask it")
        connection = PatientConnection.connect(*args, **options)
        connection.patience, connection.deadline = patience, deadline
        return connection

    told: Callable[..., object] = connect
    event.listen(engine, "do_connect", told)
