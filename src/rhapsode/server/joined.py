"""A connection that sends together what is written in one turn of the event loop.

Each write is a system call that wakes the other side, which costs more than all else that is done for an event of a
stream: events that came together leave together.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from rhapsode.server.unread import Unread

MOST: Final = 64 * 1024
"""Bytes that are held back: more than that goes out at once, and is held up where the caller reads too slowly."""


class JoinedTransport(asyncio.Transport):
    """Around the transport of a connection."""

    def __init__(self, transport: asyncio.Transport, everything: Callable[[], int] = int) -> None:
        """`everything`: bytes that are unsent on all connections."""
        super().__init__()
        self.unread = Unread(self, everything)
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._parts: list[bytes | bytearray | memoryview[Any]] = []
        self._size = 0
        self._written = 0

    @property
    def sent(self) -> int:
        """Bytes that the system has taken, since the connection was made."""
        return self._written - self._transport.get_write_buffer_size()

    @property
    def unsent(self) -> int:
        """Bytes that it has not taken yet."""
        return self._size + self._transport.get_write_buffer_size()

    def write(self, data: "bytes | bytearray | memoryview[Any]") -> None:
        """Send it with what else is written in this turn."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MOST:
            self.flush()

    def flush(self) -> None:
        """Send what was written."""
        if self._parts:
            self._written += self._size
            parts, self._parts, self._size = self._parts, [], 0
            if not self._transport.is_closing():
                self._transport.write(parts[0] if len(parts) == 1 else b"".join(parts))

    def close(self) -> None:
        """Send what was written, and close; a caller that reads slowly has its time for it."""
        self.flush()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self.unread.watch()

    def abort(self) -> None:
        """Close at once."""
        self._parts = []
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - the standard library's
        """What is known of the socket."""
        return self._transport.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Who hears of what comes."""
        self._transport.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who hears of what comes."""
        return self._transport.get_protocol()

    def pause_reading(self) -> None:
        """Take nothing from the socket."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take from the socket again."""
        self._transport.resume_reading()

    def is_reading(self) -> bool:
        """Whether it is read from."""
        return self._transport.is_reading()
