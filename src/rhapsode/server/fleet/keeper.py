"""Keeps one process of many running: it is started anew whenever it ends, after a pause that grows.

One that hangs is ended first: for its callers that is better than to wait for ever.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog

from rhapsode.core.errors import EngineError, RhapsodeError
from rhapsode.server.fleet.child_process import Child, how_it_ended
from rhapsode.server.fleet.orders import Answer

HEALTHY: Final = 10.0
"""Seconds after which a process is taken for one that works: the next one is then started at once."""

SILENCE: Final = 30.0
"""Seconds without an answer, where the settings say nothing else."""

LONGEST_PAUSE: Final = 30.0
"""Seconds between two starts."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.fleet")


class Keeper:
    """One place among the processes, and whoever fills it now."""

    def __init__(
        self,
        name: str,
        start: Callable[[], AbstractAsyncContextManager[Child]],
        *,
        ready: Callable[[Child], None] = lambda _child: None,
        gone: Callable[[int], None] = lambda _pid: None,
        again: Callable[[], None] = lambda: None,
        silence: float = SILENCE,
    ) -> None:
        """`ready` is called with each process that is, `gone` with the process id of each that has ended.

        `again` is called whenever one is started in another's place.

        `silence`: seconds without an answer after which one that was ready is taken for one that hangs. Until it is
        ready it takes as long as it takes: it may have a large model to load.
        """
        self._name, self._start, self._ready, self._gone, self._again = name, start, ready, gone, again
        self._silence = silence
        self._first: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._first.add_done_callback(lambda done: done.cancelled() or done.exception())  # heard, if by none
        self.child: Child | None = None
        """the one that is ready"""
        self.ending = False
        """that it ends now is no accident"""

    async def first_ready(self) -> Answer:
        """What the first process answered. Raises what it failed of."""
        return await self._first

    async def keep(self) -> None:
        """One process after the other, until `ending`. Ends when the first one fails, which `first_ready` tells."""
        try:
            await self._keep()
        finally:
            if not self._first.done():
                self._first.set_exception(EngineError("a process of the server could not be started"))

    async def _keep(self) -> None:
        pause = 0.0
        while not self.ending:
            began = time.monotonic()
            try:
                how = await self._employ()
            except (RhapsodeError, OSError) as fault:
                if not self._first.done():
                    self._first.set_exception(fault)
                    return
                how = f"could not be started: {fault}"
            if self.ending:
                return
            pause = 0.0 if time.monotonic() - began > HEALTHY else min(max(0.1, pause * 2), LONGEST_PAUSE)
            _log.error("a process of the server ended; it is started again", process=self._name, how=how, pause=pause)
            await asyncio.sleep(pause)
            self._again()

    async def _employ(self) -> str:
        """One process, to its end; how it ended."""
        async with self._start() as child:
            try:
                answer = await child.ready()
                if not self._first.done():
                    self._first.set_result(answer)
                self.child = child
                self._ready(child)
                return await self._end_of(child)
            finally:
                self.child = None
                self._gone(child.pid)

    async def _end_of(self, child: Child) -> str:
        """How it ended, by itself or because it hung."""
        silent = asyncio.create_task(child.silent(self._silence))
        try:
            await asyncio.wait((child.ended, silent), return_when=asyncio.FIRST_COMPLETED)
        finally:
            silent.cancel()
        if child.ended.done() or self.ending:  # who is to end has a deadline of another kind
            return how_it_ended(await asyncio.shield(child.ended))
        child.kill()
        return f"did not answer for {self._silence:g} s and was killed"
