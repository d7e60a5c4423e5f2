"""A stream that has no way to say that it broke, and one that nobody takes."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from rhapsode.core.errors import EngineError
from rhapsode.server.body import CallerLeft
from rhapsode.server.boundary import Answer, Call
from rhapsode.server.streaming import EventStream
from tests.server.test_boundary import Socket, answer


async def sound(call: Call) -> Answer:
    async def pieces() -> AsyncGenerator[bytes]:
        yield b"sound"
        raise EngineError("broken")

    return EventStream(pieces(), broken=None, headers=call.headers, content_type="audio/mpeg")


async def test_sound_that_breaks_off_is_never_ended_so_that_the_connection_is_cut() -> None:
    socket = await answer(sound, Socket())
    assert dict(socket.sent[0]["headers"])[b"content-type"] == b"audio/mpeg"
    assert [part["body"] for part in socket.sent[1:]] == [b"sound"]
    assert socket.sent[-1]["more_body"]


class Full(Socket):
    """A socket that takes a few frames, and then has room for none until `room` is set."""

    def __init__(self, takes: int) -> None:
        super().__init__()
        self.takes = takes
        self.room = asyncio.Event()
        self.full = asyncio.Event()

    async def send(self, message: Any) -> None:  # noqa: ANN401 - as ASGI has it
        await super().send(message)
        if len(self.sent) > self.takes:
            self.full.set()
            await self.room.wait()


async def listen(socket: Full, closed: asyncio.Event, *, patience: float) -> None:
    async def frames() -> AsyncGenerator[bytes]:
        try:
            for _ in range(5):
                yield b"frame"
        finally:
            closed.set()

    stream = EventStream(frames(), broken=None, headers={}, patience=patience)
    await stream(socket.scope, socket.receive, socket.send)


@pytest.mark.parametrize("takes", [1, 3, 6], ids=["the first frame", "a later one", "the end"])
async def test_a_caller_that_takes_nothing_has_left(takes: int) -> None:
    closed = asyncio.Event()
    with pytest.raises(CallerLeft):
        await listen(Full(takes), closed, patience=0.02)
    assert closed.is_set()


async def test_a_caller_that_takes_its_time_hears_everything() -> None:
    socket = Full(3)
    listening = asyncio.create_task(listen(socket, asyncio.Event(), patience=60))
    await socket.full.wait()
    socket.room.set()
    await listening
    assert socket.body == b"frame" * 5


async def test_an_engine_that_takes_its_time_is_not_taken_for_the_caller() -> None:
    socket = Socket()

    async def frames() -> AsyncGenerator[bytes]:
        yield b"a"
        await asyncio.sleep(0.1)  # ten times as long as a caller may
        yield b"b"

    await EventStream(frames(), broken=None, headers={}, patience=0.01)(socket.scope, socket.receive, socket.send)
    assert socket.body == b"ab"
