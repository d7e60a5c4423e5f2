"""What passes between two processes of one server: frames over a Unix socket, many calls on one connection.

A frame is its body's length, the call's number, its kind, and the body. To the process that works go `ASK` once for
each call, `MORE` with how many further items the caller has room for, and `CANCEL`; from it come `ITEM`s and then one
`OVER` or `FAILED`, in every case, so that who cancels knows when the work has ended.
"""

import asyncio
import struct
from typing import Final, Protocol, cast

ASK: Final = 0
MORE: Final = 1
CANCEL: Final = 2
ITEM: Final = 3
OVER: Final = 4
FAILED: Final = 5

ROOM: Final = struct.Struct("<I")
"""the body of `MORE`, and the beginning of the body of `ASK`: items"""

_HEADER: Final = struct.Struct("<IIB")


class Receiver(Protocol):
    """Who is told what comes."""

    def received(self, call: int, kind: int, body: bytes, /) -> None:
        """A frame."""
        ...

    def lost(self) -> None:
        """The other side has gone; nothing comes any more, and what is sent goes nowhere."""
        ...


class Frames(asyncio.Protocol):
    """One side of a connection. Frames that are sent in one turn of the event loop leave together."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._in = bytearray()
        self._out: list[bytes] = []

    @property
    def is_open(self) -> bool:
        """Whether what is sent can arrive."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, call: int, kind: int, body: bytes = b"") -> None:
        """Never waits: what may be under way of a call is bounded by the room that its caller has."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(_HEADER.pack(len(body), call, kind))
        self._out.append(body)

    def close(self) -> None:
        """Send what was sent, and close."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Of the protocol."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Of the protocol."""
        self._in += data
        begin, size = 0, len(self._in)
        while size - begin >= _HEADER.size:
            length, call, kind = _HEADER.unpack_from(self._in, begin)
            end = begin + _HEADER.size + length
            if end > size:
                break
            self._receiver.received(call, kind, bytes(self._in[begin + _HEADER.size : end]))
            begin = end
        del self._in[:begin]

    def connection_lost(self, exc: Exception | None) -> None:
        """Of the protocol."""
        del exc
        self._receiver.lost()

    def _flush(self) -> None:
        parts, self._out = self._out, []
        if parts and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(parts))
