"""A PostgreSQL that hangs: what asks it gives up in time, undone, and it is as before once it goes on."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest
from sqlalchemy import Connection, text

from rhapsode.core.errors import StorageError
from rhapsode.database.open import open_database
from tests.live.faults.own_postgresql import OwnPostgresql

AT_MOST = 60
"""Seconds: for ever, in the words of a test."""

pytestmark = pytest.mark.xdist_group("postgresql")


@pytest.fixture(scope="module")
def postgresql() -> Iterator[OwnPostgresql]:
    with OwnPostgresql.running() as postgresql:
        with closing(open_database(postgresql.url)) as database:
            database.transact(lambda connection: connection.execute(text("CREATE TABLE t (a INTEGER)")))
        yield postgresql


def add(connection: Connection) -> None:
    connection.execute(text("INSERT INTO t VALUES (1)"))


def count(connection: Connection) -> int:
    return connection.execute(text("SELECT count(*) FROM t")).scalar_one()


async def test_who_waits_for_a_thread_is_told_when_it_is_late(postgresql: OwnPostgresql) -> None:
    with closing(open_database(postgresql.url, busy_timeout=0.5, statement_timeout=0.5)) as database:
        before = await database.run(count, write=False)
        with postgresql.hanging():
            calls = [database.run(add) for _ in range(12)]
            calls += [database.run_beside(lambda: database.transact(add)) for _ in range(12)]
            for end in await asyncio.gather(*calls, return_exceptions=True):
                assert isinstance(end, StorageError)
                assert end.message == "the database does not answer"
    with closing(open_database(postgresql.url)) as database:
        assert database.transact(count, write=False) == before


def test_a_transaction_whose_answer_does_not_come_is_undone(postgresql: OwnPostgresql) -> None:
    with closing(open_database(postgresql.url, statement_timeout=1)) as database:
        before = database.transact(count, write=False)

        def hang(connection: Connection) -> None:
            add(connection)
            with postgresql.hanging():
                add(connection)

        with pytest.raises(StorageError, match="it has not answered for"):
            database.transact(hang)
        assert database.transact(count, write=False) == before
        database.transact(add)


def test_a_database_that_is_closed_waits_for_no_answer(postgresql: OwnPostgresql) -> None:
    database = open_database(postgresql.url, statement_timeout=10 * AT_MOST)
    asks = Event()

    def hang(connection: Connection) -> None:
        add(connection)
        asks.set()
        connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": 10 * AT_MOST})

    with ThreadPoolExecutor(2) as threads:
        working = threads.submit(asyncio.run, database.run(hang))
        assert asks.wait(AT_MOST)
        with postgresql.hanging():
            threads.submit(database.close).result(AT_MOST)
            with pytest.raises(StorageError):
                working.result(AT_MOST)
