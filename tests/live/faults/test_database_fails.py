"""A database that is full, locked, or gone: callers are told 1013, never of a wrong key, and it works again after."""

import re
import resource
import sqlite3
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import httpx2
import pytest

from tests.live.faults.books import PRICES, check_books, fill_balance
from tests.live.faults.load import KINDS, Kind
from tests.live.faults.own_postgresql import OwnPostgresql
from tests.live.running import DETERMINISTIC, LiveServer, running_server

SETTINGS = DETERMINISTIC + PRICES
BROKEN = 1013


@contextmanager
def kept_books(home: Path, settings: str = SETTINGS) -> Generator[LiveServer]:
    with running_server(home, settings) as server:
        fill_balance(home)
        yield server


def ask(server: LiveServer, kind: Kind, key: str = "") -> tuple[str, str]:
    """The trace id, and what came, to its end."""
    with server.client() as client:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = client.post(kind.path, json=kind.body, headers=headers)
    return answer.headers["trace-id"], answer.text


def ask_every_kind(server: LiveServer) -> list[tuple[str, str]]:
    """One call of each kind, all at once."""
    with ThreadPoolExecutor(len(KINDS)) as callers:
        return list(callers.map(partial(ask, server), KINDS))


def assert_told(said: list[tuple[str, str]]) -> None:
    """Every caller was told of it, whole replies and streams, in its own dialect, and no reply is complete."""
    for kind, (_, text) in zip(KINDS, said, strict=True):
        assert f"({BROKEN})" in text or f'"status_code":{BROKEN}' in text, (kind.path, text)
        assert not re.search(r'(\(|"status_code":)(1004|2049)\b', text)
        assert "socket" not in text  # where the database is, is nothing for callers
        assert not kind.last or kind.last not in text


def all_good(server: LiveServer) -> list[str]:
    """Every kind is served. Its trace ids."""
    said = ask_every_kind(server)
    for kind, (_, text) in zip(KINDS, said, strict=True):
        assert f"({BROKEN})" not in text, (kind.path, text)
        assert '"status_code":1' not in text, (kind.path, text)
        assert kind.last in text
    return [trace_id for trace_id, _ in said]


def is_served(server: LiveServer, path: str) -> bool:
    with server.client() as client:
        return client.get(path).status_code == 200


@contextmanager
def no_room(server: LiveServer) -> Generator[None]:
    """No file of the server's, its log included, takes another byte: a full disk, for whoever cannot mount one.

    A write fails as on a full disk, but for the number of its fault (EFBIG).
    """
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, hard))
    yield
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


def test_a_full_disk_fails_what_must_be_written_and_nothing_else(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'rhapsode.db'}"
    with kept_books(tmp_path) as server:
        good = all_good(server)
        with no_room(server):
            for _ in range(2):
                assert_told(ask_every_kind(server))
            assert is_served(server, "/health/ready")
            assert is_served(server, "/v1/models")
            assert '"status_code":2049' in ask(server, KINDS[0], "sk-rh-" + "A" * 43)[1]
        good += all_good(server)
        assert server.terminate() == 0
    # What could not be written down is not there, or says that it failed.
    assert check_books(url, good) >= len(good)
    with closing(sqlite3.connect(tmp_path / "rhapsode.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_file_that_another_program_locks(tmp_path: Path) -> None:
    with kept_books(tmp_path) as server:
        good = all_good(server)
        with closing(sqlite3.connect(tmp_path / "rhapsode.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with ThreadPoolExecutor(1) as callers, server.client() as client:
                asked = callers.submit(ask_every_kind, server)
                while not wait([asked], timeout=0.2).done:  # twice the five seconds that each transaction waits
                    assert client.get("/health/ready").status_code == 200
                    assert client.get("/v1/models").status_code == 200
            assert_told(asked.result())
            other.execute("ROLLBACK")
        good += all_good(server)
    check_books(f"sqlite:///{tmp_path / 'rhapsode.db'}", good)


@pytest.mark.xdist_group("postgresql")
def test_postgresql_that_is_stopped_and_started_again(tmp_path: Path) -> None:
    with OwnPostgresql.running() as postgresql:
        settings = f'[database]\nurl = "{postgresql.url}"\n' + SETTINGS
        with kept_books(tmp_path, settings) as server:
            good = all_good(server)
            with httpx2.Client(base_url=server.base_url, trust_env=False) as outside:
                postgresql.stop()
                assert_told(ask_every_kind(server))
                assert outside.get("/health/live").status_code == 200
                postgresql.start()
            good += all_good(server)
            assert server.terminate() == 0
        check_books(postgresql.url, good)
