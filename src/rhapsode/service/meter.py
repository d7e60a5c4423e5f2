"""What the accounts of all calls share: the door, the ledger, the prices, and who watches."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import structlog

from rhapsode.core.errors import StorageError
from rhapsode.core.limiter import Limiter
from rhapsode.core.usage import CallRecord, Ledger, Usage
from rhapsode.telemetry import spans
from rhapsode.telemetry.ending import Ending
from rhapsode.telemetry.spans import Traces

Price = Callable[[str, Usage], int]
"""What a use of the model that is known by a name costs, in millionths of the currency of the prices."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.meter")


class Watcher(Protocol):
    """Who is told of every call once it is over, of those that were refused too. It must be quick, and never fail."""

    def __call__(self, record: CallRecord, ending: Ending, /) -> None:
        """`record` holds what is known: no group and no key, for a stranger."""
        ...


class Meter:
    """For one event loop."""

    def __init__(
        self, *, limiter: Limiter, ledger: Ledger, price: Price, watcher: Watcher, traces: Traces | None = None
    ) -> None:
        """`traces`: where they go, if anywhere."""
        self.limiter = limiter
        self.ledger = ledger
        self.price = price
        self.watcher = watcher
        self.traces = traces
        self._later: set[asyncio.Task[None]] = set()

    def trace(self, call_id: str, headers: list[tuple[bytes, bytes]]) -> None:
        """A call with these headers begins, in this task: its `watcher` ends the trace."""
        if self.traces is not None:
            spans.enter(self.traces, call_id, headers)

    def later(self, work: Coroutine[Any, Any, None], call_id: str) -> None:
        """Do what nobody waits for: of calls whose callers have left. `finish` waits for it."""
        task = asyncio.create_task(_logged(work, call_id))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def finish(self) -> None:
        """Return once everything is written: before the ledger closes."""
        while self._later:
            await asyncio.wait(self._later)


async def _logged(work: Coroutine[Any, Any, None], call_id: str) -> None:
    try:
        await work
    except StorageError as error:
        log_missing(call_id, error)


def log_missing(call_id: str, error: StorageError) -> None:
    """Say which row there is not."""
    _log.warning("a call is not in the ledger", trace_id=call_id, error=error.message, cause=repr(error.__cause__))
