"""`rhapsode keys`, as it is typed."""

import asyncio
import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rhapsode.accounts.keys import Accounts
from rhapsode.cli.keys import app
from rhapsode.database.open import open_database
from rhapsode.settings.credentials import Credentials, read_credentials


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RHAPSODE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RHAPSODE_SECRET", raising=False)
    return tmp_path / "home"


def keys(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "80"})


def create(*arguments: str) -> dict[str, str]:
    result = keys("create", "--json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def listed() -> list[dict[str, str | None]]:
    return json.loads(keys("list", "--json").stdout)


def test_create_prints_group_and_key_as_json(home: Path) -> None:
    made = create("--group", "演示")
    assert {"group_id", "key_id", "api_key"} < set(made)
    assert create("--group", "演示")["group_id"] == made["group_id"]
    with closing(open_database(f"sqlite:///{home / 'rhapsode.db'}")) as database:
        accounts = Accounts(database, (home / "secret").read_text().strip().encode())
        caller = asyncio.run(accounts.authorise(made["api_key"], made["group_id"]))
    assert caller.key_id in {key["key_id"] for key in listed()}


def test_create_prints_group_and_key_for_people() -> None:
    result = keys("create", "--group", "studio")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("group_id  ")
    assert lines[1].startswith("api_key   sk-rh-")
    assert "not shown again" in result.stderr


def test_the_home_can_be_named(tmp_path: Path, home: Path) -> None:
    create("--group", "studio", "--home", str(tmp_path / "other"))
    assert (tmp_path / "other" / "rhapsode.db").exists()
    assert not home.exists()


def test_a_key_is_saved_when_that_is_asked(home: Path) -> None:
    create("--group", "studio")
    assert not (home / "credentials.toml").exists()
    (home / "rhapsode.toml").write_text('[server]\nhost = "0.0.0.0"\nport = 9000')
    made = create("--group", "studio", "--save")
    assert read_credentials(home / "credentials.toml") == Credentials(
        base_url="http://127.0.0.1:9000", group_id=made["group_id"], api_key=made["api_key"]
    )


@pytest.mark.parametrize(
    ("server", "base_url"),
    [
        ("port = 9000", "https://127.0.0.1:9000"),
        ('host = "::"\nport = 9000', "https://[::1]:9000"),
        ('public_url = "https://speech.example.com/"', "https://speech.example.com"),
    ],
)
def test_a_key_that_is_saved_is_for_the_way_that_the_server_speaks(home: Path, server: str, base_url: str) -> None:
    create("--group", "studio", "--save")  # before there was a certificate
    (home / "rhapsode.toml").write_text(f'[server]\ntls_cert = "cert.pem"\ntls_key = "key.pem"\n{server}\n')
    create("--group", "studio", "--save")
    kept = read_credentials(home / "credentials.toml")
    assert kept is not None
    assert kept.base_url == base_url


def test_the_list_never_shows_a_key() -> None:
    made = create("--group", "[bold]studio")
    for result in (keys("list"), keys("list", "--json")):
        assert made["api_key"] not in result.output
        assert "[bold]studio" in result.stdout
        assert str(listed()[0]["key_id"]) in result.stdout


def test_a_long_group_name_leaves_the_id_whole() -> None:
    create("--group", "x" * 64)
    assert str(listed()[0]["key_id"]) in keys("list").stdout


def test_revoke() -> None:
    create("--group", "studio")
    key_id = str(listed()[0]["key_id"])
    assert listed()[0]["revoked_at"] is None
    assert keys("revoke", key_id).stdout == f"{key_id} of group studio is revoked.\n"
    assert listed()[0]["revoked_at"] is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("revoke", "key-0"), "error: key_id: there is no such key"),
        (("create", "--group", ""), "error: group: must have 1 to 64 printable characters"),
        (
            ("create", "--group", "studio", "--home", "/dev/null"),
            "error: the home /dev/null cannot be used (File exists)",
        ),
    ],
)
def test_a_fault_is_one_line_and_status_1(arguments: tuple[str, ...], message: str) -> None:
    create("--group", "studio")
    command = [sys.executable, "-m", "rhapsode", "keys", *arguments]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def in_a_base_install(code: str) -> "subprocess.CompletedProcess[str]":
    """Run code where what the server extra brings cannot be imported."""
    hidden = "import sys; sys.modules.update(dict.fromkeys(['sqlalchemy', 'alembic', 'structlog', 'numpy'])); "
    return subprocess.run([sys.executable, "-c", hidden + code], check=False, capture_output=True, text=True)


def test_without_the_server_extra_the_error_names_it(home: Path) -> None:
    result = in_a_base_install("sys.argv[1:] = ['keys', 'list']; from rhapsode.cli.main import run; run()")
    assert result.returncode == 1
    assert result.stderr == (
        "error: this needs sqlalchemy, which is not installed: pip install 'rhapsode[server,espeak]'\n"
    )
    assert not home.exists()


def test_credentials_are_read_in_a_base_install(home: Path) -> None:
    made = create("--group", "studio", "--save")
    code = (
        "import os; from rhapsode.settings.credentials import read_credentials;"
        "from rhapsode.settings.home import find_home;"
        "print(read_credentials(find_home(None, os.environ).credentials_file).group_id)"
    )
    assert in_a_base_install(code).stdout.strip() == made["group_id"]
    assert home.exists()
