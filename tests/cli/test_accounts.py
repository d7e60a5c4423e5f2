"""Groups, users, keys, administrators' keys and limits, as they are typed."""

import base64
import json
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from rhapsode.cli.account_options import read_expiry
from rhapsode.cli.account_words import CHINESE, ENGLISH
from rhapsode.cli.main import app
from rhapsode.core.errors import RhapsodeError, SettingsError
from rhapsode.database.migrate import migrate
from rhapsode.database.open import open_database
from rhapsode.settings.credentials import read_credentials
from rhapsode.settings.home import Home
from tests.cli.command import rhapsode

CLAIMS = base64.urlsafe_b64encode(b'{"GroupID":"1700000000000000001"}').decode().rstrip("=")
JWT = f"eyJhbGciOiJSUzI1NiJ9.{CLAIMS}.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RHAPSODE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RHAPSODE_SECRET", raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return tmp_path / "home"


def typed(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, arguments, input=stdin, env={"COLUMNS": "80"})


def said(*arguments: str, stdin: str | None = None) -> Any:  # noqa: ANN401 - JSON
    result = typed(*arguments, "--json", stdin=stdin)
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def test_groups_and_their_balances() -> None:
    made = said("groups", "create", "演示", "--id", "1700000000000000001")
    assert made["group_id"] == "1700000000000000001"
    assert (made["name"], made["balance"], made["keys"]) == ("演示", None, 0)
    assert said("groups", "show", "演示") == said("groups", "show", made["group_id"]) == made
    assert said("groups", "balance", "演示", "--add", "10.5")["balance"] == 10.5
    assert said("groups", "balance", "演示", "--add", "-0.000001")["balance"] == 10.499999
    assert said("groups", "balance", "演示")["balance"] == 10.499999
    assert said("groups", "balance", "演示", "--set", "3")["balance"] == 3
    assert "balance\t3\n" in typed("groups", "show", "演示").stdout
    assert said("groups", "balance", "演示", "--none")["balance"] is None
    assert said("groups", "rename", "演示", "studio")["name"] == "studio"
    assert [group["name"] for group in said("groups", "list")] == ["studio"]
    assert typed("groups", "list").stdout.startswith("1700000000000000001\tstudio\t0\tnone kept\t")
    assert typed("groups", "balance", "studio", "--add", "1", "--none").exit_code == 2
    assert typed("groups", "balance", "studio", "--add", "much").exit_code == 2


def test_users_and_their_keys() -> None:
    said("groups", "create", "studio")
    li = said("users", "create", "Li", "--group", "studio")
    key = said("keys", "create", "--group", "studio", "--user", "Li")
    said("keys", "create", "--group", "studio")
    assert said("users", "show", li["user_id"])["keys"] == 1
    assert [each["key_id"] for each in said("keys", "list", "--user", "Li", "--group", "studio")] == [key["key_id"]]
    assert typed("users", "list").stdout.startswith(f"{li['user_id']}\tLi\tstudio\t1\t")
    assert typed("users", "revoke", "Li", "--group", "studio").stdout == "No key of Li opens any more.\n"
    assert said("users", "list", "--group", "studio")[0]["keys"] == 0
    assert said("keys", "show", key["key_id"])["revoked_at"] is not None


def test_a_key_with_terms_is_made_changed_and_replaced(home: Path) -> None:
    terms = ["--name", "phone", "--expires", "30d", "--model", "a", "--model", "b", "--address", "10.0.0.0/8"]
    made = said("keys", "create", "--group", "studio", *terms)
    assert (made["name"], made["models"], made["addresses"]) == ("phone", ["a", "b"], ["10.0.0.0/8"])
    ends = datetime.fromisoformat(made["expires_at"]).timestamp()
    assert 0 <= ends - datetime.fromisoformat(made["created_at"]).timestamp() - 30 * 24 * 3600 <= 10
    changed = said("keys", "change", made["key_id"], "--model", "none", "--expires", "none", "--name", "desk")
    kept = {name: value for name, value in made.items() if name != "api_key"}
    assert changed == kept | {"models": None, "expires_at": None, "name": "desk"}
    new = said("keys", "rotate", made["key_id"], "--grace", "1h", "--save")
    assert read_credentials(home / "credentials.toml").api_key == new["api_key"]  # type: ignore[union-attr]
    assert (new["name"], new["addresses"]) == ("desk", ["10.0.0.0/8"])
    old = said("keys", "show", made["key_id"])
    assert old["revoked_at"] is None
    assert 3590 <= datetime.fromisoformat(old["expires_at"]).timestamp() - time.time() <= 3600
    again = typed("keys", "rotate", new["key_id"])
    assert f"{new['key_id']} is revoked." in again.stderr
    assert re.fullmatch(
        rf"group_id  {new['group_id']}\napi_key   sk-rh-\S{{43}}\nkey_id    key-\w{{12}}\n", again.stdout
    )


