"""The home: where it is, what is made in it, and what is said when it cannot be used."""

import os
import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rhapsode.core.errors import SettingsError
from rhapsode.settings.credentials import Credentials, read_credentials
from rhapsode.settings.home import Home, find_home
from rhapsode.settings.shape import DatabaseSettings, Settings

NOBODY = 65534


def test_the_option_wins_over_the_variable_and_both_over_the_default(tmp_path: Path) -> None:
    environ = {"RHAPSODE_HOME": str(tmp_path / "variable")}
    assert find_home(tmp_path / "option", environ).path == tmp_path / "option"
    assert find_home(None, environ).path == tmp_path / "variable"
    assert find_home(None, {}).path.name == "rhapsode"
    assert find_home(None, {"RHAPSODE_HOME": ""}) == find_home(None, {})


def test_the_home_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/someone")
    assert find_home(Path("here"), {}).path == tmp_path / "here"
    assert find_home(Path("~/there"), {}).path == Path("/home/someone/there")


def test_looking_for_it_makes_nothing(tmp_path: Path) -> None:
    find_home(tmp_path / "home", {})
    assert list(tmp_path.iterdir()) == []


def test_a_new_home_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    home.prepare()
    home.prepare()
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert list(home.path.iterdir()) == []


@pytest.mark.parametrize("below", [".", "home", "deep/home"])
def test_a_file_in_its_place_is_named(tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SettingsError) as caught:
        Home(file / below).prepare()
    assert caught.value.message.startswith(f"the home {file / below} cannot be used (")
    assert caught.value.message.endswith("name a directory that you may write with --home or RHAPSODE_HOME")


@pytest.fixture
def not_root() -> Iterator[None]:
    """The file system's rights count, whoever runs the tests."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def readable_only() -> Iterator[Path]:
    """A directory that everybody may read and nobody write; not under tmp_path, which others may not enter."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o555)
        yield path
        path.chmod(0o755)


@pytest.mark.parametrize("below", [".", "home"])
def test_a_home_that_is_not_writable_is_named(readable_only: Path, below: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("not_root")
    with pytest.raises(SettingsError, match=re.escape(f"the home {readable_only / below} cannot be used (Permission")):
        Home(readable_only / below).prepare()


def test_the_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    home = Home(tmp_path)
    secret = home.secret({})
    assert len(secret) == 43
    assert home.secret({}) == secret
    assert stat.S_IMODE(home.secret_file.stat().st_mode) == 0o600


def test_two_homes_have_two_secrets(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert Home(tmp_path).secret({}) != Home(tmp_path / "other").secret({})


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; from rhapsode.settings.home import Home; print('ready', flush=True); sys.stdin.readline();"
        "print(Home(pathlib.Path(sys.argv[1])).secret({}).decode())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    secrets = {process.communicate("go\n")[0] for process in processes}
    assert secrets == {(tmp_path / "secret").read_text()}


def test_the_variable_is_the_secret_and_no_file_is_made(tmp_path: Path) -> None:
    assert Home(tmp_path).secret({"RHAPSODE_SECRET": "s" * 32}) == b"s" * 32
    assert list(tmp_path.iterdir()) == []


def test_a_short_secret_is_refused_without_being_shown(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with pytest.raises(SettingsError, match=r"^RHAPSODE_SECRET: must have at least 32 characters$"):
        home.secret({"RHAPSODE_SECRET": "hunter2"})
    home.secret_file.write_text("hunter2")
    with pytest.raises(SettingsError, match=re.escape(f"{home.secret_file}: must have at least 32 characters")):
        home.secret({})


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.secret_file.mkdir()
    with pytest.raises(SettingsError, match=re.escape(f"{home.secret_file} cannot be used")):
        home.secret({})


def test_older_credentials_are_kept_beside_the_new(tmp_path: Path) -> None:
    home = Home(tmp_path)
    cloud = Credentials(base_url="https://api.minimaxi.com", group_id="1", api_key="sk-api-mine")
    ours = Credentials(base_url="http://127.0.0.1:8765", group_id="2", api_key="sk-rh-ours")
    home.keep_credentials(cloud)
    assert not (tmp_path / "credentials.toml.old").exists()
    home.keep_credentials(ours)
    assert read_credentials(home.credentials_file) == ours
    assert read_credentials(tmp_path / "credentials.toml.old") == cloud


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///rhapsode.db", "/home/of/it/rhapsode.db"),
        ("sqlite:///data/keys.db", "/home/of/it/data/keys.db"),
        ("sqlite:////var/lib/keys.db", "/var/lib/keys.db"),
    ],
)
def test_a_relative_database_is_in_the_home(url: str, path: str) -> None:
    settings = Settings(database=DatabaseSettings(url=url))
    assert Home(Path("/home/of/it")).database_url(settings, {}) == f"sqlite:///{path}"
