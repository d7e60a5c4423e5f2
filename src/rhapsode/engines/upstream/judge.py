"""What an HTTP status says of another server, and of the call that it answers."""

from rhapsode.core.errors import NotSupported, RhapsodeError
from rhapsode.engines.upstream.faults import Busy, Unavailable

WRONG_KEY = "the upstream engine does not accept the key that it is configured with"
"""Not the caller's own key, which has been judged before."""
USED_UP = "the upstream engine's account is used up"

_PASSING = frozenset({408, 500, 502, 503, 504, 529})
_KEY = frozenset({401, 403})
_REFUSED = frozenset({400, 413, 422})


def judge_status(status: int, retry_after: float | None, *, reason: str = "") -> RhapsodeError:
    """The error that a status other than 200 stands for. `reason` is what may be told of why a request is refused.

    A request that is refused as wrong was judged by our own rules before: so it asks for what this server cannot do,
    and another engine may be able to.
    """
    if status == 429:  # noqa: PLR2004 - of HTTP
        return Busy("the upstream engine takes no more calls for now; try again later", retry_after=retry_after)
    if status in _PASSING:
        return Unavailable(f"the upstream engine failed with HTTP {status}", passing=True, retry_after=retry_after)
    if status in _KEY:
        return Unavailable(WRONG_KEY)
    if status in _REFUSED:
        return refused(f"HTTP {status}", reason)
    if status == 402:  # noqa: PLR2004 - of HTTP
        return Unavailable(USED_UP)
    return Unavailable(f"the upstream engine answers HTTP {status}: are its base_url and model right?")


def refused(code: str, reason: str = "") -> NotSupported:
    """The error for a request that the other server calls wrong. `reason` is in that server's words, and its fields."""
    because = f": {reason}" if reason else ""
    return NotSupported("", f"the engine that serves this model refuses the request ({code}){because}")
