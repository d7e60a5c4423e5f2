"""What is looked at now and then, instead of counted as it happens: engines, queues, memory, the event loop.

Nothing of it costs a call anything. Every process of a server looks at its own once a second.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from prometheus_client import Gauge

from rhapsode.telemetry import metrics
from rhapsode.telemetry.readings import Name, Telling
from rhapsode.version import __version__

SECONDS: Final = 1.0
"""between two looks"""

_LOOKS_BETWEEN_FILES: Final = 10
"""listing a thousand open files takes half a millisecond"""

_GAUGES: Final[dict[Name, Gauge]] = {
    "waiting": metrics.ENGINE_WAITING,
    "running": metrics.ENGINE_RUNNING,
    "places": metrics.ENGINE_PLACES,
    "resting": metrics.UPSTREAM_RESTING,
}
_STATM: Final = Path("/proc/self/statm")
_DESCRIPTORS: Final = Path("/proc/self/fd")

Ability = Literal["chat", "speech", "embed"]


class Sampler:
    """For one process, and its event loop."""

    def __init__(self) -> None:
        self._engines: list[tuple[Ability, str, Telling]] = []
        self._deaths: dict[tuple[Ability, str], float] = {}
        self._values: list[tuple[Gauge, Callable[[], float]]] = []
        metrics.BUILD.labels(__version__).set(1)

    def watch_engine(self, ability: Ability, name: str, engine: object) -> None:
        """Look at an engine of this process that the settings call `name`, if it can tell anything."""
        if isinstance(engine, Telling):
            self._engines.append((ability, name, engine))

    def watch(self, gauge: Gauge, value: Callable[[], float]) -> None:
        """Look at a single value."""
        self._values.append((gauge, value))

    def look(self) -> None:
        """At everything but the files, now."""
        for gauge, value in self._values:
            gauge.set(value())
        for ability, name, engine in self._engines:
            for what, reading in engine.readings().items():
                if what == "worker_deaths":
                    before = self._deaths.get((ability, name), 0.0)
                    self._deaths[ability, name] = reading
                    metrics.WORKER_DEATHS.labels(ability, name).inc(reading - before)
                else:
                    _GAUGES[what].labels(ability, name).set(reading)
        _look_at_memory()

    @asynccontextmanager
    async def looking(self) -> AsyncGenerator[None]:
        """Look once a second, as long as the block."""
        looking = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.wait((looking,))

    async def _keep_looking(self) -> None:
        loop, looks = asyncio.get_running_loop(), 0
        while True:
            self.look()
            if looks % _LOOKS_BETWEEN_FILES == 0:
                look_at_files()
            looks += 1
            due = loop.time() + SECONDS
            await asyncio.sleep(SECONDS)
            metrics.LOOP_LAG.observe(max(0.0, loop.time() - due))


def look_at_files() -> None:
    """How many this process has open; nothing where there is no telling."""
    with suppress(OSError):
        metrics.OPEN_FILES.set(len(os.listdir(_DESCRIPTORS)) - 1)  # noqa: PTH208 - and one is the listing's own


def _look_at_memory() -> None:
    with suppress(OSError):
        pages = int(_STATM.read_bytes().split()[1])
        metrics.RESIDENT.set(pages * os.sysconf("SC_PAGE_SIZE"))
