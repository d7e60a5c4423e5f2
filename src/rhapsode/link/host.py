"""The side that works: it listens on a Unix socket, and does each call in a task of its own."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path

import structlog

from rhapsode.core.errors import EngineError, RhapsodeError
from rhapsode.link.faults import write_fault
from rhapsode.link.frames import ASK, CANCEL, FAILED, ITEM, MORE, OVER, ROOM, Frames

Answer = Callable[[bytes], AsyncGenerator[bytes] | bytes]
"""A call's question in, the items of its answer out, or at once the one that there is; raises errors of our tree."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.link")


class _Room:
    """How many items the caller takes before it has to say so again."""

    def __init__(self, items: int) -> None:
        self._items = items
        self._waiting: asyncio.Future[None] | None = None

    def add(self, items: int) -> None:
        """The caller has taken some."""
        self._items += items
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def take(self) -> None:
        """Wait until there is room for one more item."""
        while not self._items:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        self._items -= 1


class _Guest:
    """A process that asks: its connection, a `Receiver`."""

    def __init__(self, guests: "set[_Guest]", answer: Answer, gone: Callable[[], None]) -> None:
        self._guests, self._answer, self._gone = guests, answer, gone
        self._work: dict[int, tuple[asyncio.Task[None], _Room]] = {}
        self.frames = Frames(self)
        guests.add(self)

    def received(self, call: int, kind: int, body: bytes, /) -> None:
        """Of the protocol."""
        if kind == ASK:
            self._begin(call, body)
        elif found := self._work.get(call):
            task, room = found
            if kind == MORE:
                room.add(*ROOM.unpack(body))
            elif kind == CANCEL:
                task.cancel()

    def lost(self) -> None:
        """Of the protocol."""
        self._guests.discard(self)
        for task, _ in self._work.values():
            task.cancel()
        self._gone()

    async def end(self) -> None:
        """Break off what is under way, and close the connection."""
        tasks = [task for task, _ in self._work.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self.frames.close()

    def _begin(self, call: int, body: bytes) -> None:
        try:
            answer = self._answer(body[ROOM.size :])
        except Exception as fault:  # noqa: BLE001 - the boundary of a call that is answered at once
            self._fail(call, fault)
            return
        if isinstance(answer, bytes):
            self.frames.send(call, ITEM, answer)
            self.frames.send(call, OVER)
            return
        room = _Room(*ROOM.unpack_from(body))
        task = asyncio.create_task(self._do(call, answer, room))
        self._work[call] = task, room
        task.add_done_callback(partial(self._ended, call))

    async def _do(self, call: int, answer: AsyncGenerator[bytes], room: _Room) -> None:
        async with aclosing(answer) as items:
            async for item in items:
                await room.take()
                self.frames.send(call, ITEM, item)

    def _ended(self, call: int, task: asyncio.Task[None]) -> None:
        del self._work[call]
        # Who cancelled is not told why; who did not, by no means takes what came for all there is.
        fault = EngineError("it was stopped before it was done") if task.cancelled() else task.exception()
        if fault is None:
            self.frames.send(call, OVER)
        else:
            self._fail(call, fault)

    def _fail(self, call: int, fault: BaseException) -> None:
        if not isinstance(fault, RhapsodeError):
            _log.error("a call failed in a way nobody foresaw", exc_info=fault)
            fault = EngineError("it failed in a way nobody foresaw; the log says why")
        self.frames.send(call, FAILED, write_fault(fault))


@asynccontextmanager
async def hosting(path: str, open_answer: Callable[[], tuple[Answer, Callable[[], None]]]) -> AsyncGenerator[None]:
    """Listen at `path`, which is made anew; leaving breaks off what is under way.

    `open_answer` gives, for each connection, what answers it and what is to be called when it has gone.
    """
    _remove(path)
    guests: set[_Guest] = set()
    server = await asyncio.get_running_loop().create_unix_server(lambda: _Guest(guests, *open_answer()).frames, path)
    try:
        yield
    finally:
        server.close()
        for guest in tuple(guests):
            await guest.end()


def _remove(path: str) -> None:
    """What a process left behind that was killed."""
    Path(path).unlink(missing_ok=True)
