"""What a server holds that has no engine of its own and nothing to do."""

from pathlib import Path

import psutil
import pytest

from tests.live.running import DETERMINISTIC, LiveServer, running_server

MOST = 90 * 2**20
"""bytes of resident memory"""


START = ("first start", "later start")


@pytest.fixture(params=START)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A new one, whose first start makes its database and its key; or that of a server that ran before."""
    home = tmp_path / "home"
    if request.param != START[0]:
        with running_server(home, DETERMINISTIC) as first:
            assert first.terminate() == 0
    return home


def held(server: LiveServer) -> dict[str, int]:
    """By what the process is called: bytes."""
    found = {"server": psutil.Process(server.process.pid).memory_info().rss}
    for child in psutil.Process(server.process.pid).children(recursive=True):
        found[child.cmdline()[-1]] = child.memory_info().rss
    return found


def test_one_process_without_engines_is_small(home: Path) -> None:
    with running_server(home, DETERMINISTIC) as server:
        assert held(server)["server"] < MOST


def test_none_of_many_processes_is_larger(home: Path) -> None:
    with running_server(home, "[server]\nworkers = 2\n" + DETERMINISTIC) as server:
        sizes = held(server)
        assert len(psutil.Process(server.process.pid).children()) == 2
        assert max(sizes.values()) < MOST, sizes
