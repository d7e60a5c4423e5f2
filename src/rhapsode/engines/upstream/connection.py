"""One HTTP/1.1 connection to another server: a request goes out, its answer is read as it comes.

An asyncio protocol around httptools, the parser that our own server has too: 20 µs of a processor for a call, where
aiohttp, which knows all of HTTP, takes 64 (Python 3.11, uvloop), as much as all else that a relay does for a short one.
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

import httptools

from rhapsode.engines.upstream.faults import Unavailable

ONE_PIECE: Final = 1024 * 1024
"""Bytes that are written at once; what is longer goes out in pieces, between which others get on."""

HELD: Final = 256 * 1024
"""Bytes of an answer that may wait to be read; beyond that none are taken from the socket."""

LONGEST_HEAD: Final = 64 * 1024
"""Bytes before a body, within its framing or behind it: a header is gathered at a cost that grows with its square."""


class Connection(asyncio.Protocol):
    """Serves one call after the other; who holds it sees to it that it is one at a time."""

    def __init__(self, on_lost: Callable[["Connection"], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_lost = on_lost
        self._failure: Unavailable | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._crowded = False
        """whether what was written has not gone out yet"""
        self._is_lost = False
        self._begin()

    def started(self, transport: asyncio.Transport) -> None:
        """Go on over this transport: that of the socket, or one around it."""
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)
        self.complete = True  # nothing is asked for yet

    def _begin(self) -> None:
        self.status = 0
        """of HTTP; 0 until the head has come"""
        self.headers: dict[bytes, bytes] = {}
        """by their names in lower case"""
        self.complete = False
        """whether the answer has come to its end"""
        self._sent = False
        self._may_go_on = False
        self._bare = 0
        """bytes in a row that held nothing of a body"""
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def is_free(self) -> bool:
        """Whether another call can be made."""
        is_done = self.complete and self._sent and self._may_go_on
        return is_done and self._failure is None and not self._transport.is_closing()

    @property
    def transport(self) -> asyncio.Transport:
        """What it goes over."""
        return self._transport

    async def ask(self, head: bytes, body: bytes) -> None:
        """Send a request, and wait for the head of the answer. Raises `Unavailable`."""
        self._begin()
        if len(head) + len(body) <= ONE_PIECE:
            self._transport.write(head + body)
            self._sent = True
        else:
            await self._send_in_pieces(head, body)
        while not self.status:
            await self._news()

    async def read(self) -> bytes:
        """What has come of the body; nothing at its end. Raises `Unavailable`."""
        while not self._parts:
            if self.complete:
                return b""
            await self._news()
        parts, self._parts = self._parts, []
        if self._size > HELD:
            self._transport.resume_reading()
        self._size = 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def abort(self, failure: Unavailable | None = None) -> None:
        """Hang up. Whoever waits for the answer is told of the failure."""
        self._failure = self._failure or failure or Unavailable("the upstream engine is no longer listened to")
        if not self._is_lost:
            self._transport.abort()
        self._tell()

    async def _send_in_pieces(self, head: bytes, body: bytes) -> None:
        """All of it, unless the server answers before: then it may not read on."""
        self._transport.write(head)
        view = memoryview(body)
        for place in range(0, len(view), ONE_PIECE):
            while self._crowded and not self.status:
                await self._news()
            if self.status or self._failure or self._transport.is_closing():
                return
            self._transport.write(view[place : place + ONE_PIECE])
            await asyncio.sleep(0)
        self._sent = True

    async def _news(self) -> None:
        """Wait until something has happened. Raises `Unavailable` where nothing more will."""
        if self._failure:
            raise self._failure
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _tell(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Of the protocol."""
        self.started(cast("asyncio.Transport", transport))  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Of the protocol."""
        if self.complete:
            self.abort(_no_http("it speaks without being asked"))
            return
        size = self._size
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.abort(_no_http(type(error).__name__))
            return
        self._bare = self._bare + len(data) if self._size == size else 0
        if self._bare > LONGEST_HEAD and not self.complete:
            self.abort(_no_http("its headers have no end"))
        if self._size > HELD:
            self._transport.pause_reading()
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        """Of the protocol."""
        if self.status and not (exc or self._is_framed):
            self.complete = True  # that is how such an answer ends
        elif self.status:
            failure = Unavailable("the upstream engine hung up in the middle of its answer", passing=True)
            self._failure = self._failure or failure
        else:
            failure = Unavailable("the upstream engine cannot be reached, or hung up", passing=True)
            self._failure = self._failure or failure
        self._may_go_on = False
        self._is_lost = True
        self._tell()
        self._on_lost(self)

    def pause_writing(self) -> None:
        """Of the protocol."""
        self._crowded = True

    def resume_writing(self) -> None:
        """Of the protocol."""
        self._crowded = False
        self._tell()

    def on_message_begin(self) -> None:
        """Of the parser, at the first byte of an answer: of a second one, too."""
        if self.complete:
            self._may_go_on = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of the parser."""
        if not self.status:  # else it stands behind a body
            self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Of the parser."""
        status = self._parser.get_status_code()
        if self.complete:
            return  # a second answer
        if status < 200:  # noqa: PLR2004 - of HTTP: the answer is still to come
            self.headers = {}
        else:
            self.status = status

    def on_body(self, body: bytes) -> None:
        """Of the parser."""
        if not self.complete:
            self._parts.append(body)
            self._size += len(body)

    def on_message_complete(self) -> None:
        """Of the parser."""
        if self.status and not self.complete:
            self.complete = True
            self._may_go_on = self._parser.should_keep_alive()

    @property
    def _is_framed(self) -> bool:
        """Whether an answer says itself where it ends."""
        return b"content-length" in self.headers or b"transfer-encoding" in self.headers


def _no_http(what: str) -> Unavailable:
    """Without the parser's own words, which could quote what the other server sent."""
    return Unavailable(f"the upstream engine does not answer as HTTP demands: {what}")
