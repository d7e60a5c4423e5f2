"""Headers that another server wants beside the key, or instead of it. Their values come from where keys come from."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from rhapsode.core.errors import SettingsError
from rhapsode.engines.upstream.key import read_key

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
"""https://www.rfc-editor.org/rfc/rfc9110#name-tokens"""
_OWN: Final = frozenset(
    {"accept-encoding", "connection", "content-length", "content-type", "host", "transfer-encoding", "user-agent"}
)
"""what this server says itself"""


class HeaderSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a header's value stands: in the environment variable `env`, or on the first line of `file`."""

    env: str = ""
    file: str = ""


def read_headers(sources: Mapping[str, HeaderSource], *, key: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The headers of every call, that of `key` among them if it is not empty.

    Raises `SettingsError`, which holds no part of what was read.
    """
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    known = {name.lower() for name in headers} | _OWN
    for name, source in sources.items():
        if not _NAME.fullmatch(name):
            raise SettingsError("headers: a name in it is not one that HTTP allows")
        if name.lower() in known:
            raise SettingsError(f"headers.{name}: is there twice, or is this server's own")
        if not (source.env or source.file):
            raise SettingsError(f"headers.{name}: needs env or file, which say where its value is")
        known.add(name.lower())
        headers[name] = read_key(
            env=source.env, file=source.file, environment=environment, option=f"headers.{name}.{{}}"
        )
    return headers
