"""How calls travel: what both HTTP clients are set up with, and their errors told as ours."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from rhapsode.client._address import Address
from rhapsode.client._errors import ConnectionFailed, ReplyCut, TimedOut, UnreadableReply
from rhapsode.version import __version__

CONNECT_SECONDS = 10.0
"""The longest wait for a connection."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole HTTP answer, as far as a reader of replies looks at it."""

    status: int
    content_type: str
    trace_id: str | None
    retry_after: float | None
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether HTTP says so; on this API the body has the last word."""
        return 200 <= self.status < 300  # noqa: PLR2004  HTTP's range of success


def answer_of(response: httpx2.Response, body: bytes) -> Answer:
    """The answer whose body is `body`."""
    headers = response.headers
    asked = headers.get("Retry-After", "")
    return Answer(
        status=response.status_code,
        content_type=headers.get("Content-Type", ""),
        trace_id=headers.get("Trace-Id") or headers.get("X-Trace-Id"),
        retry_after=float(asked) if asked.isascii() and asked.isdigit() else None,  # its other form, a date, is unused
        body=body,
    )


def headers_for(address: Address) -> dict[str, str]:
    """What every request carries."""
    headers = {"Content-Type": "application/json", "User-Agent": f"rhapsode/{__version__}"}
    if address.api_key is not None:
        headers["Authorization"] = f"Bearer {address.api_key}"
    return headers


def query_for(address: Address) -> dict[str, str] | None:
    """What every URL ends with."""
    return None if address.group_id is None else {"GroupId": address.group_id}


def patience(seconds: float) -> httpx2.Timeout:
    """The longest silence of the server, in seconds; a connection has to stand earlier."""
    if not seconds > 0:
        raise ValueError("timeout: must be more than 0 seconds")
    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


@contextmanager
def sending(address: Address) -> Generator[None]:
    """Around a request, until the head of its answer is there."""
    try:
        yield
    except httpx2.ConnectTimeout as error:
        raise ConnectionFailed(f"no connection to {address.base_url} in time") from error
    except httpx2.TimeoutException as error:
        raise TimedOut(f"{address.base_url} took the call and did not answer in time") from error
    except httpx2.HTTPError as error:
        raise ConnectionFailed(f"no answer from {address.base_url}: {error or type(error).__name__}") from error


@contextmanager
def receiving(trace_id: str | None) -> Generator[None]:
    """Around each read of an answer's body."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise TimedOut("the server fell silent in the middle of its reply", trace_id=trace_id) from error
    except httpx2.DecodingError as error:
        raise UnreadableReply(f"the reply's encoding is broken: {error}", trace_id=trace_id) from error
    except httpx2.HTTPError as error:
        raise ReplyCut("the connection ended in the middle of the reply", trace_id=trace_id) from error
