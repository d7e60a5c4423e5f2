"""A database and a store on disk, new for each test, with two groups; the time stands still until it is moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rhapsode.accounts.keys import Accounts
from rhapsode.database.connect import Database
from rhapsode.database.migrate import migrate
from rhapsode.database.open import open_database
from rhapsode.jobs.files import Files, Quota
from rhapsode.jobs.store import Store


@dataclass
class Clock:
    """Seconds since 1970."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def groups(database: Database) -> tuple[str, str]:
    """The ids of two groups."""
    accounts = Accounts(database, b"s" * 32)
    return accounts.create_key("one").group_id, accounts.create_key("two").group_id


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "files")


@pytest.fixture
def files(database: Database, store: Store, clock: Clock) -> Files:
    return Files(database, store, quota=Quota(size=1000, count=5), clock=clock)
