"""The way to one other server: its address, its certificate, and a proxy where one stands between."""

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiohappyeyeballs import start_connection  # pyright: ignore[reportUnknownVariableType] - addresses are bare tuples
from yarl import URL

from rhapsode.core.errors import SettingsError
from rhapsode.engines.upstream.connection import Connection
from rhapsode.engines.upstream.faults import Unavailable

NEXT_ADDRESS_SECONDS: Final = 0.25
"""After these the next address of a host is tried beside the first (RFC 8305)."""

_OPEN: Final = range(200, 300)


class Way:
    """Opens connections to `server`, of whose address the path counts for nothing.

    Before the path of every request goes `before_path`, and among its headers go `headers`: what a proxy must be told
    that passes requests on one by one.
    """

    def __init__(self, server: URL, *, seconds: float, ca_file: str, proxy: str) -> None:
        """`seconds` is what it may take to open one. Raises `SettingsError`."""
        self._server = server.origin()
        self._proxy = _read_proxy(proxy) if proxy else None
        self._seconds = seconds
        is_safe = server.scheme == "https"
        self._trust = _trust(ca_file) if is_safe or (self._proxy and self._proxy.scheme == "https") else None
        self._tunnel = self._trust if is_safe and self._proxy else None
        """what is trusted behind a proxy that passes bytes on, and not requests"""
        self._credentials = _credentials(self._proxy) if self._proxy else {}
        is_told = self._proxy is not None and self._tunnel is None
        self.before_path = str(self._server) if is_told else ""
        self.headers = self._credentials if is_told else {}

    async def open(self, on_lost: Callable[[Connection], None]) -> Connection:
        """A connection that can be asked. Raises `Unavailable`."""
        with _told():
            async with asyncio.timeout(self._seconds):
                connection = await self._connect(self._proxy or self._server, on_lost)
                if self._tunnel:
                    try:
                        await self._dig(connection, self._tunnel)
                    except BaseException:
                        connection.abort()
                        raise
                return connection

    async def _connect(self, to: URL, on_lost: Callable[[Connection], None]) -> Connection:
        loop = asyncio.get_running_loop()
        host = to.raw_host or ""
        addresses = await loop.getaddrinfo(host, to.port, type=socket.SOCK_STREAM)
        opened = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        trust = self._trust if to.scheme == "https" else None
        _, connection = await loop.create_connection(
            lambda: Connection(on_lost), sock=opened, ssl=trust, server_hostname=host if trust else None
        )
        return connection

    async def _dig(self, connection: Connection, trust: ssl.SSLContext) -> None:
        """Have the proxy pass bytes on from here, and begin with TLS."""
        to = f"{self._server.host_subcomponent}:{self._server.port}"
        told = "".join(f"{name}: {value}\r\n" for name, value in self._credentials.items())
        await connection.ask(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{told}\r\n".encode(), b"")
        if connection.status not in _OPEN:
            raise Unavailable(f"the proxy opens no way to the upstream engine: it answers {connection.status}")
        transport = await asyncio.get_running_loop().start_tls(
            connection.transport, connection, trust, server_hostname=self._server.raw_host
        )
        if transport is None:
            raise ConnectionResetError
        connection.started(transport)


def _read_proxy(address: str) -> URL:
    try:
        proxy = URL(address)
    except ValueError:
        proxy = URL()
    if proxy.scheme not in {"http", "https"} or not proxy.host:
        raise SettingsError("proxy: must be an address such as http://127.0.0.1:3128")
    return proxy


def _credentials(proxy: URL) -> dict[str, str]:
    if proxy.user is None:
        return {}
    token = b64encode(f"{proxy.user}:{proxy.password or ''}".encode()).decode()
    return {"Proxy-Authorization": f"Basic {token}"}


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        trust = ssl.create_default_context(cafile=Path(ca_file).expanduser() if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"ca_file: no certificates can be read from it ({type(error).__name__})") from error
    trust.set_alpn_protocols(["http/1.1"])
    return trust


@contextmanager
def _told() -> Generator[None]:
    """Foreign errors as ours."""
    try:
        yield
    except ssl.SSLError as error:
        is_stranger = isinstance(error, ssl.SSLCertVerificationError)
        why = "its certificate is not trusted" if is_stranger else "does it speak TLS?"
        raise Unavailable(f"no safe connection to the upstream engine can be made: {why}") from error
    except TimeoutError as error:
        raise Unavailable("the upstream engine does not take a connection in time") from error
    except UnicodeError as error:  # of the resolver, for a label of no or too many characters
        raise Unavailable("the upstream engine's address holds what is no name of a host") from error
    except OSError as error:
        raise Unavailable("the upstream engine cannot be reached, or hung up", passing=True) from error
