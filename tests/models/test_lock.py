"""One holder at a time, across processes, and none after a death."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rhapsode.models.lock import locked

HOLD = """
import sys
from pathlib import Path
from rhapsode.models.lock import locked
with locked(Path(sys.argv[1]), busy=lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


def nobody() -> None:
    raise AssertionError("nobody else holds it")


def test_a_lock_is_held_once_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, busy=nobody):
        assert path.exists()
    assert not path.exists()
    with locked(path, busy=nobody):
        pass


def test_an_error_inside_lets_it_go(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "lock", busy=nobody):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_another_process_is_waited_for_and_its_death_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        told: list[str] = []

        def kill() -> None:
            told.append("busy")
            holder.kill()

        with locked(path, busy=kill):
            assert told == ["busy"]
    assert not path.exists()


def test_many_in_a_row_never_meet(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            with locked(tmp_path / "lock", busy=lambda: None):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 160
    assert set(most) == {1}
