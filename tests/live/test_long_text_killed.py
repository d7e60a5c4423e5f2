"""A server that is killed while it speaks a long text: another one goes on, and what comes of it is the same bytes."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_long_text import create, fetch, send_zip, wait, zipped

BOOK = "".join(f'第{number}章，他走进了房间。She said "hello", and 3.14 times nothing!\n' for number in range(80))
"""minutes of humming"""
PAUSES = "".join(f"第{number}句话说完了。<#{number % 3}.25#>" for number in range(60)) + "完。"
SPOKEN = "风从山谷里吹来，带着松树的气味。他停下脚步，听见远处有人在唱歌。" * 21
ESPEAK = '[chat.engines.embedded]\nkind = "scripted"\n'

Moment = Callable[[Path], bool]


def parts(folder: Path) -> int:
    return len(list(folder.glob("*/*.part")))


def reached(count: int) -> Moment:
    """So many passages are spoken, one way or another."""
    return lambda folder: parts(folder) >= count or bool(list(folder.glob("*/sound")))


def packing(folder: Path) -> bool:
    return any(sound.stat().st_size for sound in folder.glob("*/sound"))


def until(moment: Moment, folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not moment(folder):
        assert time.monotonic() < deadline
        time.sleep(0.002)  # another process works, and leaves nothing but files to be seen


def files_of(server: LiveServer, task_id: int, file_id: int, seconds: float = 60) -> list[bytes]:
    """The content of a result. The names in it hold the task's number."""
    with server.client() as client:
        assert wait(client, task_id, seconds=seconds)["status"] == "Success"
        return list(fetch(client, file_id).values())


@pytest.fixture(scope="module")
def undisturbed(deterministic: LiveServer) -> list[bytes]:
    with deterministic.client() as client:
        told = create(client, text=BOOK + PAUSES)
    return files_of(deterministic, told["task_id"], told["file_id"])


def test_a_killed_server_loses_nothing_and_changes_nothing(tmp_path: Path, undisturbed: list[bytes]) -> None:
    home = tmp_path / "home"
    moments = [reached(1), reached(8), packing]
    with running_server(home, DETERMINISTIC) as server:
        with server.client() as client:
            told = create(client, text=BOOK + PAUSES)
        folder = home / "tasks" / str(told["task_id"])
        until(moments[0], folder)
        server.process.kill()
        server.process.wait()
    for moment in moments[1:]:
        before = {part: part.stat().st_mtime_ns for part in folder.glob("*/*.part")}
        with running_server(home, DETERMINISTIC) as server:
            until(moment, folder)
            again = {part: part.stat().st_mtime_ns for part in folder.glob("*/*.part") if part in before}
            server.process.kill()
            server.process.wait()
        assert again.items() <= before.items()  # what was spoken is not spoken again
    with running_server(home, DETERMINISTIC) as server:
        assert files_of(server, told["task_id"], told["file_id"]) == undisturbed
        until(lambda folder: not folder.exists(), folder)


def test_a_server_that_is_stopped_lets_go_and_another_goes_on(tmp_path: Path, undisturbed: list[bytes]) -> None:
    home = tmp_path / "home"
    with running_server(home, DETERMINISTIC) as server:
        with server.client() as client:
            told = create(client, text=BOOK + PAUSES)
        folder = home / "tasks" / str(told["task_id"])
        until(reached(5), folder)
        assert server.terminate() == 0
    assert parts(folder) >= 5
    with running_server(home, DETERMINISTIC) as server:
        assert files_of(server, told["task_id"], told["file_id"]) == undisturbed


def test_a_zip_goes_on_at_the_text_where_it_was(tmp_path: Path) -> None:
    home = tmp_path / "home"
    content = zipped({f"{number}.txt": f"第{number}篇。{PAUSES}" for number in range(4)})
    with running_server(home, DETERMINISTIC) as server:
        with server.client() as client:
            first, second = (send_zip(client, content) for _ in range(2))
        folder = home / "tasks" / str(second["task_id"])
        until(lambda folder: (folder / "0002").exists(), folder)
        server.process.kill()
        server.process.wait()
    with running_server(home, DETERMINISTIC) as server:
        one, other = (files_of(server, told["task_id"], told["file_id"]) for told in (first, second))
    assert len(one) == 12
    assert one == other


def test_a_real_voice_goes_on_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running_server(home, ESPEAK) as server, server.client() as client:
        voice = {"voice_id": "female-yujie", "speed": 2}
        first, second = (create(client, text=SPOKEN, voice_setting=voice) for _ in range(2))
        whole = files_of(server, first["task_id"], first["file_id"], seconds=100)
        folder = home / "tasks" / str(second["task_id"])
        until(reached(1), folder)
        server.process.kill()
        server.process.wait()
    assert parts(folder) >= 1
    with running_server(home, ESPEAK) as server:
        assert files_of(server, second["task_id"], second["file_id"], seconds=100) == whole


def test_a_start_sweeps_what_killed_servers_left(tmp_path: Path) -> None:
    home = tmp_path / "home"
    left = [home / "files" / "incoming" / "half", home / "files" / "ab" / ("ab" * 32), home / "tasks" / "1" / "a.part"]
    for path in left:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
        os.utime(path, (0, 0))
    with running_server(home, DETERMINISTIC):
        until(lambda _: not any(path.exists() for path in left), home)
