"""Answers that nobody takes, over a real socket."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from rhapsode.server.joined import JoinedTransport
from rhapsode.server.unread import LEAST, Unread

ANSWER = 16 * 1024 * 1024
"""more than the system takes by itself"""


@dataclass
class Ours(asyncio.Protocol):
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.lost.set()


@dataclass
class Pair:
    transport: JoinedTransport
    other: socket.socket
    lost: asyncio.Event

    async def take(self, size: int) -> None:
        """Read so much at the other end."""
        loop = asyncio.get_running_loop()
        while size > 0:
            size -= len(await loop.sock_recv(self.other, min(size, 65536)))


@pytest.fixture
async def pair() -> AsyncGenerator[Pair]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)  # noqa: FBT003 - the standard library takes it so
    transport, protocol = await asyncio.get_running_loop().create_connection(Ours, sock=ours)
    with theirs:
        yield Pair(JoinedTransport(transport), theirs, protocol.lost)
        if not protocol.lost.is_set():
            transport.abort()
    await protocol.lost.wait()


async def test_what_is_sent_and_what_is_not_is_counted(pair: Pair) -> None:
    pair.transport.write(b"a" * 1000)
    assert (pair.transport.sent, pair.transport.unsent) == (0, 1000)
    pair.transport.flush()
    assert (pair.transport.sent, pair.transport.unsent) == (1000, 0)
    pair.transport.write(b"a" * ANSWER)
    assert pair.transport.unsent > ANSWER // 2
    assert pair.transport.sent + pair.transport.unsent == 1000 + ANSWER


async def test_a_caller_that_takes_nothing_is_let_go_when_its_time_is_over(pair: Pair) -> None:
    pair.transport.write(b"a" * ANSWER)
    Unread(pair.transport, int, short=0.01, patience=0.05).watch()
    await pair.lost.wait()


async def test_while_much_lies_there_the_time_is_short(pair: Pair) -> None:
    pair.transport.write(b"a" * ANSWER)
    Unread(pair.transport, lambda: ANSWER, short=0.01, patience=1e6, much=ANSWER - 1).watch()
    await pair.lost.wait()


async def test_one_that_takes_something_every_time_hears_everything(pair: Pair) -> None:
    looks = 0

    def everything() -> int:
        nonlocal looks
        looks += 1
        return 0

    pair.transport.write(b"a" * ANSWER)
    watching = Unread(pair.transport, everything, short=0.01, patience=0.05)
    watching.watch()
    left = ANSWER
    while left:
        await pair.take(min(left, 16 * LEAST))
        left -= min(left, 16 * LEAST)
        await asyncio.sleep(0)
    assert not pair.lost.is_set()
    watching.stop()


async def test_a_connection_that_is_closed_sends_its_rest_first(pair: Pair) -> None:
    pair.transport.write(b"a" * ANSWER)
    pair.transport.close()
    assert not pair.lost.is_set()
    await pair.take(ANSWER)
    await pair.lost.wait()
