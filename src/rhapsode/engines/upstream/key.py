"""The key that another server wants: out of the environment or a file, never out of the settings file."""

from collections.abc import Mapping
from pathlib import Path

from rhapsode.core.errors import SettingsError


def read_key(*, env: str, file: str, environment: Mapping[str, str]) -> str:
    """The key in the variable `env`, or on the first line of `file`; empty where neither is named.

    Raises `SettingsError`, which holds no part of what was read.
    """
    if env and file:
        raise SettingsError("api_key_env and api_key_file name two places for one key: leave one of them out")
    if env:
        key, place = environment.get(env, ""), f"the environment variable {env} (api_key_env)"
    elif file:
        key, place = _first_line(Path(file).expanduser()), f"the file {file} (api_key_file)"
    else:
        return ""
    if not key.strip():
        raise SettingsError(f"{place} holds no key")
    if not (key.strip().isascii() and key.strip().isprintable()):
        raise SettingsError(f"{place} holds characters that no key has")
    return key.strip()


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file {path} (api_key_file) cannot be read: {type(error).__name__}") from None
