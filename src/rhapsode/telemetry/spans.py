"""What is told of a call to whoever traces calls: when each part of its work began and ended.

Nobody traces unless the settings say so; then a part costs a fraction of a microsecond, and no package is imported.
"""

import re
import time
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from types import TracebackType
from typing import Final, Protocol, Self

from rhapsode.core.usage import CallRecord
from rhapsode.telemetry.ending import Ending

_TRACEPARENT: Final = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""


class CallTrace(Protocol):
    """The trace of one call."""

    @property
    def trace_id(self) -> str:
        """The trace's: the call's own id, or the caller's where the call is a part of its trace."""
        ...

    @property
    def traceparent(self) -> str:
        """What another server is told that works for the call, in W3C's words."""
        ...

    def part(self, name: str, *, began: int, busy: int | None) -> AbstractContextManager[None]:
        """A part of the call's work, as long as the block. `began`, in nanoseconds since 1970, is 0 for now.

        `busy`: for how many nanoseconds of that time it was at work, where that is not all.
        """
        ...

    def end(self, record: CallRecord, ending: Ending, /) -> None:
        """The call is over."""
        ...


class Traces(Protocol):
    """Where traces go."""

    def begin(self, call_id: str, /, *, traceparent: str | None) -> CallTrace:
        """A call begins. `traceparent`: what the caller says that the call is a part of."""
        ...

    async def close(self) -> None:
        """Send what was not sent yet, for seconds at most."""
        ...


_current: ContextVar[CallTrace | None] = ContextVar("rhapsode_trace", default=None)
_NOTHING: Final = nullcontext()


def enter(traces: Traces, call_id: str, headers: list[tuple[bytes, bytes]]) -> None:
    """What is done from here, in this task and those that it starts, is the work of a call with these headers."""
    told = [value for name, value in headers if name == b"traceparent"]
    is_good = len(told) == 1 and _TRACEPARENT.fullmatch(told[0])
    _current.set(traces.begin(call_id, traceparent=told[0].decode() if is_good else None))


def leave(record: CallRecord, ending: Ending) -> str | None:
    """The call of this task is over. The id of its trace; None where nobody traces."""
    trace = _current.get()
    if trace is None:
        return None
    _current.set(None)
    trace.end(record, ending)
    return trace.trace_id


def part(name: str) -> AbstractContextManager[None]:
    """A part of the work of the call at hand, as long as the block."""
    trace = _current.get()
    return _NOTHING if trace is None else trace.part(name, began=0, busy=None)


def traceparent() -> str | None:
    """What another server is told that is asked for the call at hand; None where nobody traces."""
    trace = _current.get()
    return None if trace is None else trace.traceparent


class PartByPart:
    """Work that is done bit by bit, between other work: a block for each bit, and `end` after the last."""

    __slots__ = ("_began", "_bit", "_busy", "_name", "_trace")

    def __init__(self, name: str) -> None:
        self._trace = _current.get()
        self._name = name
        self._began = self._busy = self._bit = 0

    def __enter__(self) -> Self:
        if self._trace is not None:
            self._bit = time.time_ns()
            self._began = self._began or self._bit
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._trace is not None:
            self._busy += time.time_ns() - self._bit

    def end(self) -> None:
        """Tell of it, if there was any."""
        if self._trace is not None and self._began:
            with self._trace.part(self._name, began=self._began, busy=self._busy):
                pass
