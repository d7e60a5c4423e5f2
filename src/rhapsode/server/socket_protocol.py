"""WebSockets on a socket, by uvicorn and websockets, with the bounds that these do not have."""

from typing import Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

from rhapsode.server.joined import JoinedTransport
from rhapsode.server.no_request import tell

FRAMES_LIMIT: Final = 1024
"""Frames of one message. The size of a message is bounded, and frames may be empty."""

_SWITCHED: Final = 101
_STATUS: Final = slice(len("HTTP/1.1 "), len("HTTP/1.1 431"))


class BoundedSocketProtocol(WebSocketsSansIOProtocol):
    """A connection."""

    def data_received(self, data: bytes) -> None:
        """Bytes from the socket."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # Too many headers, or too long ones: uvicorn would leave the answer where it is, and wait for ever.
            self.handshake_initiated = self.close_sent = True
            answer = b"".join(self.conn.data_to_send())
            tell(self.client, int(answer[_STATUS]))
            self.transport.write(answer)
            self.transport.close()

    def handle_connect(self, event: Request) -> None:
        """A request for a WebSocket, which may be none: without its key, or of another version."""
        super().handle_connect(event)
        if self.response.status_code != _SWITCHED:
            tell(self.client, self.response.status_code)

    def handle_cont(self, event: Frame) -> None:
        """One more frame of a message."""
        if len(self.frames) < FRAMES_LIMIT:
            super().handle_cont(event)
        elif not self.close_sent:
            self.conn.fail(CloseCode.MESSAGE_TOO_BIG, f"a message has at most {FRAMES_LIMIT} frames")
            self.handle_parser_exception()

    def handle_ping(self) -> None:
        """Answered, unless the answers are not taken: they would lie in memory."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def pause_writing(self) -> None:
        """The caller reads more slowly than it is written to."""
        super().pause_writing()
        if isinstance(self.transport, JoinedTransport):
            self.transport.unread.watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        if isinstance(self.transport, JoinedTransport):
            self.transport.unread.stop()
        super().connection_lost(exc)
