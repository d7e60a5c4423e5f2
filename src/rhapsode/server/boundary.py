"""The error boundary: what every call passes on its way in, and where every error becomes an answer.

On the way in: the door (draining), the key, the body. A caller that hangs up cancels the work, whole reply or stream.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rhapsode.core.caller import Caller
from rhapsode.core.errors import BodyTooLarge, RequestError, RhapsodeError, ServiceError
from rhapsode.server.address import read_base_url, read_query
from rhapsode.server.auth import Authority, read_address, read_group, read_key
from rhapsode.server.body import CallerLeft, discard_body, read_body
from rhapsode.server.streaming import EventStream
from rhapsode.service.admission import Admission, Place

BODY_LIMIT = 8 * 1024 * 1024
"""Bytes of a body that is not an upload."""

STRANGER_LIMIT = 1024 * 1024
STRANGER_SECONDS = 10.0
"""What is read of a body whose caller is refused anyway."""

UNWATCHED_SECONDS = 0.01
"""A call that takes no longer is not worth a task beside its own, which waits for the caller to hang up."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.server")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call that was let in."""

    caller: Caller
    body: bytes
    trace_id: str
    created: int = field(default_factory=lambda: int(time.time()))
    """Unix seconds."""
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the variable parts of the route's path are."""
    scope: Scope = field(default_factory=dict[str, Any], repr=False)
    receive: Receive | None = field(default=None, repr=False)
    """What brings the body, where the handler reads it itself."""

    @property
    def query(self) -> dict[str, str]:
        """The query, the first of each name."""
        return read_query(self.scope)

    @property
    def base_url(self) -> str:
        """The address that the caller called, without a path."""
        return read_base_url(self.scope)

    @property
    def headers(self) -> dict[str, str]:
        """Of the answer."""
        return trace_headers(self.trace_id)


def trace_headers(trace_id: str) -> dict[str, str]:
    """What every answer carries: one id under the two names that clients read."""
    return {"trace-id": trace_id, "minimax-request-id": trace_id}


Answer = Response | EventStream
Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a dialect tells errors. `write_error` takes the error, the trace id and as much of the body as was read."""

    write_error: Callable[[RhapsodeError, str, bytes], bytes]
    http_status: Callable[[RhapsodeError], int]
    content_type: str = "application/json"


@dataclass(frozen=True, kw_only=True)
class DialectOfBody:
    """Several dialects on one path: which one was spoken, the body alone tells."""

    choose: Callable[[bytes], Dialect]


class Endpoint:
    """An ASGI application around one handler."""

    def __init__(
        self,
        handler: Handler,
        dialect: Dialect | DialectOfBody,
        *,
        admission: Admission,
        authority: Authority,
        reads_body: bool = False,
    ) -> None:
        """`reads_body`: the handler reads the body as it comes, for an upload."""
        self._reads_body = reads_body
        self._handler = handler
        self._dialect = dialect
        self._admission = admission
        self._authority = authority

    def dialect_of(self, body: bytes) -> Dialect:
        """How a caller that sent `body` is told of errors."""
        return self._dialect.choose(body) if isinstance(self._dialect, DialectOfBody) else self._dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        trace_id = secrets.token_hex(16)
        body: bytes | None = None
        answer: Answer | None = None
        watch: _Watch | None = None
        try:
            async with self._admission.enter() as place:
                caller = await self._authority.authorise(read_key(scope), read_group(scope), read_address(scope))
                path = scope.get("path_params", {})
                if self._reads_body:
                    call = Call(caller=caller, body=b"", trace_id=trace_id, path=path, scope=scope, receive=receive)
                else:
                    body = await read_body(scope, receive, limit=BODY_LIMIT)
                    watch = _Watch(receive, place)
                    call = Call(caller=caller, body=body, trace_id=trace_id, path=path, scope=scope)
                answer = await self._handler(call)
                await answer(scope, receive, send)
        except CallerLeft:
            pass
        except Exception as error:  # noqa: BLE001 - the boundary: whatever went wrong, the caller is told
            ours = _ours(error, trace_id)
            if isinstance(answer, EventStream) and answer.begun:
                await answer.send_broken(ours, send)
            else:
                by_body = isinstance(self._dialect, DialectOfBody)
                if by_body and body is None and not isinstance(error, BodyTooLarge):
                    body = await _read_of_stranger(scope, receive)
                await _refuse(ours, self.dialect_of(body or b""), trace_id, body or b"", receive, send)
        finally:
            if watch is not None:
                watch.cancel()


async def _refuse(
    error: RhapsodeError, dialect: Dialect, trace_id: str, body: bytes, receive: Receive, send: Send
) -> None:
    answer = dialect.write_error(error, trace_id, body)
    unread = isinstance(error, BodyTooLarge)
    headers = {
        "content-type": dialect.content_type,
        "content-length": str(len(answer)),
        **trace_headers(trace_id),
        # What was not read cannot be told from a next request.
        **({"connection": "close"} if unread else {}),
    }
    start = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": dialect.http_status(error), "headers": start})
    await send({"type": "http.response.body", "body": answer, "more_body": unread})
    if unread:
        await discard_body(receive)
        await send({"type": "http.response.body", "body": b""})


def _ours(error: Exception, trace_id: str) -> RhapsodeError:
    if not isinstance(error, RhapsodeError):
        _log.error("a call failed in a way nobody foresaw", trace_id=trace_id, exc_info=error)
        return RhapsodeError("unknown error")
    if isinstance(error, ServiceError):
        _log.warning("a call failed", trace_id=trace_id, error=error.message, cause=repr(error.__cause__))
    return error


async def _read_of_stranger(scope: Scope, receive: Receive) -> bytes:
    """As much as it takes to refuse a caller in its own dialect; nothing, when that is much."""
    try:
        return await read_body(scope, receive, limit=STRANGER_LIMIT, seconds=STRANGER_SECONDS)
    except (RequestError, CallerLeft):
        return b""


class _Watch:
    """Ends the work when the caller hangs up."""

    def __init__(self, receive: Receive, place: Place) -> None:
        self._receive = receive
        self._place = place
        self._task: asyncio.Task[None] | None = None
        self._start = asyncio.get_running_loop().call_later(UNWATCHED_SECONDS, self._begin)

    def cancel(self) -> None:
        """The work is over."""
        self._start.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._place.end(CallerLeft())
