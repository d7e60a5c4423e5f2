"""A streamed answer: events to the socket as they come."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from starlette.types import Receive, Scope, Send

from rhapsode.core.errors import RhapsodeError
from rhapsode.dialects.sse import CONTENT_TYPE


class EventStream:
    """An ASGI answer made of frames.

    Nothing is sent before the first frame is there, so that an error until then is answered as for a whole reply.
    `broken` makes the last frame of a stream that fails after that.
    """

    def __init__(
        self, frames: AsyncGenerator[bytes], *, broken: Callable[[RhapsodeError], bytes], headers: Mapping[str, str]
    ) -> None:
        self._frames = frames
        self._broken = broken
        self._headers = {"content-type": CONTENT_TYPE, "cache-control": "no-store", **headers}
        self.begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send every frame; whatever ends this closes the frames."""
        del scope, receive
        async with aclosing(self._frames) as frames:
            async for frame in frames:
                if not self.begun:
                    self.begun = True
                    headers = [(name.encode(), value.encode()) for name, value in self._headers.items()]
                    await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": frame, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def send_broken(self, error: RhapsodeError, send: Send) -> None:
        """End a stream that has begun and cannot go on."""
        await send({"type": "http.response.body", "body": self._broken(error)})
