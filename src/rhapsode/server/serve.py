"""`rhapsode serve`: a home, a socket, the engines, and a process that ends gently."""

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from rhapsode.accounts.keys import Accounts, NewKey
from rhapsode.core.errors import SettingsError
from rhapsode.database.migrate import migrate
from rhapsode.database.open import open_database
from rhapsode.server.app import create_app, open_way
from rhapsode.server.assembly import assembled
from rhapsode.server.drain import DrainingServer
from rhapsode.server.event_loop import loop_factory
from rhapsode.server.first_key import keep_credentials
from rhapsode.server.fleet.parent import running_fleet
from rhapsode.server.on_socket import BACKLOG, Way, config_of
from rhapsode.server.open_files import allow_many_files
from rhapsode.server.settled_memory import settle_memory
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings
from rhapsode.telemetry.logs import configure_logs

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - where a client on this machine finds them


@dataclass(frozen=True, kw_only=True)
class Ready:
    """What there is to say once the server listens.

    `first_key` is there on the first start of a home alone; `missing` says what was not installed and how to.
    """

    base_url: str
    credentials_file: Path
    first_key: NewKey | None
    missing: str | None
    is_exposed: bool
    """Whether others on the network can reach the server, and read what is said to it."""


def serve(
    home: Home, *, host: str | None, port: int | None, workers: int | None, announce: Callable[[Ready], None]
) -> None:
    """Serve until SIGTERM or SIGINT, by so many processes. Absent options are the settings' own.

    Raises `SettingsError` (a home that cannot be written, a port that is taken), `EngineMissing`, `StorageError`.
    """
    home.prepare()
    settings = read_settings(home.settings_file)
    configure_logs(json=settings.logs.json, level=settings.logs.level)
    allow_many_files()
    os.umask(0o077)  # whatever is made from here on is its owner's alone, in a home that others may look into too
    servers = settings.server.workers if workers is None else workers
    if servers > 1 and os.name != "posix":
        raise SettingsError("server.workers: many processes cannot share a socket here; leave it at 1")
    listener = _listen(settings.server.host if host is None else host, settings.server.port if port is None else port)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            if servers == 1:
                runner.run(_serve(home, listener, announce))
            else:
                runner.run(_serve_by_many(home, listener, announce, servers=servers))
    finally:
        listener.close()


async def _serve(home: Home, listener: socket.socket, announce: Callable[[Ready], None]) -> None:
    way = open_way(home)
    async with assembled(home) as parts:
        base_url = _base_url(home, listener, way)
        # Last, so that a start that fails - a model is missing - does not use up the one telling of the first key.
        first_key = await keep_credentials(home, parts.accounts, base_url)
        server = DrainingServer(config_of(create_app(parts.services), way), parts.services.admission)
        settle_memory()
        listener.listen(BACKLOG)  # from here on a caller waits instead of being refused
        announce(
            Ready(
                base_url=base_url,
                first_key=first_key,
                credentials_file=home.credentials_file,
                missing=parts.missing,
                is_exposed=_is_exposed(listener, way),
            )
        )
        await server.serve(sockets=[listener])


async def _serve_by_many(
    home: Home, listener: socket.socket, announce: Callable[[Ready], None], *, servers: int
) -> None:
    """As `_serve`, by so many processes; this one starts them and looks after them."""
    way = open_way(home)
    database = open_database(home.database_url(read_settings(home.settings_file), os.environ))
    try:
        migrate(database)
        accounts = Accounts(database, home.secret(os.environ))
        async with running_fleet(home, listener, servers=servers) as (fleet, missing):
            base_url = _base_url(home, listener, way)
            first_key = await keep_credentials(home, accounts, base_url)
            listener.listen(BACKLOG)
            announce(
                Ready(
                    base_url=base_url,
                    first_key=first_key,
                    credentials_file=home.credentials_file,
                    missing=missing,
                    is_exposed=_is_exposed(listener, way),
                )
            )
            await fleet.serve(listener)
    finally:
        database.close()


def _listen(host: str, port: int) -> socket.socket:
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
            raise SettingsError(f"{where} is taken by another program: choose another --port, or 0 for any") from error
        raise SettingsError(f"cannot listen on {where} ({error.strerror or error})") from error
    return listener


def _base_url(home: Home, listener: socket.socket, way: Way) -> str:
    """Where this machine's programs find the server. A certificate is for a name, which the public address has."""
    public = read_settings(home.settings_file).server.public_url
    if way.tls is not None and public:
        return public.rstrip("/")
    name: tuple[str, int] = listener.getsockname()[:2]
    host, port = WILDCARDS.get(name[0], name[0]), name[1]
    return f"{way.scheme}://[{host}]:{port}" if ":" in host else f"{way.scheme}://{host}:{port}"


def _is_exposed(listener: socket.socket, way: Way) -> bool:
    return way.is_bare and not ip_address(listener.getsockname()[0]).is_loopback
