"""Everything that can go wrong with a call, as one tree under the project's own root.

    CallError
    ├── BadRequest              2013 and its relatives, HTTP 4xx, and what was never sent because it makes no sense
    ├── AuthenticationFailed    1004, 2049; HTTP 401 and 403
    ├── RateLimited             1002, 1039, 1041; HTTP 429
    ├── BalanceExhausted        1008 and the plans' own codes; HTTP 402
    ├── ContentRefused          1026, 1027
    ├── ServerFailed            1000, 1001, 1013 and every other code; HTTP 5xx
    ├── ConnectionFailed        no byte of a reply came
    ├── TimedOut                the server took the call and stayed silent too long
    └── UnreadableReply         what came is no reply
        └── ReplyCut            it began well and broke off

Codes and their meanings: the platform's error page and what is reported from the field.
"""

from rhapsode.core.errors import RhapsodeError
from rhapsode.dialects.minimax.status import StatusError


class CallError(RhapsodeError):
    """A call failed.

    `code` is the platform's own (`base_resp.status_code`), `http_status` the status line's, `trace_id` what names the
    call in the server's logs, `retry_after` the seconds that the server asked to wait; None where it did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        trace_id: str | None = None,
        http_status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.trace_id = trace_id
        self.http_status = http_status
        self.retry_after = retry_after
        self._sentence = message

    @property
    def message(self) -> str:
        """The sentence alone; `str` adds the code and the trace id."""
        return self._sentence

    def __str__(self) -> str:
        """The sentence with what identifies the failure."""
        known = {"code": self.code, "trace id": self.trace_id}
        details = ", ".join(f"{name} {value}" for name, value in known.items() if value is not None)
        return f"{self._sentence} ({details})" if details else self._sentence


class BadRequest(CallError):
    """The request breaks a rule, and sending it again changes nothing. Without `code`, it was not sent."""


class AuthenticationFailed(CallError):
    """No key, an unknown key, a key of another group, or one that may not do this."""


class RateLimited(CallError):
    """Too many calls, tokens or connections in the last minute."""


class BalanceExhausted(CallError):
    """The account or its plan is used up."""


class ContentRefused(CallError):
    """The platform's content check refused what was said, or what the model said."""


class ServerFailed(CallError):
    """The server could not do its work."""


class ConnectionFailed(CallError):
    """There is no connection, or it ended before the first byte of a reply."""


class TimedOut(CallError):
    """The server stayed silent for longer than the client's `timeout`. It may have done the work."""


class UnreadableReply(CallError):
    """What came is not a reply: another program answers at this address, or something between changed it."""


class ReplyCut(UnreadableReply):
    """The reply began and broke off: a stream without its last event, a body shorter than announced."""


_BY_CODE: dict[int, type[CallError]] = {
    code: kind
    for kind, codes in (
        (BadRequest, (1042, 2013, 2042, 2054, 20132)),
        (AuthenticationFailed, (1004, 2038, 2044, 2049)),
        (RateLimited, (1002, 1039, 1041, 2045)),
        (BalanceExhausted, (1008, 1028, 1030, 2056)),
        (ContentRefused, (1026, 1027)),
    )
    for code in codes
}
_BY_HTTP_STATUS: dict[int, type[CallError]] = {
    401: AuthenticationFailed,
    402: BalanceExhausted,
    403: AuthenticationFailed,
    429: RateLimited,
}


def from_status(status: StatusError, *, http_status: int, retry_after: float | None) -> CallError:
    """The error that a `base_resp` stands for."""
    kind = _BY_CODE.get(status.code, ServerFailed)
    return kind(
        status.message or "the server gave no reason",
        code=status.code,
        trace_id=status.trace_id,
        http_status=http_status,
        retry_after=retry_after,
    )


def from_http_status(http_status: int, *, trace_id: str | None, retry_after: float | None) -> CallError:
    """The error that an HTTP status stands for when no `base_resp` came with it."""
    known = _BY_HTTP_STATUS.get(http_status)
    if known is None and http_status < 400:  # noqa: PLR2004  below are successes and redirects, neither of them a reply
        known = UnreadableReply
    if known is None:
        known = ServerFailed if http_status >= 500 else BadRequest  # noqa: PLR2004  where HTTP's server errors begin
    return known(
        f"the server answered HTTP {http_status} without a reason; does base_url name the right server?",
        trace_id=trace_id,
        http_status=http_status,
        retry_after=retry_after,
    )
