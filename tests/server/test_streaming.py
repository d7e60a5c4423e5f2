"""A stream that has no way to say that it broke."""

from collections.abc import AsyncGenerator

from rhapsode.core.errors import EngineError
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
