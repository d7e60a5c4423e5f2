"""Errors in OpenAI's shape, as the platform tells them: a real HTTP status, and the native code at the message's end.

The platform's body is `{type, error: {type, message, http_code}, request_id}` (the contract's section 0.3); `code` and
`param`, which OpenAI's own client reads, are added. Kinds and codes:
https://platform.openai.com/docs/guides/error-codes.
"""

import math
from typing import Final

import msgspec
from msgspec import Struct

from rhapsode.core import errors
from rhapsode.dialects.minimax.status import status_of
from rhapsode.dialects.sse import frame


class _Told(Struct, frozen=True):
    message: str
    type: str
    param: str | None
    code: str | None
    http_code: str


class _Failure(Struct, frozen=True, kw_only=True):
    type: str = "error"
    error: _Told
    request_id: str


_ENCODER: Final = msgspec.json.Encoder()

_INVALID: Final = "invalid_request_error"

# The first row whose class fits: HTTP status, type, code.
_TOLD: tuple[tuple[type[errors.RhapsodeError], int, str, str | None], ...] = (
    (errors.Forbidden, 403, "permission_error", "permission_denied"),
    (errors.AccessError, 401, "authentication_error", "invalid_api_key"),
    (errors.UnknownModel, 404, _INVALID, "model_not_found"),
    (errors.UnknownAccount, 404, _INVALID, "not_found"),
    (errors.DuplicateAccount, 409, _INVALID, "already_exists"),
    (errors.PromptTooLong, 400, _INVALID, "context_length_exceeded"),
    (errors.NotSupported, 400, _INVALID, "unsupported_parameter"),
    (errors.InvalidField, 400, _INVALID, "invalid_value"),
    (errors.BodyTooLarge, 413, _INVALID, "request_too_large"),
    (errors.UnknownPath, 404, _INVALID, "unknown_url"),
    (errors.WrongMethod, 405, _INVALID, "method_not_supported"),
    (errors.RequestError, 400, _INVALID, None),
    (errors.OutOfMoney, 429, "insufficient_quota", "insufficient_quota"),
    (errors.LimitError, 429, "rate_limit_error", "rate_limit_exceeded"),
    (errors.Overloaded, 429, "rate_limit_error", "rate_limit_exceeded"),
    (errors.Draining, 503, "server_error", "service_unavailable"),
    (errors.RhapsodeError, 500, "server_error", None),
)


def http_status_of(error: errors.RhapsodeError) -> int:
    """The HTTP status that an error is told with."""
    return _row(error)[0]


def headers_of(error: errors.RhapsodeError) -> dict[str, str]:
    """What an error adds to the headers: how long to wait, in whole seconds, where waiting helps."""
    if isinstance(error, errors.LimitError) and error.retry_after is not None:
        return {"retry-after": str(max(1, math.ceil(error.retry_after)))}
    return {}


def write_error(error: errors.RhapsodeError, *, trace_id: str) -> bytes:
    """The body of an answer to a call that failed."""
    status, kind, code = _row(error)
    native = status_of(error)
    told = _Told(
        message=f"{native.status_msg} ({native.status_code})",
        type=kind,
        param=(error.field or None) if isinstance(error, errors.InvalidField) else None,
        code=code,
        http_code=str(status),
    )
    return _ENCODER.encode(_Failure(error=told, request_id=trace_id))


def write_error_event(error: errors.RhapsodeError, *, trace_id: str) -> bytes:
    """The last frame of a stream that broke: OpenAI's client raises on it. No `[DONE]` follows what is not done."""
    return frame(write_error(error, trace_id=trace_id))


def _row(error: errors.RhapsodeError) -> tuple[int, str, str | None]:
    return next(row[1:] for row in _TOLD if isinstance(error, row[0]))


class WireError(Struct, frozen=True):
    """An error as another server tells it. Servers differ in the type of `code`."""

    message: str | None = None
    type: str | None = None
    code: str | int | None = None
    param: str | None = None


class _Reported(Struct, frozen=True):
    error: WireError | str | None = None
    message: str | None = None


_ERROR_DECODER: Final = msgspec.json.Decoder(_Reported)


class ReportedError(errors.RhapsodeError):
    """The other side answered with an error. `kind`, `code` and `field` are its own words, empty where it has none.

    Its message may quote what was said: it is not for callers, nor for logs.
    """

    def __init__(self, message: str, *, kind: str, code: str, field: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.field = field


def read_error(body: bytes) -> ReportedError:
    """What the body of an answer with an HTTP status of 400 or more says. Any body says something."""
    try:
        wire = _ERROR_DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        wire = _Reported()
    return reported(wire.error if wire.error is not None else wire.message or "")


def reported(error: WireError | str) -> ReportedError:
    """An error that came within an answer. Some servers give the sentence alone."""
    if isinstance(error, str):
        return ReportedError(error, kind="", code="")
    code = "" if error.code is None else str(error.code)
    return ReportedError(error.message or "", kind=error.type or "", code=code, field=error.param or "")
