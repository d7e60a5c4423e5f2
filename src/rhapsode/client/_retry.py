"""Which failures are worth another attempt, and how long to wait before it."""

import random
from dataclasses import dataclass

from rhapsode.client._errors import CallError, ConnectionFailed, RateLimited, ServerFailed
from rhapsode.dialects.minimax.status import TIMEOUT

LONGEST_PAUSE = 8.0
"""Seconds; what a server asks for with `Retry-After` is followed up to `LONGEST_ASKED`."""
LONGEST_ASKED = 30.0

_PASSING_HTTP = frozenset({502, 503, 504})


def may_retry(error: CallError) -> bool:
    """Whether the failure passes by itself, and no work is done or charged twice by trying again.

    A time-out is not among them: the server may be at work still. Neither is 1013, which the platform also gives for
    input that it cannot speak.
    """
    match error:
        case ConnectionFailed() | RateLimited():
            return True
        case ServerFailed():
            return error.code == TIMEOUT or (error.code is None and error.http_status in _PASSING_HTTP)
        case _:
            return False


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How often and how patiently: at most `most` further attempts, `first_pause` seconds before the first of them."""

    most: int
    first_pause: float

    def __post_init__(self) -> None:
        if self.most < 0:
            raise ValueError("max_retries: must be at least 0")
        if not self.first_pause >= 0:
            raise ValueError("backoff: must be at least 0 seconds")

    def pause(self, error: CallError, attempts: int) -> float | None:
        """Seconds to wait after `attempts` attempts, the last of which ended in `error`; None to give up.

        The pause doubles each time, and half of it is left to chance, so that many callers do not come back at once.
        """
        if attempts > self.most or not may_retry(error):
            return None
        longest = min(self.first_pause * 2 ** (attempts - 1), LONGEST_PAUSE)
        pause = random.uniform(longest / 2, longest)  # noqa: S311  spreads load, guards nothing
        return max(pause, min(error.retry_after or 0.0, LONGEST_ASKED))
