"""A database on disk, new for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rhapsode.database.connect import Database
from rhapsode.database.open import open_database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rhapsode.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{path}", busy_timeout=0.05)
    yield database
    database.close()
