"""A breaker: after failures in a row nobody waits for another one, until a single call has found the server well again.

closed ── `failures` in a row ──> open ── `seconds` later ──> half open: one call goes through
  ^                                 ^                                  │
  └──────────── it succeeds ────────┼──────────────────────────────────┤
                                    └──────────── it fails ────────────┘
"""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import structlog

from rhapsode.core.errors import RequestError
from rhapsode.engines.upstream.faults import BlankReply, Unavailable

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.engines")


class Breaker:
    """Counts `Unavailable`, whoever meets it. For one event loop."""

    def __init__(
        self, upstream: str, *, failures: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`upstream` is what the log calls the server. With 0 `failures` it never opens."""
        self._upstream = upstream
        self._most = failures
        self._seconds = seconds
        self._clock = clock
        self._failures = 0
        self._shut_until: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are refused, or all but one."""
        return self._shut_until is not None

    @contextmanager
    def attempt(self) -> Generator[None]:
        """Surrounds one attempt, and takes its outcome down. Raises `Unavailable` at once when the breaker is open."""
        probe = self._enter()
        try:
            yield
        except Unavailable as error:
            self.failed(error)
            raise
        except (BlankReply, RequestError):
            self._succeeded()  # it has read the call, and answered
            raise
        else:
            self._succeeded()
        finally:
            if probe:
                self._probing = False

    def failed(self, error: Unavailable) -> None:
        """One more failure: of an attempt, or of a reply that had begun well."""
        self._failures += 1
        if self._most and (self._failures >= self._most or self._shut_until is not None):
            if self._shut_until is None:
                _log.warning("an upstream is given a rest", upstream=self._upstream, error=error.message)
            self._shut_until = self._clock() + self._seconds

    def _enter(self) -> bool:
        """Whether this is the one call that probes."""
        if self._shut_until is None:
            return False
        if self._probing or self._clock() < self._shut_until:
            raise Unavailable(f"the upstream engine failed {self._failures} times in a row and is given a rest")
        self._probing = True
        return True

    def _succeeded(self) -> None:
        if self._shut_until is not None:
            _log.info("an upstream is well again", upstream=self._upstream)
        self._failures = 0
        self._shut_until = None
