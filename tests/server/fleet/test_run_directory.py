"""Where the processes of one server meet: nobody else's, short, and gone with it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from rhapsode.server.fleet.run_directory import run_directory


def test_it_is_its_owners_alone_and_goes_with_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with run_directory() as directory:
        assert directory.stat().st_mode & 0o777 == 0o700
        (directory / "engines").touch()
    assert not directory.exists()


def test_a_socket_in_it_has_a_name_that_is_short_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with run_directory() as directory:
        assert len(os.fsencode(directory / "counting")) < 100


def test_what_killed_servers_left_is_removed_and_what_others_use_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path if len(os.fsencode(tmp_path)) <= 40 else Path(tempfile.mkdtemp(prefix="r", dir="/tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    left, used = place / f"rhapsode-run-{ended.pid}-x", place / f"rhapsode-run-{os.getpid()}-x"
    for directory in (left, used):
        directory.mkdir()
        (directory / "engines").touch()
    with run_directory():
        assert not left.exists()
        assert used.exists()
