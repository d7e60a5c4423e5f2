"""Writes that go out together, over a real socket."""

import asyncio
import socket
from collections.abc import AsyncGenerator

import pytest

from rhapsode.server.joined import MOST, JoinedTransport


class Pair:
    """A connection, and the socket at its other end."""

    def __init__(self, transport: JoinedTransport, other: socket.socket) -> None:
        self.transport = transport
        self.other = other

    def arrived(self) -> bytes:
        try:
            return self.other.recv(1 << 20)
        except BlockingIOError:
            return b""


@pytest.fixture
async def pair() -> AsyncGenerator[Pair]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)  # noqa: FBT003 - the standard library takes it so
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    with theirs:
        yield Pair(JoinedTransport(transport), theirs)
        transport.close()


async def test_what_is_written_in_one_turn_leaves_at_its_end(pair: Pair) -> None:
    pair.transport.write(b"one ")
    pair.transport.write(b"two")
    assert pair.arrived() == b""
    await asyncio.sleep(0)
    assert pair.arrived() == b"one two"
    pair.transport.write(b"three")
    await asyncio.sleep(0)
    assert pair.arrived() == b"three"


async def test_much_does_not_wait(pair: Pair) -> None:
    pair.transport.write(b"x" * (MOST + 1))
    assert len(pair.arrived()) > 0


async def test_closing_sends_what_was_written(pair: Pair) -> None:
    pair.transport.write(b"the last words")
    pair.transport.close()
    assert pair.transport.is_closing()
    assert pair.arrived() == b"the last words"


async def test_aborting_does_not(pair: Pair) -> None:
    pair.transport.write(b"never heard")
    pair.transport.abort()
    await asyncio.sleep(0)
    assert pair.arrived() == b""
    pair.transport.write(b"nor this")
    await asyncio.sleep(0)
