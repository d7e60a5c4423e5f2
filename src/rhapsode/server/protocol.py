"""HTTP on a socket, by uvicorn and httptools, with a bound that httptools does not have: the size of a request's head.

Without it one caller, who needs no key, could send a header without an end; it is gathered in memory, and at a cost
that grows with its square.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rhapsode.server.joined import JoinedTransport

HEAD_LIMIT = 64 * 1024
"""Bytes of a request's first line and headers."""

HEAD_SECONDS = 60.0
"""How long they may take to arrive, on a connection that has begun to send them."""

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: 33\r\n\r\n"
    b"431 request header is too large\r\n"
)


class BoundedHttpProtocol(HttpToolsProtocol):
    """A connection."""

    _head = 0
    """bytes since the last head was complete; 0 between requests and within a body"""
    _reading_head = True
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """The connection is there."""
        super().connection_made(JoinedTransport(transport))

    def data_received(self, data: bytes) -> None:
        """Bytes from the socket."""
        if self._reading_head:
            self._head += len(data)
        super().data_received(data)
        # Judged afterwards: a head and its body mostly come in one go.
        if not self._head or self.transport.is_closing():
            return
        if self._head > HEAD_LIMIT:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._reading_head = False
        self._head = 0
        self._punctual()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is there: what comes next is another head."""
        self._reading_head = True
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        self._punctual()
        super().connection_lost(exc)

    def _punctual(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
