"""HTTP on a socket, by uvicorn and httptools, with the bounds that these do not have.

A caller needs no key to send bytes. Without bounds, one could send a header without an end, which is gathered in memory
and at a cost that grows with its square; or requests by the thousand without waiting for an answer, each of which takes
four kilobytes: 835 MB in six seconds were seen. Fields after a chunked body would count as headers, and be gathered
without an end: 2.8 GB in twelve seconds. The body of a request that asks for another protocol would be taken for the
next request.
"""

import asyncio
from typing import Final, cast

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from rhapsode.server.boundary import trace_headers
from rhapsode.server.joined import JoinedTransport
from rhapsode.server.no_request import tell

HEAD_LIMIT: Final = 64 * 1024
"""Bytes of a request's first line and headers, and of what stands between two parts of its body or after the last."""

HEAD_SECONDS: Final = 60.0
"""How long they may take to arrive, the first one from when the connection stands, a later one from its first byte."""

WAITING_LIMIT: Final = 16
"""Requests that may wait on one connection for the answers before theirs. Hardly a client sends a second one at all."""

REST_SECONDS: Final = 10.0
"""How long the rest of a body may take to arrive that nobody waits for, since its request was answered already."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """A connection."""

    head_seconds = HEAD_SECONDS
    rest_seconds = REST_SECONDS
    _joined: JoinedTransport
    _head = 0
    """bytes since something was complete that is of use: a head, a part of a body, a request"""
    _reading_head = True
    _late: asyncio.TimerHandle | None = None
    _working: RequestResponseCycle | None = None
    """the request that is being answered"""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """The connection is there."""
        self._joined = JoinedTransport(transport, self._everything_unread)
        super().connection_made(self._joined)
        self._late = self.loop.call_later(self.head_seconds, self._joined.close)

    def data_received(self, data: bytes) -> None:
        """Bytes from the socket."""
        self._head += len(data)
        self._unset_keepalive_if_required()
        self._parse(data)
        # Judged afterwards: a head and its body mostly come in one go.
        if not self._head or self.transport.is_closing():
            return
        if self._head > HEAD_LIMIT:
            self._refuse_length()
        elif self._reading_head and self._late is None:
            self._late = self.loop.call_later(self.head_seconds, self.transport.close)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; or a field after a chunked body, which is none and is not kept."""
        if not self._reading_head:
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        elif name == b"transfer-encoding" and value.rstrip().lower() != b"chunked":
            raise httptools.HttpParserError("a body is packed on its way, and would be read as it is")
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._punctual()
        if self.parser.should_upgrade() and not self._should_upgrade():
            return  # it is read again
        if len(self.pipeline) >= WAITING_LIMIT:
            raise httptools.HttpParserError("too many requests wait for their answers")
        # It may have come with more in one go, and then it has not been judged by what came.
        if not 0 < self._head <= HEAD_LIMIT and self._length() > HEAD_LIMIT:
            self._refuse_length()
            raise httptools.HttpParserError("the head is too large")
        super().on_headers_complete()
        self._reading_head = False
        self._head = 0

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The body is there: what comes next is another head."""
        self._punctual()
        if self._reading_head:
            return  # the head is read again
        self._reading_head = True
        self._head = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is on its way, perhaps before all of the body came, of which nobody wants more then."""
        super().on_response_complete()
        if not self._reading_head and self.cycle.response_complete and not self.transport.is_closing():
            self._late = self.loop.call_later(self.rest_seconds, self.transport.close)

    def handle_websocket_upgrade(self) -> None:
        """The connection is for frames from here on; unless it still owes an answer, which would stand among them."""
        if self.scope["method"] != "GET" or self._owes() or self._announces_body():
            self.send_400_response("Invalid WebSocket request.")
            return
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Tell that this is not HTTP; or cut the connection, where that would stand within another answer."""
        if self.pipeline or (self._owes() and self.cycle.response_started):
            tell(self.client, 400)
            self.transport.abort()
        elif self._reading_head or self._owes():
            self._refuse(400, msg)
        else:
            tell(self.client, 400)
            self.transport.close()  # answered before all of the body came: a second answer would be the next request's

    def pause_writing(self) -> None:
        """The caller reads more slowly than it is written to."""
        super().pause_writing()
        self._joined.unread.watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        self._punctual()
        self._joined.unread.stop()
        super().connection_lost(exc)
        # Uvicorn tells the newest request alone, which may be one that waits for the answer before its own.
        if self._working is not None and not self._working.response_complete:
            self._working.disconnected = True
            self._working.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._working = cycle
        super()._start_asgi_task(cycle, app)

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            if not self.transport.is_closing():  # unless it was told already what is wrong
                self.send_400_response("Invalid HTTP request received.")
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[cast("int", upgrade.args[0]) :]
            if not self._should_upgrade():
                self._parse_without_upgrade(rest)
            elif rest:
                self.send_400_response("Invalid WebSocket request.")
            else:
                self.handle_websocket_upgrade()

    def _parse_without_upgrade(self, rest: bytes) -> None:
        """Read a request again as if it had not asked for another protocol than a WebSocket's, as a server may do.

        Java's own client asks for HTTP/2 so each time. The parser passes over the body of such a request, and cannot be
        told not to.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self.send_400_response("Invalid HTTP request received.")
            return
        head = [method, b" ", self.url, b" HTTP/", self.parser.get_http_version().encode(), b"\r\n"]
        for name, value in self.headers:
            if name != b"upgrade":
                head += [name, b": ", value, b"\r\n"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._parse(b"".join([*head, b"\r\n", rest]))

    def _length(self) -> int:
        """Of the head, without its signs."""
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse_length(self) -> None:
        if self._reading_head and not self.pipeline and not self._owes():
            self._refuse(431, "431 request header is too large\r\n")
        else:
            self.send_400_response("Invalid HTTP request received.")

    def _refuse(self, status: int, why: str) -> None:
        headers = {
            "content-type": "text/plain; charset=utf-8",
            "content-length": str(len(why)),
            "connection": "close",
            **trace_headers(tell(self.client, status)),
        }
        lines = [
            *self.server_state.default_headers,
            *((name.encode(), told.encode()) for name, told in headers.items()),
        ]
        head = b"".join(b"%s: %s\r\n" % line for line in lines)
        self.transport.write(STATUS_LINE[status] + head + b"\r\n" + why.encode())
        self.transport.close()

    def _announces_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in self.headers
        )

    def _owes(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _everything_unread(self) -> int:
        return sum(
            connection.transport.unsent
            for connection in self.connections
            if isinstance(connection.transport, JoinedTransport)
        )

    def _punctual(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
