"""A call that no account is kept of: what administrators do, figures, and what leads nowhere.

It has a line in the log and counts in the metrics as any other, and no row in the ledger.
"""

import time
from typing import Final

from starlette.types import Scope

from rhapsode.core.call_id import new_call_id
from rhapsode.core.errors import RhapsodeError
from rhapsode.core.usage import CallRecord, Outcome
from rhapsode.dialects.minimax.status import status_of
from rhapsode.server.auth import read_address
from rhapsode.service.meter import Watcher
from rhapsode.telemetry.ending import Ending

OTHER: Final = "other"
"""The operation of a call whose address or method is not served: the raw path may be anything."""

_LEFT_STATUS: Final = 499
"""The HTTP status, for who watches, of a caller who hung up before there was one."""


class Visit:
    """One such call. It begins when it is made."""

    def __init__(self, watcher: Watcher, operation: str, scope: Scope) -> None:
        """`operation`: the route's path, or `OTHER`."""
        self._watcher, self._operation, self._scope = watcher, operation, scope
        self._started_at = time.time()
        self._start = time.perf_counter()
        self.trace_id = new_call_id()
        self.key_id = ""
        """of the administrator, once that is known"""

    def end(self, http_status: int, error: RhapsodeError | None = None) -> None:
        """It was answered so."""
        self._tell(http_status, Outcome.OK if error is None else Outcome.FAILED, error)

    def leave(self) -> None:
        """The caller hung up."""
        self._tell(_LEFT_STATUS, Outcome.LEFT, None)

    def _tell(self, http_status: int, outcome: Outcome, error: RhapsodeError | None) -> None:
        record = CallRecord(
            call_id=self.trace_id,
            group_id="",
            key_id=self.key_id,
            operation=self._operation,
            outcome=outcome,
            status=0 if error is None else status_of(error).status_code,
            started_at=self._started_at,
        )
        ending = Ending(
            method=self._scope.get("method", "GET"),  # a WebSocket's has none
            http_status=http_status,
            took_ms=1000 * (time.perf_counter() - self._start),
            address=read_address(self._scope) or "",
        )
        self._watcher(record, ending)
