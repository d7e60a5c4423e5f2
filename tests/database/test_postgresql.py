"""What a file of SQLite's gives by itself, and a server of PostgreSQL's by what we ask it for."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from rhapsode.core.errors import StorageError
from rhapsode.database.connect import Database
from rhapsode.database.migrate import known_revisions, migrate, stored_revision
from rhapsode.database.open import open_database
from rhapsode.database.tables import metadata
from tests.postgresql import Postgresql


@pytest.fixture
def url(postgresql: Postgresql) -> Iterator[str]:
    """Of a database without tables."""
    url = postgresql.new(tables=False)
    yield url
    postgresql.drop(url)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(open_database(url)) as database:
        yield database


def test_the_migrations_make_the_tables_that_the_code_speaks_of(database: Database) -> None:
    migrate(database)
    assert database.transact(lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []


def test_servers_that_start_at_once_migrate_once(url: str) -> None:
    together = threading.Barrier(2)
    with closing(open_database(url)) as one, closing(open_database(url)) as other:
        one.transact(lambda _: None, write=False)
        other.transact(lambda _: None, write=False)

        def start(database: Database) -> str | None:
            together.wait()
            migrate(database)
            return database.transact(stored_revision, write=False)

        with ThreadPoolExecutor(2) as threads:
            assert list(threads.map(start, (one, other))) == [known_revisions()[-1]] * 2


def test_who_reads_before_writing_takes_turns_and_who_only_adds_does_not(database: Database) -> None:
    database.transact(lambda connection: connection.execute(text("CREATE TABLE t (a INTEGER)")))

    def add_one_more(_: int) -> None:
        def work(connection: Connection) -> None:
            most = connection.execute(text("SELECT coalesce(max(a), 0) FROM t")).scalar_one()
            connection.execute(text("INSERT INTO t VALUES (:a)"), {"a": most + 1})

        database.transact(work)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add_one_more, range(40)))
    rows = database.transact(lambda c: c.execute(text("SELECT a FROM t ORDER BY a")).scalars().all(), write=False)
    assert rows == list(range(1, 41))

    add = text("INSERT INTO t VALUES (0)")

    def add_meanwhile(_: Connection) -> None:
        # In the midst of one that is alone: this would wait for it for ever, if it took turns with it.
        database.transact(lambda connection: connection.execute(add), alone=False)

    database.transact(add_meanwhile)


def test_a_lock_of_somebody_else_is_waited_for_and_then_a_storage_error(url: str) -> None:
    with closing(open_database(url, busy_timeout=0.05)) as database:
        database.transact(lambda connection: connection.execute(text("CREATE TABLE t (a INTEGER)")))
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE t")
            with pytest.raises(StorageError, match="lock timeout"):
                database.transact(lambda connection: connection.execute(text("INSERT INTO t VALUES (1)")))
        database.transact(lambda connection: connection.execute(text("INSERT INTO t VALUES (1)")))


def test_connections_that_the_server_ended_are_made_anew(database: Database, url: str) -> None:
    own = database.transact(lambda c: c.execute(text("SELECT pg_backend_pid()")).scalar_one(), write=False)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (own,))  # returns when it has ended
    new = database.transact(lambda c: c.execute(text("SELECT pg_backend_pid()")).scalar_one(), write=False)
    assert new != own


def test_an_address_where_nobody_listens_is_a_storage_error() -> None:
    with closing(open_database("postgresql://rhapsode:hunter2@127.0.0.1:1/rhapsode")) as database:
        with pytest.raises(StorageError, match="the database cannot be used") as caught:
            database.transact(lambda _: None)
        assert "hunter2" not in str(caught.value)
