"""Where the server listens: for callers, and for administrators where they have a listener of their own."""

import errno
import os
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from rhapsode.core.errors import SettingsError
from rhapsode.server.on_socket import BACKLOG, Way

_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - where a client on this machine finds them


@dataclass(frozen=True, kw_only=True)
class Sockets:
    """Bound, and not heard yet."""

    calls: socket.socket
    administration: socket.socket | None

    @property
    def every(self) -> list[socket.socket]:
        """Both, or the one."""
        return [self.calls] if self.administration is None else [self.calls, self.administration]

    @property
    def admin_port(self) -> int | None:
        """Of the administrators' own."""
        return None if self.administration is None else port_of(self.administration)

    def listen(self) -> None:
        """From here on a caller waits instead of being refused."""
        for one in self.every:
            one.listen(BACKLOG)

    def close(self) -> None:
        """Give the ports back."""
        for one in self.every:
            one.close()


def bind_sockets(calls: tuple[str, int], administration: tuple[str, int] | None) -> Sockets:
    """Each a host and a port, of which 0 is any free one. Raises `SettingsError`."""
    bound = _bind(*calls, "--port")
    if administration is None:
        return Sockets(calls=bound, administration=None)
    try:
        own = _bind(*administration, "server.admin_port")
    except SettingsError:
        bound.close()
        raise
    both = Sockets(calls=bound, administration=own)
    if port_of(own) == port_of(bound):  # by which they are told apart
        both.close()
        raise SettingsError("server.admin_port: must be another port than the callers' own")
    return both


def port_of(bound: socket.socket) -> int:
    """Its port."""
    port = bound.getsockname()[1]
    if not isinstance(port, int):
        raise TypeError("not a socket of the internet")
    return port


def address_of(bound: socket.socket, way: Way) -> str:
    """Where a program on this machine finds it."""
    name: tuple[str, int] = bound.getsockname()[:2]
    host, port = _WILDCARDS.get(name[0], name[0]), name[1]
    return f"{way.scheme}://[{host}]:{port}" if ":" in host else f"{way.scheme}://{host}:{port}"


def are_exposed(sockets: Sockets, way: Way) -> bool:
    """Whether others on the network can reach one of them, and read what is said to it."""
    return way.is_bare and any(is_reached_by_others(one) for one in sockets.every)


def is_reached_by_others(bound: socket.socket) -> bool:
    """Whether it listens to more than this machine."""
    return not ip_address(bound.getsockname()[0]).is_loopback


def _bind(host: str, port: int, what: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        where = f"{host}:{port}"
        if error.errno == errno.EADDRINUSE:
            rule = f"{where} is taken by another program: choose another {what}, or 0 for any"
            raise SettingsError(rule) from error
        raise SettingsError(f"cannot listen on {where} ({error.strerror or error})") from error
    return listener
