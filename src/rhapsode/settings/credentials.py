"""`credentials.toml`: the server, the group and the key that this machine's own programs call with."""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from rhapsode.core.errors import SettingsError
from rhapsode.settings.private_file import write_private
from rhapsode.settings.toml_file import convert_toml

_HEADER = "# Written by Rhapsode. The key opens the server: keep this file to yourself.\n"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a client needs to call. `base_url` has no `/v1`; `group_id` is empty where the platform asks for none."""

    base_url: str
    group_id: str
    api_key: str = field(repr=False)


class _CredentialsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    base_url: str
    group_id: str = ""
    api_key: str


def read_credentials(path: Path) -> Credentials | None:
    """What the file says; None where there is none. Raises SettingsError, which never quotes the key."""
    content = convert_toml(path, _CredentialsFile)
    if content is None:
        return None
    if not content.base_url.startswith(("http://", "https://")):
        raise SettingsError(f"{path}: base_url: must begin with http:// or https://")
    if not content.api_key:
        raise SettingsError(f"{path}: api_key: must not be empty")
    return Credentials(base_url=content.base_url, group_id=content.group_id, api_key=content.api_key)


def write_credentials(path: Path, credentials: Credentials) -> None:
    """Put the file in place, whole and with mode 0600. Raises SettingsError when it cannot be written."""
    text = _HEADER + "".join(
        f"{name} = {toml_string(value)}\n"
        for name, value in (
            ("base_url", credentials.base_url),
            ("group_id", credentials.group_id),
            ("api_key", credentials.api_key),
        )
    )
    try:
        write_private(path, text)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror})") from error


def toml_string(text: str) -> str:
    """A TOML basic string that reads back as `text`, which holds no lone surrogates."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character < " " or character == "\x7f":
        return f"\\u{ord(character):04x}"
    return character
