"""Who calls: the key in the `Authorization` header and the group in the URL."""

from typing import Protocol
from urllib.parse import parse_qs

from starlette.types import Scope

from rhapsode.core.caller import Caller


class Authority(Protocol):
    """Knows the keys."""

    async def authorise(self, api_key: str | None, group_id: str | None) -> Caller:
        """The caller. Raises `MissingKey`, `UnknownKey`, `WrongGroup`, `StorageError`."""
        ...


def read_key(scope: Scope) -> str | None:
    """The bearer key, or None."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, key = value.decode("latin-1").strip().partition(" ")
            return (key.strip() or None) if scheme.lower() == "bearer" else None
    return None


def read_group(scope: Scope) -> str | None:
    """The `GroupId` of the URL, or None when it is absent or empty."""
    query = scope["query_string"]
    if not query:
        return None
    return parse_qs(query.decode("latin-1")).get("GroupId", [None])[0]
