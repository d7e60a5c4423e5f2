"""Which failures are worth another attempt, and how long to wait before it."""

import random
from dataclasses import dataclass

from rhapsode.core.errors import ServiceError
from rhapsode.engines.upstream.faults import BlankReply, Busy, Unavailable

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 4.0
"""Seconds. A caller waits for all of this, and perhaps another engine stands by."""

LONGEST_ASKED = 8.0
"""A server that asks for more seconds than this is not waited for."""


@dataclass(frozen=True, kw_only=True)
class Retries:
    """At most `most` further attempts, all before the first piece of a reply."""

    most: int

    def pause(self, error: ServiceError, attempts: int) -> float | None:
        """Seconds to wait after `attempts` attempts, the last of which ended in `error`; None to give up.

        The pause doubles each time, and half of it is left to chance, so that many callers do not come back at once.
        """
        match error:
            case BlankReply():
                return 0.0 if attempts == 1 and self.most else None
            case Busy():
                asked = error.retry_after or 0.0
            case Unavailable(passing=True):
                asked = error.retry_after or 0.0
            case _:
                return None
        if attempts > self.most or asked > LONGEST_ASKED:
            return None
        longest = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
        return max(asked, random.uniform(longest / 2, longest))  # noqa: S311 - spreads load, guards nothing