def test_a_jwt_is_read_from_standard_input_or_a_file_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "key.jwt").write_text(JWT + "\n")
    first = typed("keys", "import", "--group", "old", "--file", str(tmp_path / "key.jwt"), "--json")
    assert json.loads(first.stdout)["group_id"] == "1700000000000000001"
    assert first.stderr == ""
    other = JWT[:-4] + "AAAA"
    said("keys", "create", "--group", "mine")
    second = typed("keys", "import", "--group", "mine", stdin=other + "\n")
    assert second.exit_code == 0
    assert "The key itself names the group 1700000000000000001" in second.stderr
    for result in (first, second, typed("keys", "list"), typed("keys", "list", "--json")):
        assert CLAIMS not in result.output
    assert typed("keys", "import", "--group", "mine", JWT).exit_code == 2  # not from the command line
    assert typed("keys", "import", "--group", "mine", "--file", str(tmp_path / "none")).exit_code == 2


def test_administrators_keys() -> None:
    made = said("admin-keys", "create", "--name", "Ada", "--expires", "2999-01-31", "--address", "127.0.0.1")
    assert re.fullmatch(r"sk-rh-admin-\S{43}", made["api_key"])
    assert (made["name"], made["expires_at"], made["addresses"]) == ("Ada", "2999-01-31T00:00:00Z", ["127.0.0.1/32"])
    new = said("admin-keys", "rotate", made["key_id"])
    assert new["expires_at"] == made["expires_at"]
    assert {each["key_id"] for each in said("admin-keys", "list")} == {made["key_id"], new["key_id"]}
    assert said("admin-keys", "show", made["key_id"])["revoked_at"] is not None
    assert typed("admin-keys", "revoke", new["key_id"]).stdout == f"{new['key_id']} (Ada) is revoked.\n"
    for result in (typed("admin-keys", "list"), typed("admin-keys", "list", "--json"), typed("keys", "list")):
        assert made["api_key"] not in result.output
        assert new["api_key"] not in result.output


def test_limits_of_a_group_a_key_and_a_model() -> None:
    key = said("keys", "create", "--group", "studio")
    whole = said("limits", "set", "--group", "studio", "--requests", "60", "--spend", "9.99")
    assert (whole["requests_per_minute"], whole["spend_per_month"], whole["spent"]) == (60, 9.99, 0)
    assert (whole["group"], whole["key_id"], whole["model"], whole["tokens_per_minute"]) == ("studio", None, "", None)
    figures = ["--tokens", "1000", "--characters", "500", "--parallel", "2"]
    one = said("limits", "set", "--group", "studio", "--key", key["key_id"], "--model", "speech-01", *figures)
    assert (one["tokens_per_minute"], one["characters_per_minute"], one["parallel"]) == (1000, 500, 2)
    assert said("limits", "list", "--group", "studio") == [whole, one]
    assert said("limits", "list", "--key", key["key_id"]) == [one]
    rows = typed("limits", "list").stdout.splitlines()
    assert rows[0] == "studio\tall\tall together\t60\t\t\t\t9.99\t0"
    assert rows[1] == f"studio\t{key['key_id']}\tspeech-01\t\t1000\t500\t2\t\t0"
    changed = said("limits", "set", "--group", "studio", "--requests", "none", "--parallel", "3")
    assert (changed["requests_per_minute"], changed["parallel"], changed["spend_per_month"]) == (None, 3, 9.99)
    assert said("limits", "clear", "--group", "studio") == {"cleared": 1}
    cleared = typed("limits", "clear", "--key", key["key_id"], "--model", "speech-01")
    assert cleared.stdout == "Limits cleared: 1\n"
    assert said("limits", "list") == []
    assert typed("limits", "set", "--group", "studio", "--requests", "many").exit_code == 2


