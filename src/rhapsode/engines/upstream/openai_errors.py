"""What an error in OpenAI's shape says of a call that we made: as an HTTP answer, or within a stream."""

from typing import Final

from rhapsode.core.errors import EngineError, RhapsodeError
from rhapsode.dialects.openai.errors import ReportedError, read_error
from rhapsode.engines.upstream.faults import Busy, Unavailable
from rhapsode.engines.upstream.judge import USED_UP, judge_status, refused
from rhapsode.engines.upstream.reason import reason_of
from rhapsode.engines.upstream.too_long import read_too_long, too_long_in

_USED_UP: Final = "insufficient_quota"
_REFUSED: Final = frozenset({"invalid_request_error", "BadRequestError", "exceed_context_size_error"})
_BUSY: Final = frozenset({"rate_limit_error", "rate_limit_exceeded", "overloaded_error"})
_FILTERED: Final = "content_filter"


def judge_answer(status: int, body: bytes, retry_after: float | None) -> RhapsodeError:
    """The error that an answer with a status other than 200 stands for."""
    if status in {400, 413, 422} and (too_long := read_too_long(body)):
        return too_long
    if _USED_UP in {(told := read_error(body)).code, told.kind}:
        return Unavailable(USED_UP)
    return judge_status(status, retry_after, reason=reason_of(told.message, told.field))


def judge_reported(error: ReportedError) -> RhapsodeError:
    """The error that one within an answer with the status 200 stands for. Its sentence is told as far as it may be."""
    words = {error.code, error.kind}
    if _USED_UP in words:
        return Unavailable(USED_UP)
    if words & _BUSY:
        return Busy("the upstream engine takes no more calls for now; try again later")
    if _FILTERED in words:
        return EngineError("the upstream engine's content check refuses the reply")
    if words & _REFUSED:
        reason = reason_of(error.message, error.field)
        return too_long_in(error.message) or refused(next(iter(words & _REFUSED)), reason)
    if error.code.isdecimal() and len(error.code) == 3:  # noqa: PLR2004 - vLLM repeats the status that it would have had
        return too_long_in(error.message) or judge_status(
            int(error.code), None, reason=reason_of(error.message, error.field)
        )
    return Unavailable("the upstream engine failed", passing=True)
