"""Answers that callers do not take: for how long they are kept, and how much of them in all.

An answer that is made is written at once, and lies in memory until its caller has read it. One byte a second would
keep it there for months.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

PATIENCE_SECONDS: Final = 600.0
"""How long a caller may leave what lies there for it. As long as for a stream: a player that pauses takes nothing."""

SHORT_SECONDS: Final = 60.0
"""How long it may while much lies there, for all callers together."""

LEAST: Final = 64 * 1024
"""Bytes that a caller takes in that time: 110 a second, or 1,100 while much lies there."""

MUCH: Final = 256 * 1024 * 1024
"""Bytes."""


class Outlet(Protocol):
    """What is known of a connection's way out."""

    @property
    def sent(self) -> int:
        """Bytes that have left, since it was made."""
        ...

    @property
    def unsent(self) -> int:
        """Bytes that have not."""
        ...

    def abort(self) -> None:
        """Let go of them, and of the connection."""
        ...


class Unread:
    """Watches one connection, from when something lies there until nothing does."""

    def __init__(
        self,
        outlet: Outlet,
        everything: Callable[[], int],
        *,
        patience: float = PATIENCE_SECONDS,
        short: float = SHORT_SECONDS,
        much: int = MUCH,
    ) -> None:
        """`everything`: bytes that lie there for all callers."""
        self._outlet = outlet
        self._everything = everything
        self._patience = patience
        self._short = short
        self._much = much
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """Something lies there. May be called again and again."""
        if self._timer is None:
            now = asyncio.get_running_loop().time()
            self._again(now, self._outlet.sent)

    def stop(self) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _again(self, since: float, sent: int) -> None:
        """Look soon; by `since` so many bytes had been sent."""
        self._timer = asyncio.get_running_loop().call_later(self._short, self._look, since, sent)

    def _look(self, since: float, sent: int) -> None:
        self._timer = None
        if not self._outlet.unsent:
            return
        now = asyncio.get_running_loop().time()
        if self._outlet.sent - sent >= LEAST:
            self._again(now, self._outlet.sent)
        elif now - since >= self._patience or self._everything() > self._much:
            self._outlet.abort()
        else:
            self._again(since, sent)
