"""A streamed answer: events, or parts of anything, to the socket as they come."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from starlette.types import Receive, Scope, Send

from rhapsode.core.errors import RhapsodeError
from rhapsode.dialects.sse import CONTENT_TYPE
from rhapsode.server.body import CallerLeft

PATIENCE_SECONDS = 600.0
"""How long, or at most twice as long, a caller may take nothing of a stream. It holds a place at an engine meanwhile.

Linux says that there is room again once a third of a socket's buffer is free, of 4 MB at most: a player that takes MP3
of 32 kbit a second no faster than it sounds may need 350 s for that.
"""


def _unheard() -> None:
    """Nobody asks."""


class EventStream:
    """An ASGI answer made of frames.

    Nothing is sent before the first frame is there, so that an error until then is answered as for a whole reply.
    `broken` makes the last frame of a stream that fails after that; without it the connection is cut, which a client
    takes for what it is: not the end. A caller that takes nothing for `patience` seconds counts as one that left.
    """

    def __init__(
        self,
        frames: AsyncGenerator[bytes],
        *,
        broken: Callable[[RhapsodeError], bytes] | None,
        headers: Mapping[str, str],
        content_type: str = CONTENT_TYPE,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._frames = frames
        self._broken = broken
        self._headers = {"content-type": content_type, "cache-control": "no-store", **headers}
        self._patience = patience
        self._sent = 0
        self._is_sending = False
        self._watch: asyncio.TimerHandle | None = None
        self.begun = False
        self.begins: Callable[[], None] = _unheard
        """Called before the first frame is sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send every frame; whatever ends this closes the frames. Raises `CallerLeft`."""
        del scope, receive
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._look(limit)
                await self._send_all(send)
        except TimeoutError:
            if limit.expired():
                raise CallerLeft from None
            raise
        finally:
            if self._watch is not None:
                self._watch.cancel()

    async def _send_all(self, send: Send) -> None:
        async with aclosing(self._frames) as frames:
            async for frame in frames:
                if not self.begun:
                    self.begun = True
                    self.begins()
                    headers = [(name.encode(), value.encode()) for name, value in self._headers.items()]
                    await send({"type": "http.response.start", "status": 200, "headers": headers})
                self._is_sending = True
                await send({"type": "http.response.body", "body": frame, "more_body": True})
                self._is_sending = False
                self._sent += 1
        self._is_sending = True
        await send({"type": "http.response.body", "body": b""})

    def _look(self, limit: asyncio.Timeout, *, before: int | None = None) -> None:
        """End what was being sent when this was called before, and still is. A timer for each frame would cost more."""
        loop = asyncio.get_running_loop()
        if before == self._sent:
            limit.reschedule(loop.time())
            return
        under_way = self._sent if self._is_sending else None
        self._watch = loop.call_later(self._patience, lambda: self._look(limit, before=under_way))

    async def send_broken(self, error: RhapsodeError, send: Send) -> None:
        """End a stream that has begun and cannot go on."""
        if self._broken is not None:
            await send({"type": "http.response.body", "body": self._broken(error)})
