"""Transactions hold, leave the event loop, and every fault of the database is a StorageError."""

import re
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from rhapsode.core.errors import SettingsError, StorageError
from rhapsode.database.connect import Database
from rhapsode.database.open import open_database


def make_table(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER REFERENCES t (a))"))


def count(connection: Connection) -> int:
    return connection.execute(text("SELECT count(*) FROM t")).scalar_one()


def insert(connection: Connection) -> None:
    connection.execute(text("INSERT INTO t (b) VALUES (NULL)"))


def pragma(database: Database, name: str) -> object:
    return database.transact(lambda connection: connection.execute(text(f"PRAGMA {name}")).scalar_one(), write=False)


def test_sqlite_is_set_up(database: Database, path: Path) -> None:
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "synchronous") == 1  # NORMAL
    assert pragma(database, "foreign_keys") == 1
    assert pragma(database, "busy_timeout") == 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    database.transact(make_table)

    def work(connection: Connection) -> None:
        insert(connection)
        connection.execute(text("CREATE TABLE u (a INTEGER)"))
        raise LookupError

    with pytest.raises(LookupError):
        database.transact(work)
    assert database.transact(count, write=False) == 0
    with pytest.raises(StorageError, match="no such table: u"):
        database.transact(lambda connection: connection.execute(text("SELECT * FROM u")))


async def test_run_waits_for_a_server_that_may_never_answer_for_so_long_and_no_longer() -> None:
    database = Database(create_engine("sqlite://"), patience=0.05)
    answered = threading.Event()
    with pytest.raises(StorageError, match=r"^the database does not answer$"):
        await database.run(lambda _: answered.wait())
    answered.set()
    database.close()


async def test_run_works_in_another_thread(database: Database) -> None:
    assert await database.run(lambda _: threading.current_thread()) is not threading.current_thread()


async def test_a_locked_database_is_a_storage_error(database: Database, path: Path) -> None:
    await database.run(make_table)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match=r"^the database cannot be used \(database is locked\)$") as caught:
            await database.run(insert)
        assert caught.value.__cause__ is not None
        assert await database.run(count, write=False) == 0  # readers do not wait for a writer
    await database.run(insert)


def test_writers_wait_for_each_other(path: Path) -> None:
    with closing(open_database(f"sqlite:///{path}")) as database:
        database.transact(make_table)

        def read_then_write(_: int) -> None:
            def work(connection: Connection) -> None:
                count(connection)
                insert(connection)

            database.transact(work)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(read_then_write, range(40)))
        assert database.transact(count, write=False) == 40


def test_foreign_keys_hold(database: Database) -> None:
    database.transact(make_table)
    with pytest.raises(StorageError, match="FOREIGN KEY"):
        database.transact(lambda connection: connection.execute(text("INSERT INTO t (b) VALUES (77)")))


def test_what_is_not_a_database_is_a_storage_error(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and longer than the header of one: " + "." * 100)
    with (
        closing(open_database(f"sqlite:///{path}")) as database,
        pytest.raises(StorageError, match="file is not a database"),
    ):
        database.transact(lambda _: None)


def test_a_place_that_cannot_hold_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "rhapsode.db"
    with pytest.raises(StorageError, match=re.escape(f"the database {path} cannot be made (No such file")):
        open_database(f"sqlite:///{path}")


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "sqlite://", "sqlite:///", "/path", "postgresql://host:port/name"]
)
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(
        SettingsError, match=r"^database\.url: must be (sqlite:///PATH or )?postgresql://USER:PASSWORD@HOST:PORT/NAME$"
    ):
        open_database(url)


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "家 #1?mode=ro%20.db"
    with closing(open_database(f"sqlite:///{path}")) as database:
        database.transact(make_table)
    assert list(tmp_path.iterdir()) == [path]


def test_openers_at_once_agree_on_one_file(path: Path) -> None:
    together = threading.Barrier(4)

    def open_and_write(number: int) -> None:
        together.wait()
        with closing(open_database(f"sqlite:///{path}")) as database:
            database.transact(lambda connection: connection.execute(text(f"CREATE TABLE t{number} (a INTEGER)")))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(open_and_write, range(4)))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_errors_do_not_show_what_was_asked(database: Database) -> None:
    with pytest.raises(StorageError) as caught:
        database.transact(lambda connection: connection.execute(text("SELECT :secret FROM t"), {"secret": "hunter2"}))
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in str(caught.value.__cause__)
