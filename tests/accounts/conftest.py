"""Accounts on a database of their own, and a clock that the test turns."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from rhapsode.accounts.keys import Accounts
from rhapsode.database.connect import Database
from rhapsode.database.migrate import migrate
from rhapsode.database.open import open_database

SECRET = b"a secret for tests, of 32 or more"


@dataclass
class Clock:
    """Seconds, as time.monotonic counts them."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url, busy_timeout=0.05)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def accounts(database: Database, clock: Clock) -> Accounts:
    return Accounts(database, SECRET, clock=clock)