def make(home: Path) -> None:
    """What a start leaves that ends before the first key."""
    place = Home(home)
    place.prepare()
    with closing(open_database(f"sqlite:///{home / 'rhapsode.db'}")) as database:
        migrate(database)
    place.secret({})


def test_nothing_there_is_said_in_a_line(home: Path) -> None:
    make(home)
    for noun in ("groups", "users", "keys", "admin-keys", "limits"):
        result = typed(noun, "list")
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr.startswith("There are no ")
        assert said(noun, "list") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["groups", "show", "nobody"], "group: there is no group of this name or id; `rhapsode groups list`"),
        (["keys", "create", "--group", "g", "--address", "here"], "addresses[0]: must be an IP address"),
        (["keys", "create", "--group", "g", "--expires", "2020-01-01"], "expires_at: must lie in the future"),
        (["admin-keys", "revoke", "admin-0"], "key_id: there is no such key; `rhapsode admin-keys list`"),
        (["limits", "set", "--group", "nobody", "--requests", "1"], "group: there is no group of this name or id"),
    ],
)
def test_a_fault_is_one_of_ours(arguments: Sequence[str], message: str, home: Path) -> None:
    make(home)
    result = typed(*arguments)
    assert result.stdout == ""
    assert isinstance(result.exception, RhapsodeError)  # which the command makes a line and status 1 of
    assert result.exception.message.startswith(message)


def test_the_real_command_speaks_chinese(home: Path) -> None:
    make(home)
    result = rhapsode("limits", "list", home=home, env={"LC_ALL": "zh_CN.UTF-8"})
    assert result.stderr.startswith("没有限额：")


@pytest.mark.parametrize(
    "arguments",
    [
        ["groups", "list"],
        ["groups", "balance", "studio"],
        ["users", "list"],
        ["users", "create", "Li", "--group", "studio"],
        ["keys", "list"],
        ["keys", "revoke", "key-0"],
        ["admin-keys", "list"],
        ["limits", "list"],
        ["limits", "set", "--group", "studio", "--requests", "1"],
        ["blends", "list"],
        ["usage"],
    ],
)
def test_nothing_is_made_in_a_home_that_was_mistyped(arguments: Sequence[str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for home in (tmp_path / "absent", tmp_path / "empty"):
        result = typed(*arguments, "--home", str(home))
        assert result.stdout == ""
        assert isinstance(result.exception, SettingsError)
        assert result.exception.message.startswith(f"there are no accounts in {home} yet: `rhapsode serve` makes")
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def test_a_secret_that_was_lost_is_not_made_anew_by_who_only_looks(home: Path) -> None:
    make(home)
    (home / "secret").unlink()
    lost = typed("groups", "list")
    assert isinstance(lost.exception, SettingsError)
    assert lost.exception.message.startswith(f"{home / 'secret'} is not there")
    assert not (home / "secret").exists()


@pytest.mark.parametrize("text", ["soon", "30", "1y", "2027-13-01", "-1d", ""])
def test_what_is_no_end(text: str) -> None:
    result = typed("keys", "create", "--group", "studio", "--expires", text)
    assert result.exit_code == 2
    assert "2027-01-31" in result.stderr


def test_ends_are_moments_with_or_without_a_zone() -> None:
    assert read_expiry("2027-01-31") == read_expiry("2027-01-31T08:00+08:00") == 1801353600
    assert read_expiry("none") is None


def texts(value: str | Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """A sentence, or several, each under its place."""
    if isinstance(value, Mapping):
        return dict(value)
    return {str(place): text for place, text in enumerate([value] if isinstance(value, str) else value)}


@pytest.mark.parametrize("key", asdict(ENGLISH))
def test_both_languages_say_the_same_with_the_same_figures(key: str) -> None:
    english, chinese = texts(asdict(ENGLISH)[key]), texts(asdict(CHINESE)[key])
    assert english.keys() == chinese.keys()
    for place, text in english.items():
        figures = [{name for _, name, _, _ in Formatter().parse(said) if name} for said in (text, chinese[place])]
        assert figures[0] == figures[1]
        assert text
        assert chinese[place]
