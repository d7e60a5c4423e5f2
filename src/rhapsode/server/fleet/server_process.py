"""One of the processes of a server of many that take calls: they share the socket, and the engine process.

`python -m rhapsode.server.fleet.server_process rhapsode-server`, started by the parent of all.
"""

import asyncio
import signal
import socket
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rhapsode.core.chat import ChatEngine
from rhapsode.core.embedding import EmbedEngine
from rhapsode.core.errors import EngineError, EngineMissing, RhapsodeError, StorageError
from rhapsode.core.speech import SpeechEngine
from rhapsode.engines.registry import SHARED
from rhapsode.engines.remote.asking import RemoteChat, RemoteEmbed, RemoteSpeech
from rhapsode.link.client import Link
from rhapsode.server.app import create_app, open_way
from rhapsode.server.assembly import assembled
from rhapsode.server.drain import DrainingServer
from rhapsode.server.engine_opener import OwnEngines
from rhapsode.server.event_loop import loop_factory
from rhapsode.server.fleet.inside import Inside
from rhapsode.server.fleet.orders import DRAIN, GO, Answer, ServerOrder, answer_of
from rhapsode.server.fleet.quota import ParentQuota
from rhapsode.server.on_socket import config_of
from rhapsode.server.settled_memory import settle_memory
from rhapsode.server.share import Share
from rhapsode.server.sockets import Sockets
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings
from rhapsode.telemetry.logs import configure_logs
from rhapsode.voices.catalogue import load_voices

_GOODBYE: Final = 0.1
"""Seconds: a parent that stands still must hold nobody up."""


class SharedEngines:
    """An `EngineOpener`: engines that hold a model are the engine process's, all others this process's own."""

    def __init__(self, link: Link, own: OwnEngines, *, missing: str | None) -> None:
        self._link, self._own, self._missing = link, own, missing

    async def chat(self, name: str, kind: str, options: Mapping[str, object], /) -> ChatEngine:
        """Of the protocol."""
        return RemoteChat(self._link, name) if kind in SHARED else await self._own.chat(name, kind, options)

    async def embed(self, name: str, kind: str, options: Mapping[str, object], /) -> EmbedEngine:
        """Of the protocol."""
        return RemoteEmbed(self._link, name) if kind in SHARED else await self._own.embed(name, kind, options)

    async def speech(self, name: str, kind: str, options: Mapping[str, object], /) -> SpeechEngine:
        """Of the protocol."""
        if kind not in SHARED:
            return await self._own.speech(name, kind, options)
        if self._missing is not None:
            raise EngineMissing(self._missing)
        return RemoteSpeech(self._link, name, load_voices())


class _Server(DrainingServer):
    """Leaves signals to the parent, whose word it takes: a service manager may send them to every process at once."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Of uvicorn."""
        yield


def main() -> int:
    """Serve until the parent says that it is over, or goes."""
    inside = Inside()
    order = inside.order(ServerOrder)
    home = Home(Path(order.home))
    logs = read_settings(home.settings_file).logs
    configure_logs(json=logs.json, level=logs.level)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_serve(home, order, inside))


async def _serve(home: Home, order: ServerOrder, inside: Inside) -> int:
    go = asyncio.Event()
    drains: list[_Server] = []

    def told(word: str) -> None:
        if word == GO:
            go.set()
        elif word == DRAIN:
            for server in drains:
                server.handle_exit(signal.SIGTERM, None)

    inside.follow(told)
    lost = EngineError("the engine process has ended, and is being started again; try again in a moment")
    link = Link(order.engines, lost=lost)
    counting = Link(order.counting, lost=StorageError("nobody counts what callers take"), goodbye=_GOODBYE)
    together = ParentQuota(counting) if order.counting else None
    opener = SharedEngines(link, OwnEngines(home.models), missing=order.missing)
    try:
        async with assembled(
            home, opener=opener, share=Share(index=order.index, of=order.of), together=together
        ) as parts:
            sockets = _sockets(order)
            open_metrics = read_settings(home.settings_file).server.metrics_open
            app = create_app(parts.services, admin_port=sockets.admin_port, open_metrics=open_metrics)
            server = _Server(config_of(app, open_way(home)), parts.services.admission)
            drains.append(server)
            settle_memory()
            inside.answer(Answer())
            await go.wait()
            await server.serve(sockets=sockets.every)
    except RhapsodeError as fault:
        inside.answer(answer_of(fault))
        return 1
    finally:
        link.close()
        counting.close()
    return 0


def _sockets(order: ServerOrder) -> Sockets:
    own = None if order.administration is None else socket.socket(fileno=order.administration)
    return Sockets(calls=socket.socket(fileno=order.listener), administration=own)


if __name__ == "__main__":
    sys.exit(main())
