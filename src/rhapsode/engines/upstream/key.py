"""The key that another server wants: out of the environment or a file, never out of the settings file."""

from collections.abc import Mapping
from pathlib import Path

from rhapsode.core.errors import SettingsError


def read_key(*, env: str, file: str, environment: Mapping[str, str], option: str = "api_key_{}") -> str:
    """The key in the variable `env`, or on the first line of `file`; empty where neither is named.

    `option` with `env` or `file` in its braces is what the settings call them.

    Raises `SettingsError`, which holds no part of what was read.
    """
    if env and file:
        both = f"{option.format('env')} and {option.format('file')}"
        raise SettingsError(f"{both} name two places for one key: leave one of them out")
    if env:
        key, place = environment.get(env, ""), f"the environment variable {env} ({option.format('env')})"
    elif file:
        place = f"the file {file} ({option.format('file')})"
        key = _first_line(Path(file).expanduser(), place)
    else:
        return ""
    if not key.strip():
        raise SettingsError(f"{place} is empty or not set")
    if not (key.strip().isascii() and key.strip().isprintable()):
        raise SettingsError(f"{place} holds characters that cannot be sent")
    return key.strip()


def _first_line(path: Path, place: str) -> str:
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{place} cannot be read: {type(error).__name__}") from None
