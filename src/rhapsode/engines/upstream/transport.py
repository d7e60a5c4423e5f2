"""HTTP to one other server: connections that are kept, answers read as they come, failures told as ours."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from yarl import URL

from rhapsode.dialects.sse import EventReader
from rhapsode.engines.upstream.connection import Connection
from rhapsode.engines.upstream.faults import Unavailable
from rhapsode.engines.upstream.way import Way
from rhapsode.telemetry.spans import traceparent
from rhapsode.version import __version__

KEPT_SECONDS: Final = 15.0
"""How long an idle connection is kept: less than servers do, so that a call rarely finds it closed."""

LONGEST_ANSWER: Final = 64 * 1024 * 1024
"""Bytes of an answer that is read whole."""

LONGEST_EVENT: Final = 8 * 1024 * 1024
"""Bytes of a stream without an event in them."""

LONGEST_REFUSAL: Final = 64 * 1024
_END_SECONDS: Final = 0.1
"""How long the end of a stream is waited for after its last event; later than that, the connection is not kept."""
_PLAIN: Final = frozenset({b"", b"identity"})


class Answer:
    """An answer whose head has come. Nothing of its body is read yet."""

    def __init__(self, connection: Connection, leave: Callable[[Connection], None]) -> None:
        """`leave` takes the connection back."""
        self._connection = connection
        self._leave = leave
        self._reader = EventReader()
        self._without_event = 0
        self._left = False
        self.status = connection.status
        """Of HTTP."""
        kind = connection.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        self.is_stream = kind == b"text/event-stream"
        """Whether it is made of events."""
        self.is_json = kind.endswith(b"json")
        """Whether it says that it is JSON."""

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asked to wait. A date, which is rare, counts as nothing."""
        told = self._connection.headers.get(b"retry-after", b"")
        return float(told) if told.isdigit() and len(told) < 10 else None  # noqa: PLR2004 - years

    async def whole(self, limit: int = LONGEST_ANSWER) -> bytes:
        """The body. Raises `Unavailable`."""
        parts: list[bytes] = []
        size = 0
        while part := await self._connection.read():
            parts.append(part)
            size += len(part)
            if size > limit:
                raise Unavailable(f"the upstream's answer is longer than {limit} bytes")
        self.close()
        return b"".join(parts)

    async def refusal(self) -> bytes:
        """The body of an answer that tells a failure, as far as it can be had: it is looked into for codes alone."""
        try:
            async with asyncio.timeout(1):
                return await self.whole(LONGEST_REFUSAL)
        except (TimeoutError, Unavailable):
            return b""

    async def events(self) -> list[bytes] | None:
        """The data of all events that the next block from the network completes; None once the stream has ended.

        Raises `Unavailable`.
        """
        block = await self._connection.read()
        if not block:
            self.close()
            return list(self._reader.finish()) or None
        found = list(self._reader.feed(block))
        self._without_event = 0 if found else self._without_event + len(block)
        if self._without_event > LONGEST_EVENT:
            raise Unavailable(f"the upstream sent {LONGEST_EVENT} bytes without an event in them")
        return found

    async def end(self) -> None:
        """See the stream's end, if it comes next: only then the connection can serve another call. Then as `close`."""
        if not self._connection.complete:
            with suppress(TimeoutError, Unavailable):
                async with asyncio.timeout(_END_SECONDS):
                    await self._connection.read()
        self.close()

    def close(self) -> None:
        """Hang up at once, unless the answer has come to its end: its connection is kept."""
        if not self._left:
            self._left = True
            self._leave(self._connection)


class Transport:
    """One server. To be made on the event loop, and closed."""

    def __init__(self, way: Way, *, headers: Mapping[str, str]) -> None:
        """`headers` go with every request."""
        self._way = way
        lines = {
            "User-Agent": f"rhapsode/{__version__}",
            "Accept-Encoding": "identity",  # a stream that is packed comes late
            "Content-Type": "application/json",
            **way.headers,
            **headers,
        }
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._all: set[Connection] = set()
        self._idle: dict[Connection, float] = {}
        """and until when each is kept; who came last comes last"""
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    async def post(self, url: URL, body: bytes) -> Answer:
        """Send JSON to an address on this server. Who gets the answer closes it. Raises `Unavailable`.

        A connection that was kept may have been closed at that moment, as llama-server does without a word behind each
        stream. Then nothing of an answer comes, and the call is made over a new one.
        """
        if self._closed:
            raise Unavailable("the chat engine is closed")
        line = f"POST {self._way.before_path}{url.raw_path_qs} HTTP/1.1\r\nHost: {url.host_port_subcomponent}\r\n"
        trace = traceparent()
        traced = f"traceparent: {trace}\r\n" if trace else ""
        head = f"{line}{self._headers}{traced}Content-Length: {len(body)}\r\n\r\n".encode()
        if kept := self._take():
            try:
                return await self._ask(kept, head, body)
            except Unavailable as error:
                if kept.status or not error.passing:
                    raise
        return await self._ask(await self._open(), head, body)

    async def _ask(self, connection: Connection, head: bytes, body: bytes) -> Answer:
        try:
            await connection.ask(head, body)
        except BaseException:
            connection.abort()
            self._forget(connection)
            raise
        if connection.headers.get(b"content-encoding", b"").strip().lower() not in _PLAIN:
            connection.abort()
            raise Unavailable("the upstream engine packs its answer, though it was asked not to")
        return Answer(connection, self._leave)

    async def close(self) -> None:
        """Hang up everywhere."""
        self._closed = True
        for connection in tuple(self._all):
            connection.abort(Unavailable("the chat engine is closed"))
        if self._sweeping:
            self._sweeping.cancel()

    def _take(self) -> Connection | None:
        """The one that was used last: the others may be let go."""
        while self._idle:
            connection = self._idle.popitem()[0]
            if connection.is_free:  # else its end has come, and is about to be told
                return connection
        return None

    async def _open(self) -> Connection:
        connection = await self._way.open(self._forget)
        self._all.add(connection)
        if self._closed:  # in the meantime
            await self.close()
        return connection

    def _leave(self, connection: Connection) -> None:
        if not connection.is_free or self._closed:
            connection.abort()
            return
        self._idle[connection] = asyncio.get_running_loop().time() + KEPT_SECONDS
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Let go of those that nobody needed for so long."""
        loop = asyncio.get_running_loop()
        for connection in [connection for connection, until in self._idle.items() if until <= loop.time()]:
            connection.abort()
        self._sweeping = loop.call_at(min(self._idle.values()), self._sweep) if self._idle else None

    def _forget(self, connection: Connection) -> None:
        self._all.discard(connection)
        self._idle.pop(connection, None)
