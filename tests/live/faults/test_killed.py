"""`kill -9` at any moment under load: what a caller saw complete is in the ledger once, and the next start is clean."""

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import psutil
import pytest

from tests.live.faults.books import PRICES, check_books, fill_balance
from tests.live.faults.load import KINDS, SECONDS, Load
from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_many_processes import processes
from tests.postgresql import Postgresql

SETTINGS = DETERMINISTIC + PRICES
MOST = 40
"""replies that are seen before the server is killed"""


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest) -> Iterator[str]:
    server = cast("Postgresql", request.getfixturevalue("postgresql"))
    url = server.new()
    yield url
    server.drop(url)


@pytest.fixture
def chance() -> random.Random:
    """Which moments: shown where a test fails."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"the seed is {seed}")  # noqa: T201 - pytest shows it beside a failure
    return random.Random(seed)


def kill_under_load(server: LiveServer, moment: int) -> list[str]:
    """Kill the server once callers saw so many replies. All that were seen complete."""
    with Load(server) as load:
        load.wait_for(lambda load: len(load.complete) >= moment)
        server.process.kill()
        load.last_calls()
        server.process.wait()
    assert not load.refused
    return load.complete


def kill_again_and_again(home: Path, settings: str, url: str, chance: random.Random, times: int) -> None:
    complete: list[str] = []
    for run in range(times):
        with running_server(home, settings) as server:  # the one before was killed
            if not run:
                fill_balance(home)
            complete += kill_under_load(server, chance.randint(1, MOST))
        said = (home / "output.txt").read_text(encoding="utf-8")
        assert "Traceback" not in said
        assert "error" not in said
        check_books(url, complete)
    with running_server(home, settings) as server, server.client() as client:
        answer = client.post(KINDS[0].path, json=KINDS[0].body)
        assert answer.json()["base_resp"]["status_code"] == 0
        complete.append(answer.headers["trace-id"])
        assert server.terminate() == 0
    # A killed server's last calls may be there too that nobody saw the end of: one of each kind at the most.
    assert len(complete) <= check_books(url, complete) <= len(complete) + times * len(KINDS)


@pytest.mark.timeout(600)
def test_twenty_times_and_the_file_is_whole(tmp_path: Path, chance: random.Random) -> None:
    kill_again_and_again(tmp_path, SETTINGS, f"sqlite:///{tmp_path / 'rhapsode.db'}", chance, times=20)
    with contextlib.closing(sqlite3.connect(tmp_path / "rhapsode.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("postgresql")
def test_five_times_with_postgresql(tmp_path: Path, postgresql_url: str, chance: random.Random) -> None:
    settings = f'[database]\nurl = "{postgresql_url}"\n' + SETTINGS
    kill_again_and_again(tmp_path, settings, postgresql_url, chance, times=5)


def wait_for_more(load: Load, replies: int) -> None:
    """Until callers saw so many more."""
    seen = len(load.complete) + replies
    load.wait_for(lambda load: len(load.complete) >= seen)


def connections(process: psutil.Process) -> int:
    return sum(each.status == psutil.CONN_ESTABLISHED for each in process.net_connections("tcp"))


def test_one_process_of_many(tmp_path: Path, chance: random.Random) -> None:
    with running_server(tmp_path, "[server]\nworkers = 2\n" + SETTINGS) as server:
        fill_balance(tmp_path)
        with Load(server) as load:
            for _ in range(2):
                wait_for_more(load, chance.randint(1, MOST))
                victim = max(processes(server, "rhapsode-server"), key=connections)
                victim.kill()
                psutil.wait_procs([victim], timeout=SECONDS)
                while len(processes(server, "rhapsode-server")) < 2:
                    wait_for_more(load, 1)  # the other one serves meanwhile
                wait_for_more(load, MOST)
        assert not load.refused
        assert server.terminate() == 0
    check_books(f"sqlite:///{tmp_path / 'rhapsode.db'}", load.complete)
