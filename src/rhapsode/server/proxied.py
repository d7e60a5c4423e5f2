"""Callers behind a proxy: their own address and scheme, where the proxy is one that the settings name.

A header can be sent by anybody. It counts when the connection comes from a proxy that is known, and of the addresses in
it the last one counts that is not such a proxy's: what stands before that, its sender may have made up.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from rhapsode.accounts.addresses import read_networks, within

_SCHEMES: Final = {
    "http": {b"http": "http", b"https": "https", b"ws": "http", b"wss": "https"},
    "websocket": {b"http": "ws", b"https": "wss", b"ws": "ws", b"wss": "wss"},
}


class Proxied:
    """An ASGI application around another one. Raises `InvalidField` for what is no address and no network."""

    def __init__(self, app: ASGIApp, proxies: Sequence[str]) -> None:
        self._app = app
        self._proxies = read_networks(proxies, "server.behind_proxy")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        client = scope.get("client")
        if scope["type"] in _SCHEMES and client and within(self._proxies, client[0]):
            self._believe(scope)
        await self._app(scope, receive, send)

    def _believe(self, scope: Scope) -> None:
        forwarded: list[bytes] = []
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                forwarded += value.split(b",")
            elif name == b"x-forwarded-proto":
                scope["scheme"] = _SCHEMES[scope["type"]].get(value.strip().lower(), scope["scheme"])
        if forwarded:
            address = self._caller([_address(part) for part in forwarded])
            scope["client"] = None if address is None else (address, 0)

    def _caller(self, addresses: Sequence[str | None]) -> str | None:
        for address in reversed(addresses):
            if not within(self._proxies, address):
                return address
        return addresses[0]


def _address(part: bytes) -> str | None:
    """An address as proxies write it, perhaps with a port; None for anything else."""
    text = part.strip().decode("latin-1")
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None
