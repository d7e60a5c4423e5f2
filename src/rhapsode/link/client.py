"""The side that asks: many calls at once over one connection, which is made anew when it breaks."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final

from rhapsode.core.errors import RhapsodeError, ServiceError
from rhapsode.link.faults import read_fault
from rhapsode.link.frames import ASK, CANCEL, FAILED, ITEM, MORE, ROOM, Frames

PATIENCE: Final = 10.0
"""Seconds that a call waits for the other process to be there: about what one takes to be started again."""

_BETWEEN_TRIES: Final = 0.05
GOODBYE: Final = 5.0
"""seconds that who cancels waits until the work has ended; an engine that hangs holds nobody longer"""


class _Call:
    """A call under way: what has come of it, and who waits for more."""

    def __init__(self) -> None:
        self.items: deque[bytes] = deque()
        self.over = False
        self.fault: RhapsodeError | None = None
        self._waiting: asyncio.Future[None] | None = None

    async def changed(self) -> None:
        """Wait until something comes."""
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def wake(self) -> None:
        """Something has come."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class _Connection:
    """One connection and its calls; a `Receiver`."""

    def __init__(self, lost: ServiceError) -> None:
        self.calls: dict[int, _Call] = {}
        self.frames = Frames(self)
        self._lost = lost

    def received(self, call: int, kind: int, body: bytes, /) -> None:
        """Of the protocol. What comes of a call that nobody waits for any more is dropped."""
        found = self.calls.get(call)
        if found is None:
            return
        if kind == ITEM:
            found.items.append(body)
        else:
            found.over = True
            found.fault = read_fault(body) if kind == FAILED else None
            del self.calls[call]
        found.wake()

    def lost(self) -> None:
        """Of the protocol."""
        calls, self.calls = self.calls, {}
        for call in calls.values():
            call.over, call.fault = True, type(self._lost)(*self._lost.args)
            call.wake()


class Link:
    """Calls to the process that listens at `path`. For one event loop."""

    def __init__(self, path: str, *, lost: ServiceError, patience: float = PATIENCE, goodbye: float = GOODBYE) -> None:
        """`lost`: what a call raises when the other process ends meanwhile, or is not there within `patience` s.

        Work that nobody wants any more is waited for until it has ended, for `goodbye` s at the most.
        """
        self._path, self._lost, self._patience, self._goodbye = path, lost, patience, goodbye
        self._numbers = itertools.count()
        self._connection: _Connection | None = None
        self._connecting: asyncio.Task[_Connection] | None = None

    async def call(self, ask: bytes, *, room: int) -> AsyncGenerator[bytes]:
        """The items of the answer. At most `room` are under way: who takes none stops the work, and nobody else's.

        Closing it ends the work: when `aclose` returns, it has ended. Raises what the work raises, and `lost`.
        """
        connection, number, call = await self._begin(ask, room)
        taken = 0
        try:
            while True:
                while call.items:
                    taken += 1
                    if taken * 2 >= room:
                        connection.frames.send(number, MORE, ROOM.pack(taken))
                        taken = 0
                    yield call.items.popleft()
                if call.over:
                    break
                await call.changed()
            if call.fault is not None:
                raise call.fault
        finally:
            if not call.over:
                await _cancelled(connection, number, call, self._goodbye)

    async def ask(self, body: bytes) -> bytes:
        """The answer to what has one item. Raises as `call`."""
        connection, number, call = await self._begin(body, 1)
        try:
            while not call.over:
                await call.changed()
        finally:
            if not call.over:
                await _cancelled(connection, number, call, self._goodbye)
        if call.fault is not None:
            raise call.fault
        return call.items.popleft()

    def tell(self, body: bytes) -> None:
        """Ask what nobody waits for: it comes behind what was asked before. To a process that has gone it is lost."""
        if self._connection is not None and self._connection.frames.is_open:
            self._connection.frames.send(next(self._numbers) & 0xFFFFFFFF, ASK, ROOM.pack(1) + body)

    async def connect(self) -> None:
        """Be connected. Raises `lost`."""
        await self._connected()

    def close(self) -> None:
        """Calls under way raise `lost`."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            self._connection.frames.close()

    async def _begin(self, ask: bytes, room: int) -> tuple[_Connection, int, _Call]:
        connection = self._connection
        if connection is None or not connection.frames.is_open:
            connection = await self._connected()
        number, call = next(self._numbers) & 0xFFFFFFFF, _Call()
        connection.calls[number] = call
        connection.frames.send(number, ASK, ROOM.pack(room) + ask)
        return connection, number, call

    async def _connected(self) -> _Connection:
        """The connection, which one caller makes for all that wait."""
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(lambda done: done.cancelled() or done.exception())  # heard, if by none
        try:
            return await asyncio.shield(self._connecting)
        except TimeoutError as late:
            raise type(self._lost)(*self._lost.args) from late

    async def _connect(self) -> _Connection:
        if self._connection is not None and self._connection.frames.is_open:
            return self._connection
        connection = _Connection(self._lost)
        async with asyncio.timeout(self._patience):
            while True:
                try:
                    await asyncio.get_running_loop().create_unix_connection(lambda: connection.frames, self._path)
                except (FileNotFoundError, ConnectionError):  # it is being started
                    await asyncio.sleep(_BETWEEN_TRIES)
                else:
                    self._connection = connection
                    return connection


async def _cancelled(connection: _Connection, number: int, call: _Call, seconds: float) -> None:
    """Tell that nobody listens, and wait until the work has ended."""
    connection.frames.send(number, CANCEL)
    try:
        async with asyncio.timeout(seconds):
            while not call.over:
                await call.changed()
    except TimeoutError:
        pass
    finally:
        connection.calls.pop(number, None)
