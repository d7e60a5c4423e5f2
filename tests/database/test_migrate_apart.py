"""A start makes the tables of any database by a process of its own, which leaves nothing half-done and tells its faults."""

import asyncio
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import cast

import psutil
import pytest
from sqlalchemy import Connection, text

from rhapsode.core.errors import StorageError
from rhapsode.database.connect import Database
from rhapsode.database.migrate import is_current, stored_revision
from rhapsode.database.migrate_apart import migrate_apart
from rhapsode.database.open import open_database
from tests.postgresql import Postgresql

pytestmark = pytest.mark.xdist_group("postgresql")
MODULE = "rhapsode.database.migrate_apart"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, path: Path) -> Iterator[str]:
    """Of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{path}"
        return
    server = cast("Postgresql", request.getfixturevalue("postgresql"))
    url = server.new(tables=False)
    yield url
    server.drop(url)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(open_database(url)) as database:
        yield database


def workers() -> list[psutil.Process]:
    """The processes that migrate for this one."""
    return [child for child in psutil.Process().children() if _is_ours(child)]


def _is_ours(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return MODULE in process.cmdline()
    return False


@contextmanager
def held(database: Database) -> Generator[None]:
    """Nobody else writes meanwhile."""
    begun, over = threading.Event(), threading.Event()

    def work(_connection: Connection) -> None:
        begun.set()
        over.wait()

    with ThreadPoolExecutor(1) as threads:
        holding = threads.submit(database.transact, work)
        begun.wait()
        try:
            yield
        finally:
            over.set()
            holding.result()


async def test_the_tables_are_made_once(database: Database, url: str) -> None:
    await migrate_apart(database, url)
    assert is_current(database)
    again = asyncio.create_task(migrate_apart(database, url))
    await asyncio.sleep(0)
    assert again.done()  # nothing was waited for: no process was started


async def test_starts_at_once_migrate_once(database: Database, url: str) -> None:
    await asyncio.gather(*(migrate_apart(database, url) for _ in range(3)))
    assert is_current(database)


async def test_a_database_of_a_newer_version_is_left_alone(database: Database, url: str) -> None:
    await migrate_apart(database, url)
    database.transact(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(StorageError, match=r"^the database has revision 9999, .* install a newer Rhapsode"):
        await migrate_apart(database, url)


async def test_a_migration_that_fails_is_told_and_leaves_nothing(database: Database, url: str) -> None:
    database.transact(lambda connection: connection.execute(text("CREATE TABLE keys (a INTEGER)")))
    with pytest.raises(StorageError, match=r"^the database cannot be used \(.*keys.* already exists"):
        await migrate_apart(database, url)
    assert database.transact(stored_revision, write=False) is None


async def test_who_is_interrupted_leaves_no_process_and_an_empty_database(
    database: Database, url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with held(database):
        started = asyncio.create_task(migrate_apart(database, url))
        while not workers():  # noqa: ASYNC110 - another process sets no event here
            await asyncio.sleep(0)
        started.cancel()
        with pytest.raises(asyncio.CancelledError):
            await started
        assert not workers()
    assert database.transact(stored_revision, write=False) is None
    assert capfd.readouterr().err == ""
    await migrate_apart(database, url)
    assert is_current(database)
