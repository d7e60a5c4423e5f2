"""Who calls: the key in the `Authorization` header, the group in the URL, and the address at the other end."""

from collections.abc import Callable
from typing import Protocol
from urllib.parse import parse_qs

from starlette.types import Scope

from rhapsode.core.caller import Administrator, Caller
from rhapsode.core.errors import WrongGroup


class Authority(Protocol):
    """Knows the keys."""

    async def authorise(self, api_key: str | None, group_id: str | None, address: str | None) -> Caller:
        """The caller. Raises `AccessError`, one of its kinds; `StorageError` when nobody can say."""
        ...


class AdminAuthority(Protocol):
    """Knows the keys of those who look after the server."""

    async def administer(self, api_key: str | None, address: str | None) -> Administrator:
        """Who it is. Raises as `Authority.authorise` does; `Forbidden` for a caller's key."""
        ...


async def recognise(scope: Scope, authority: Authority, known: Callable[[Caller], None]) -> Caller:
    """Who calls. Raises as `Authority.authorise` does.

    `known` hears of it too where the key is good and the group beside it another's: that call is refused, and whoever
    watches sees whose it was.
    """
    key, group, address = read_key(scope), read_group(scope), read_address(scope)
    try:
        caller = await authority.authorise(key, group, address)
    except WrongGroup:
        known(await authority.authorise(key, None, address))
        raise
    known(caller)
    return caller


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


def read_address(scope: Scope) -> str | None:
    """Where the request comes from, without the port; None where there is no saying, as over a Unix socket."""
    client = scope.get("client")
    return client[0] if client else None
