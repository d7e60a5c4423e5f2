"""A streamed answer: events, or parts of anything, to the socket as they come."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from starlette.types import Receive, Scope, Send

from rhapsode.core.errors import RhapsodeError
from rhapsode.dialects.sse import CONTENT_TYPE


class EventStream:
    """An ASGI answer made of frames.

    Nothing is sent before the first frame is there, so that an error until then is answered as for a whole reply.
    `broken` makes the last frame of a stream that fails after that; without it the connection is cut, which a client
    takes for what it is: not the end.
    """

    def __init__(
        self,
        frames: AsyncGenerator[bytes],
        *,
        broken: Callable[[RhapsodeError], bytes] | None,
        headers: Mapping[str, str],
        content_type: str = CONTENT_TYPE,
    ) -> None:
        self._frames = frames
        self._broken = broken
        self._headers = {"content-type": content_type, "cache-control": "no-store", **headers}
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
        if self._broken is not None:
            await send({"type": "http.response.body", "body": self._broken(error)})
