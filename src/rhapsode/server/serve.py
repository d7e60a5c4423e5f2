"""`rhapsode serve`: a home, a socket, the engines, and a process that ends gently."""

import asyncio
import errno
import gc
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from rhapsode.accounts.keys import Accounts, NewKey
from rhapsode.client import answers, find_address
from rhapsode.core.errors import SettingsError
from rhapsode.server.app import create_app
from rhapsode.server.assembly import assembled
from rhapsode.server.drain import DrainingServer
from rhapsode.server.protocol import BoundedHttpProtocol
from rhapsode.settings.credentials import Credentials, read_credentials, write_credentials
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings
from rhapsode.telemetry.logs import configure_logs

KEEP_ALIVE_SECONDS = 75
"""Longer than the pools of common clients keep an idle connection, so that they and not we close it."""

BACKLOG = 2048
"""Connections that may wait to be accepted."""

FRAME_LIMIT = 1024 * 1024
"""Bytes of one message that a client sends over a WebSocket."""

GOODBYE_SECONDS = 3
"""How long connections may take to close once the calls in flight have ended."""

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


def serve(home: Home, *, host: str | None, port: int | None, announce: Callable[[Ready], None]) -> None:
    """Serve until SIGTERM or SIGINT. Absent options are the settings' own.

    Raises `SettingsError` (a home that cannot be written, a port that is taken), `EngineMissing`, `StorageError`.
    """
    home.prepare()
    settings = read_settings(home.settings_file)
    configure_logs(json=settings.logs.json, level=settings.logs.level)
    listener = _listen(settings.server.host if host is None else host, settings.server.port if port is None else port)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(home, listener, announce))
    finally:
        listener.close()


async def _serve(home: Home, listener: socket.socket, announce: Callable[[Ready], None]) -> None:
    async with assembled(home) as parts:
        base_url = _base_url(listener)
        # Last, so that a start that fails - a model is missing - does not use up the one telling of the first key.
        first_key = await _keep_credentials(home, parts.accounts, base_url)
        server = DrainingServer(_config(create_app(parts.services)), parts.services.admission)
        # What lives as long as the process is not looked through for garbage again and again.
        gc.collect()
        gc.freeze()
        listener.listen(BACKLOG)  # from here on a caller waits instead of being refused
        announce(
            Ready(
                base_url=base_url,
                first_key=first_key,
                credentials_file=home.credentials_file,
                missing=parts.missing,
            )
        )
        await server.serve(sockets=[listener])


async def _keep_credentials(home: Home, accounts: Accounts, base_url: str) -> NewKey | None:
    """Make the first key where there is none yet; else see that this machine's programs find the server's address.

    An address that is not this machine's own, a proxy's perhaps, was set by hand and stays; so does that of another
    server of this home that runs already.
    """

    def keep(new: NewKey) -> None:
        home.keep_credentials(Credentials(base_url=base_url, group_id=new.group_id, api_key=new.api_key))

    if first_key := accounts.ensure_first_key(keep):
        return first_key
    kept = read_credentials(home.credentials_file)
    if kept is None or kept.base_url == base_url:
        return None
    there = find_address(kept.base_url, None, None, {})
    if there.is_loopback and not await asyncio.to_thread(answers, there) and await accounts.find(kept.api_key):
        write_credentials(home.credentials_file, replace(kept, base_url=base_url))
    return None


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


def _base_url(listener: socket.socket) -> str:
    name: tuple[str, int] = listener.getsockname()[:2]
    host, port = WILDCARDS.get(name[0], name[0]), name[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedHttpProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=FRAME_LIMIT,
        ws_per_message_deflate=False,  # sound is packed already
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
    )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - there is none for Windows

    return uvloop.new_event_loop
