"""credentials.toml: private, whole, and it reads back."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.errors import SettingsError
from rhapsode.settings.credentials import Credentials, read_credentials, toml_string, write_credentials
from rhapsode.settings.private_file import create_private, write_private
from rhapsode.settings.toml_file import convert_toml

KEY = "sk-rh-" + "k" * 43
CREDENTIALS = Credentials(base_url="http://127.0.0.1:8765", group_id="1234567890123456789", api_key=KEY)


@pytest.fixture
def no_umask() -> Iterator[None]:
    """A process that gives its new files to everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "credentials.toml"
    assert read_credentials(path) is None
    write_credentials(path, CREDENTIALS)
    assert read_credentials(path) == CREDENTIALS


@pytest.mark.usefixtures("no_umask")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "credentials.toml"
    write_credentials(path, CREDENTIALS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.usefixtures("no_umask")
def test_a_file_that_others_could_read_is_replaced_not_written_into(tmp_path: Path) -> None:
    path = tmp_path / "credentials.toml"
    path.write_text("old")
    with path.open() as opened_by_another:
        write_credentials(path, CREDENTIALS)
        assert opened_by_another.read() == "old"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "credentials.toml"
    path.mkdir()
    with pytest.raises(SettingsError, match=r"credentials\.toml cannot be written"):
        write_credentials(path, CREDENTIALS)
    assert list(tmp_path.iterdir()) == [path]


def test_creating_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    assert create_private(path, "first") is True
    assert create_private(path, "second") is False
    assert path.read_text() == "first"
    write_private(path, "third")
    assert path.read_text() == "third"
    assert list(tmp_path.iterdir()) == [path]


def test_the_key_does_not_print() -> None:
    assert KEY not in repr(CREDENTIALS)
    assert KEY not in str(CREDENTIALS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f'base_url = "http://x"\napi_kee = "{KEY}"', "object contains unknown field api_kee"),
        (f'api_key = "{KEY}"', "object missing required field base_url"),
        (f'base_url = "x"\napi_key = "{KEY}"', "base_url: must begin with http:// or https://"),
        ('base_url = "http://x"\napi_key = ""', "api_key: must not be empty"),
        (f'base_url = "http://x"\napi_key = ["{KEY}"]', "api_key: expected str, got array"),
    ],
)
def test_a_fault_names_the_rule_and_never_the_key(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "credentials.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_credentials(path)
    assert caught.value.message == f"{path}: {fault}"


def test_a_group_is_not_needed(tmp_path: Path) -> None:
    path = tmp_path / "credentials.toml"
    path.write_text('base_url = "https://api.minimaxi.com"\napi_key = "sk-api-x"')
    credentials = read_credentials(path)
    assert credentials is not None
    assert credentials.group_id == ""


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_the_writer(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    write_private(path, f"text = {toml_string(text)}\n")
    assert convert_toml(path, dict[str, str]) == {"text": text}
