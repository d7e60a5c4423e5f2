"""Keys out of the environment and out of files."""

from pathlib import Path

import pytest

from rhapsode.core.errors import SettingsError
from rhapsode.engines.upstream.key import read_key
from rhapsode.engines.upstream.options import UpstreamOptions, read_upstream_options


def test_out_of_the_environment() -> None:
    assert read_key(env="BIG_API_KEY", file="", environment={"BIG_API_KEY": " sk-1 \n"}) == "sk-1"


def test_out_of_the_first_line_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-2\r\nsomething else\n", encoding="utf-8")
    assert read_key(env="", file=str(file), environment={}) == "sk-2"


def test_nothing_named_is_no_key() -> None:
    assert not read_key(env="", file="", environment={"OPENAI_API_KEY": "sk-3"})


def test_what_is_wrong_is_named_and_the_key_is_not(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="BIG_API_KEY"):
        read_key(env="BIG_API_KEY", file="", environment={})
    with pytest.raises(SettingsError, match="api_key_file"):
        read_key(env="", file=str(tmp_path / "none"), environment={})
    with pytest.raises(SettingsError, match="two places"):
        read_key(env="A", file="b", environment={})
    with pytest.raises(SettingsError, match="BIG_API_KEY") as caught:
        read_key(env="BIG_API_KEY", file="", environment={"BIG_API_KEY": "sk-se\ncret"})
    assert "cret" not in caught.value.message


def test_a_key_in_the_settings_file_is_refused_without_repeating_it() -> None:
    with pytest.raises(SettingsError, match="api_key_env") as caught:
        read_upstream_options({"base_url": "http://h", "api_key": "sk-secret"}, UpstreamOptions, kind="openai")
    assert "sk-secret" not in caught.value.message
