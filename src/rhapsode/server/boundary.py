"""The error boundary: what every call passes on its way in, and where every error becomes an answer.

On the way in: the door (draining), the key, the body. A caller that hangs up cancels the work, whole reply or stream.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rhapsode.core.call_id import new_call_id
from rhapsode.core.caller import Caller
from rhapsode.core.errors import BodyTooLarge, RequestError, RhapsodeError, ServiceError
from rhapsode.dialects.minimax.status import BaseResp, status_of
from rhapsode.server.address import read_base_url, read_query
from rhapsode.server.auth import Authority, read_address, recognise
from rhapsode.server.body import CallerLeft, LateBody, discard_body, read_body
from rhapsode.server.streaming import EventStream
from rhapsode.service.account import Account
from rhapsode.service.admission import Admission, Place
from rhapsode.service.meter import Meter

BODY_LIMIT = 8 * 1024 * 1024
"""Bytes of a body that is not an upload."""

STRANGER_LIMIT = 1024 * 1024
STRANGER_SECONDS = 10.0
"""What is read of a body whose caller is refused anyway."""

UNWATCHED_SECONDS = 0.01
"""A call that takes no longer is not worth a task beside its own, which waits for the caller to hang up."""

LEFT = 499
"""The HTTP status, for who watches, of a call whose caller hung up before there was one."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.server")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call whose caller is known.

    `account`: of an endpoint that works, the handler lets the call in once it knows what is asked for.
    """

    account: Account
    body: bytes
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the variable parts of the route's path are."""
    scope: Scope = field(default_factory=dict[str, Any], repr=False)
    receive: Receive | None = field(default=None, repr=False)
    """What brings the body, where the handler reads it itself."""

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return self.account.caller

    @property
    def trace_id(self) -> str:
        """What the answer carries for whoever looks for the call."""
        return self.account.call_id

    @property
    def created(self) -> int:
        """Unix seconds."""
        return int(self.account.started_at)

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


def _no_headers(_error: RhapsodeError) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a dialect tells errors. `write_error` takes the error, the trace id and as much of the body as was read.

    `headers` are those that an error adds to an answer; `status` is the platform's code for it, for the ledger.
    """

    write_error: Callable[[RhapsodeError, str, bytes], bytes]
    http_status: Callable[[RhapsodeError], int]
    content_type: str = "application/json"
    headers: Callable[[RhapsodeError], Mapping[str, str]] = _no_headers
    status: Callable[[RhapsodeError], BaseResp] = status_of


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
        meter: Meter,
        operation: str = "",
        works: bool = False,
        reads_body: bool = False,
    ) -> None:
        """`operation`: the route's path.

        `works`: calls are let in by the handler, by what they ask for, and have rows in the ledger; others count as
        requests. `reads_body`: the handler reads the body as it comes, for an upload.
        """
        self._meter = meter
        self._operation = operation
        self.works = works
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
        account = Account(self._meter, new_call_id(), self._operation, address=read_address(scope))
        self._meter.trace(account.call_id, scope["headers"])
        exchange = _Exchange(account, scope, receive, send)
        try:
            async with self._admission.enter() as place:
                await self._serve(exchange, place)
        except CallerLeft:
            account.leave()
        except Exception as error:  # noqa: BLE001 - the boundary: whatever went wrong, the caller is told
            await self._tell(exchange, error)
        except asyncio.CancelledError:  # the server ends, and the caller did not take what was left for him
            account.leave()
            raise
        finally:
            if exchange.watch is not None:
                exchange.watch.cancel()
            account.end(method=scope["method"], http_status=exchange.http_status)

    async def _serve(self, exchange: "_Exchange", place: Place) -> None:
        account, scope, receive = exchange.account, exchange.scope, exchange.receive
        await recognise(scope, self._authority, account.identify)
        if not self.works:
            await account.admit_request()
        path = scope.get("path_params", {})
        if self._reads_body:
            call = Call(account=account, body=b"", path=path, scope=scope, receive=receive)
        else:
            exchange.body = await read_body(scope, receive, limit=BODY_LIMIT)
            exchange.watch = _Watch(receive, place)
            call = Call(account=account, body=exchange.body, path=path, scope=scope)
        answer = exchange.answer = await self._handler(call)
        if isinstance(answer, EventStream):
            account.is_streamed = True
            answer.begins = account.begin  # what it is made of completes the account
            exchange.http_status = 200
        else:
            await account.complete()
            account.begin()
            exchange.http_status = answer.status_code
            account.begin()
        await answer(scope, receive, exchange.send)
        await account.complete()

    async def _tell(self, exchange: "_Exchange", error: Exception) -> None:
        ours = _ours(error, exchange.account.call_id)
        begun = exchange.answer if isinstance(exchange.answer, EventStream) and exchange.answer.begun else None
        body = exchange.body
        if body is None and isinstance(self._dialect, DialectOfBody) and not isinstance(error, BodyTooLarge | LateBody):
            body = await _read_of_stranger(exchange.scope, exchange.receive)
        dialect = self.dialect_of(body or b"")
        await exchange.account.fail(dialect.status(ours).status_code)
        if begun is not None:
            await begun.send_broken(ours, exchange.send)
        else:
            exchange.http_status = dialect.http_status(ours)
            await _refuse(ours, dialect, body or b"", exchange)


class _Exchange:
    """How far one call has come."""

    __slots__ = ("account", "answer", "body", "http_status", "receive", "scope", "send", "watch")

    def __init__(self, account: Account, scope: Scope, receive: Receive, send: Send) -> None:
        self.account = account
        self.scope = scope
        self.receive = receive
        self.send = send
        self.body: bytes | None = None
        self.answer: Answer | None = None
        self.watch: _Watch | None = None
        self.http_status = LEFT


async def _refuse(error: RhapsodeError, dialect: Dialect, body: bytes, exchange: _Exchange) -> None:
    trace_id, send = exchange.account.call_id, exchange.send
    answer = dialect.write_error(error, trace_id, body)
    unread = isinstance(error, BodyTooLarge | LateBody)
    headers = {
        "content-type": dialect.content_type,
        "content-length": str(len(answer)),
        **trace_headers(trace_id),
        **dialect.headers(error),
        # What was not read cannot be told from a next request.
        **({"connection": "close"} if unread else {}),
    }
    start = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": dialect.http_status(error), "headers": start})
    await send({"type": "http.response.body", "body": answer, "more_body": unread})
    if unread:
        await discard_body(exchange.receive)
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
