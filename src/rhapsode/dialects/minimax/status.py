"""`base_resp`: what a status code means, which of our errors it stands for, and its HTTP status.

Codes and wordings: the contract's section 7.1. Business errors are HTTP 200, because clients in use look no further at
any other status; the exceptions are a wrong address or method (404, 405), a body too large (413) and a
server that is stopping (503).
"""

import msgspec

from rhapsode.core import errors

SUCCESS = 0
UNKNOWN = 1000
TIMEOUT = 1001
RATE_LIMIT = 1002
NOT_AUTHORISED = 1004
NO_BALANCE = 1008
INTERNAL = 1013
TOKEN_LIMIT = 1039
PARALLEL_LIMIT = 1041
INVISIBLE = 1042
INVALID_PARAMS = 2013
SAMPLE_LENGTH = 2037
DUPLICATE_VOICE = 2039
FORBIDDEN = 2044
PROMPT_LENGTH = 2048
INVALID_KEY = 2049
NO_VOICE = 2054

NO_KEY_MESSAGE = "login fail: Please carry the API secret key in the 'Authorization' field of the request header"
WRONG_GROUP_MESSAGE = "token not match group"
INVALID_KEY_MESSAGE = "invalid api key"  # compared letter by letter by a client in use


class BaseResp(msgspec.Struct, frozen=True):
    """The envelope that every JSON answer carries."""

    status_code: int
    status_msg: str = ""


class StatusError(errors.RhapsodeError):
    """The other side answered with a status other than 0."""

    def __init__(self, code: int, message: str, trace_id: str | None) -> None:
        super().__init__(message)
        self.code = code
        self.trace_id = trace_id


# The first row whose class fits: code, wording, and whether the error's own sentence follows.
_TOLD: tuple[tuple[type[errors.RhapsodeError], int, str, bool], ...] = (
    (errors.MissingKey, NOT_AUTHORISED, NO_KEY_MESSAGE, False),
    (errors.WrongGroup, NOT_AUTHORISED, WRONG_GROUP_MESSAGE, False),
    (errors.UnknownKey, INVALID_KEY, INVALID_KEY_MESSAGE, False),
    (errors.Forbidden, FORBIDDEN, "no permission", True),
    (errors.RequestsLimited, RATE_LIMIT, "rate limit", True),
    (errors.UnitsLimited, TOKEN_LIMIT, "token limit", True),
    (errors.ParallelLimited, PARALLEL_LIMIT, "conn limit", True),
    (errors.OutOfMoney, NO_BALANCE, "insufficient balance", True),
    (errors.DuplicateVoice, DUPLICATE_VOICE, "voice clone voice id duplicate", True),
    (errors.PromptLength, PROMPT_LENGTH, "voice clone prompt audio too long", True),
    (errors.SampleLength, SAMPLE_LENGTH, "voice clone audio duration", True),
    (errors.InvisibleText, INVISIBLE, "invisible character ratio limit", True),
    (errors.RequestError, INVALID_PARAMS, "invalid params", True),
    (errors.Draining, TIMEOUT, "request timeout", True),
    (errors.Overloaded, RATE_LIMIT, "rate limit", True),
    (errors.ServiceError, INTERNAL, "internal service error", True),
    (errors.RhapsodeError, UNKNOWN, "unknown error", False),
)


def status_of(error: errors.RhapsodeError) -> BaseResp:
    """How an error of ours is told to a caller."""
    code, wording, detailed = next(row[1:] for row in _TOLD if isinstance(error, row[0]))
    return BaseResp(code, f"{wording}, {error.message}" if detailed else wording)


def status_of_v2(error: errors.RhapsodeError) -> BaseResp:
    """The same in the v2 generation of speech, where a voice that there is not has a code of its own."""
    if isinstance(error, errors.UnknownVoice):
        return BaseResp(NO_VOICE, f"voice id not exist, {error.message}")
    return status_of(error)


def http_status_of(error: errors.RhapsodeError) -> int:
    """The HTTP status that goes with `status_of`."""
    match error:
        case errors.UnknownPath():
            return 404
        case errors.WrongMethod():
            return 405
        case errors.BodyTooLarge():
            return 413
        case errors.Draining():
            return 503
        case _:
            return 200


def check(base_resp: BaseResp | None, trace_id: str | None) -> None:
    """Raise `StatusError` unless the other side says 0. A missing envelope is success, as some servers leave it out."""
    if base_resp is not None and base_resp.status_code != SUCCESS:
        raise StatusError(base_resp.status_code, base_resp.status_msg, trace_id)
