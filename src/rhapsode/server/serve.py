"""`rhapsode serve`: a home, a socket, the engines, and a process that ends gently."""

import asyncio
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rhapsode.accounts.keys import Accounts, NewKey
from rhapsode.core.errors import SettingsError
from rhapsode.database.migrate_apart import migrate_apart
from rhapsode.database.open import open_database
from rhapsode.server.app import create_app, open_way
from rhapsode.server.assembly import assembled
from rhapsode.server.drain import DrainingServer
from rhapsode.server.event_loop import loop_factory
from rhapsode.server.first_key import keep_credentials
from rhapsode.server.fleet.parent import running_fleet
from rhapsode.server.on_socket import Way, config_of
from rhapsode.server.open_files import allow_many_files
from rhapsode.server.settled_memory import settle_memory
from rhapsode.server.sockets import Sockets, address_of, are_exposed, bind_sockets, is_reached_by_others
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings
from rhapsode.telemetry.logs import configure_logs


@dataclass(frozen=True, kw_only=True)
class Ready:
    """What there is to say once the server listens.

    `first_key` is there on the first start of a home alone; `missing` says what was not installed and how to.
    """

    base_url: str
    admin_url: str | None
    credentials_file: Path
    first_key: NewKey | None
    missing: str | None
    is_exposed: bool
    """Whether others on the network can reach the server, and read what is said to it."""
    tells_figures: bool
    """Whether others on the network can read the figures, which need no key."""
    json_logs: bool
    """Whether standard error is for machines, an object a line."""


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
    sockets = _sockets(home, host, port)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            if servers == 1:
                runner.run(_serve(home, sockets, announce))
            else:
                runner.run(_serve_by_many(home, sockets, announce, servers=servers))
    finally:
        sockets.close()


async def _serve(home: Home, sockets: Sockets, announce: Callable[[Ready], None]) -> None:
    way = open_way(home)
    url = home.database_url(read_settings(home.settings_file), os.environ)
    with closing(open_database(url)) as database:
        await migrate_apart(database, url)
    async with assembled(home) as parts:
        # Last, so that a start that fails - a model is missing - does not use up the one telling of the first key.
        first_key = await keep_credentials(home, parts.accounts, _base_url(home, sockets, way))
        open_metrics = read_settings(home.settings_file).server.metrics_open
        app = create_app(parts.services, admin_port=sockets.admin_port, open_metrics=open_metrics)
        server = DrainingServer(config_of(app, way), parts.services.admission)
        settle_memory()
        sockets.listen()
        announce(_ready(home, sockets, way, first_key=first_key, missing=parts.missing))
        await server.serve(sockets=sockets.every)


async def _serve_by_many(home: Home, sockets: Sockets, announce: Callable[[Ready], None], *, servers: int) -> None:
    """As `_serve`, by so many processes; this one starts them and looks after them."""
    way = open_way(home)
    url = home.database_url(read_settings(home.settings_file), os.environ)
    with closing(open_database(url)) as database:
        await migrate_apart(database, url)
        accounts = Accounts(database, home.secret(os.environ))
        async with running_fleet(home, sockets, servers=servers) as (fleet, missing):
            first_key = await keep_credentials(home, accounts, _base_url(home, sockets, way))
            sockets.listen()
            announce(_ready(home, sockets, way, first_key=first_key, missing=missing))
            await fleet.serve(sockets)


def _sockets(home: Home, host: str | None, port: int | None) -> Sockets:
    chosen = read_settings(home.settings_file).server
    own = None if chosen.admin_port is None else (chosen.admin_host, chosen.admin_port)
    return bind_sockets((chosen.host if host is None else host, chosen.port if port is None else port), own)


def _ready(home: Home, sockets: Sockets, way: Way, *, first_key: NewKey | None, missing: str | None) -> Ready:
    return Ready(
        base_url=_base_url(home, sockets, way),
        admin_url=None if sockets.administration is None else address_of(sockets.administration, way),
        first_key=first_key,
        credentials_file=home.credentials_file,
        missing=missing,
        is_exposed=are_exposed(sockets, way),
        tells_figures=_tells_figures(home, sockets),
        json_logs=read_settings(home.settings_file).logs.json,
    )


def _tells_figures(home: Home, sockets: Sockets) -> bool:
    own, chosen = sockets.administration, read_settings(home.settings_file).server
    return chosen.metrics_open and own is not None and is_reached_by_others(own)


def _base_url(home: Home, sockets: Sockets, way: Way) -> str:
    """Where this machine's programs find the server. A certificate is for a name, which the public address has."""
    public = read_settings(home.settings_file).server.public_url
    return address_of(sockets.calls, way) if way.tls is None or not public else public.rstrip("/")
