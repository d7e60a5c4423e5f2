"""The parent of many processes: starts them, starts anew what dies, ends them gently, and takes no call itself."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, cast

import structlog
from prometheus_client import multiprocess

from rhapsode.engines.registry import SHARED
from rhapsode.link.host import hosting
from rhapsode.server.drain import LAST_SECONDS, SECONDS
from rhapsode.server.fleet.child_process import Child, running_child
from rhapsode.server.fleet.keeper import Keeper
from rhapsode.server.fleet.orders import DRAIN, END, GO, EngineOrder, EnginesOrder, ServerOrder
from rhapsode.server.fleet.quota import Counting
from rhapsode.server.fleet.run_directory import run_directory
from rhapsode.server.sockets import Sockets
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings
from rhapsode.settings.shape import EngineSetting, Settings
from rhapsode.telemetry.restarts import Restarts

_ENGINES: Final = "rhapsode.server.fleet.engine_process"
_SERVER: Final = "rhapsode.server.fleet.server_process"
_MARGIN: Final = 5.0
"""seconds that a server may take longer than its own deadline before it is killed"""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.fleet")


class Fleet:
    """The servers and the engine process, all of them ready."""

    def __init__(self, servers: list[Keeper], tasks: list[asyncio.Task[None]]) -> None:
        self._servers, self._tasks = servers, tasks
        self._signals = 0
        self._signalled = asyncio.Event()
        self._going = False

    def welcome(self, child: Child) -> None:
        """A server is ready: it takes calls, unless the others do not yet."""
        if self._going:
            child.say(GO)

    async def serve(self, sockets: Sockets) -> None:
        """Have the servers take calls, until SIGTERM or SIGINT and what is in flight then."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        self._going = True
        for keeper in self._servers:
            if keeper.child is not None:
                self.welcome(keeper.child)
        await self._signalled.wait()
        sockets.close()  # the servers have them still; when the last of them has gone, so have the ports
        # Servers that are being started meanwhile never were sent a call.
        over = [task for keeper, task in zip(self._servers, self._tasks, strict=True) if keeper.child is not None]
        if over:
            await asyncio.wait(over, timeout=SECONDS + LAST_SECONDS + _MARGIN)

    def _stop(self) -> None:
        """The first signal drains the servers; a second one ends them without waiting."""
        for keeper in self._servers:
            keeper.ending = True
            if keeper.child is not None:
                keeper.child.say(DRAIN)
        self._signalled.set()


@asynccontextmanager
async def running_fleet(home: Home, sockets: Sockets, *, servers: int) -> AsyncGenerator[tuple[Fleet, str | None]]:
    """Processes that are ready, and what is missing among the engines; they are gone when the block ends.

    Raises as `assembled` does.
    """
    settings = read_settings(home.settings_file)
    with run_directory() as directory:
        metrics = directory / "metrics"
        metrics.mkdir(mode=0o700)
        restarts = Restarts(metrics)
        environment = {"PROMETHEUS_MULTIPROC_DIR": str(metrics)}
        start = partial(running_child, environment=environment)
        keeper_of = partial(Keeper, gone=partial(_forget, metrics), silence=settings.server.hang_seconds)
        engines = str(directory / "engines")
        redis = settings.limits.redis_url or settings.limits.redis_url_env
        counting = "" if redis else str(directory / "counting")
        order = _engines_order(home, settings, engines)
        missing: str | None = None
        async with AsyncExitStack() as stack:
            if counting:
                await stack.enter_async_context(hosting(counting, Counting().open_answer))
            keep = await stack.enter_async_context(_kept())
            if order.chat or order.embed or order.speech:
                first = keeper_of(
                    "engines",
                    lambda: start(_ENGINES, "rhapsode-engines", order, last_word=END),
                    again=partial(restarts.count, "engine"),
                )
                keep(first)
                missing = (await first.first_ready()).missing

            def server(index: int) -> AbstractAsyncContextManager[Child]:
                order = ServerOrder(
                    home=str(home.path),
                    index=index,
                    of=servers,
                    listener=sockets.calls.fileno(),
                    administration=None if sockets.administration is None else sockets.administration.fileno(),
                    engines=engines,
                    counting=counting,
                    missing=missing,
                )
                return start(_SERVER, "rhapsode-server", order, inherits=tuple(one.fileno() for one in sockets.every))

            keepers: list[Keeper] = []
            async with _kept() as keep_server:
                tasks: list[asyncio.Task[None]] = []
                fleet = Fleet(keepers, tasks)
                for index in range(servers):
                    keeper = keeper_of(
                        f"server {index}",
                        partial(server, index),
                        ready=fleet.welcome,
                        again=partial(restarts.count, "server"),
                    )
                    keepers.append(keeper)
                    tasks.append(keep_server(keeper))
                for keeper in keepers:
                    await keeper.first_ready()
                yield fleet, missing


@asynccontextmanager
async def _kept() -> AsyncGenerator[Callable[[Keeper], asyncio.Task[None]]]:
    """Keepers at work; leaving ends them and their processes."""
    tasks: list[asyncio.Task[None]] = []
    keepers: list[Keeper] = []

    def keep(keeper: Keeper) -> asyncio.Task[None]:
        keepers.append(keeper)
        tasks.append(asyncio.create_task(keeper.keep()))
        return tasks[-1]

    try:
        yield keep
    finally:
        for keeper in keepers:
            keeper.ending = True
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _engines_order(home: Home, settings: Settings, path: str) -> EnginesOrder:
    """The engines of the settings that hold a model."""
    speaker = settings.speech.default
    return EnginesOrder(
        socket=path,
        models=str(home.models),
        chat=_shared(settings.chat.engines),
        embed=_shared(settings.embed.engines),
        speech=_shared({speaker: settings.speech.engines[speaker]}),
        json_logs=settings.logs.json,
        log_level=settings.logs.level,
    )


def _shared(engines: Mapping[str, EngineSetting]) -> dict[str, EngineOrder]:
    return {name: EngineOrder(it.kind, it.options) for name, it in engines.items() if it.kind in SHARED}


def _forget(metrics: Path, pid: int) -> None:
    """A process has gone: its gauges go too, its counters stay."""
    mark = cast("Callable[[int, str], None]", vars(multiprocess)["mark_process_dead"])  # it has no types
    mark(pid, str(metrics))
