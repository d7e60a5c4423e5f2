"""The admin API's boundary: an administrator's key, a small body, a thread of the database, a line for a change.

Errors are told as in OpenAI's dialect: a real HTTP status and an `error` object.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rhapsode.core.caller import Administrator
from rhapsode.core.errors import BodyTooLarge, InvalidField, RhapsodeError, ServiceError
from rhapsode.database.connect import Database
from rhapsode.server.address import read_query
from rhapsode.server.auth import AdminAuthority, read_address, read_key
from rhapsode.server.body import CallerLeft, LateBody, discard_body, read_body
from rhapsode.server.boundary import trace_headers
from rhapsode.server.openai import ERRORS
from rhapsode.server.visit import Visit
from rhapsode.service.admission import Admission
from rhapsode.service.meter import Watcher

BODY_LIMIT: Final = 256 * 1024
"""Bytes."""

_LONGEST_NAME: Final = 32

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.admin")


@dataclass(frozen=True, kw_only=True)
class AdminCall:
    """One call that was let in."""

    administrator: Administrator
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = field(repr=False)

    def asked(self, *names: str) -> dict[str, str]:
        """The query, which has these names alone; what is empty is absent. Raises `InvalidField` for another name."""
        for name in self.query:
            if name not in names:
                known = f"is not asked for here; known are {', '.join(names)}" if names else "is not asked for here"
                # A key is no identifier: one that was put here by mistake is not told back.
                raise InvalidField(name if name.isidentifier() and len(name) <= _LONGEST_NAME else "query", known)
        return {name: value for name, value in self.query.items() if value}


@dataclass(frozen=True, kw_only=True)
class AdminReply:
    """`changed` are the ids of what was changed, for the log; nothing was, where it is None."""

    content: bytes = field(repr=False)
    status: int = 200
    content_type: str = "application/json"
    changed: Mapping[str, str | None] | None = None


AdminHandler = Callable[[AdminCall], AdminReply]
"""Blocks: it runs in a thread."""


class AdminEndpoint:
    """An ASGI application around one handler. `path` is the route's."""

    def __init__(
        self,
        handler: AdminHandler,
        *,
        path: str,
        authority: AdminAuthority,
        admission: Admission,
        database: Database,
        watcher: Watcher,
    ) -> None:
        self._handler = handler
        self._database = database
        self._path = path
        self._watcher = watcher
        self._authority = authority
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        visit = Visit(self._watcher, self._path, scope)
        try:
            async with self._admission.enter():
                reply = await self._answer(scope, receive, visit)
        except CallerLeft:
            visit.leave()
        except Exception as error:  # noqa: BLE001 - the boundary: whatever went wrong, the caller is told
            ours = _ours(error, visit.trace_id)
            unread = isinstance(ours, BodyTooLarge | LateBody)
            # What was not read cannot be told from a next request.
            answer = _refusal(ours, visit.trace_id, {"connection": "close"} if unread else {})
            await answer(scope, receive, send)
            visit.end(answer.status_code, ours)
            if isinstance(ours, BodyTooLarge):
                await discard_body(receive)
        else:
            await reply(scope, receive, send)
            visit.end(reply.status_code)

    async def _answer(self, scope: Scope, receive: Receive, visit: Visit) -> Response:
        administrator = await self._authority.administer(read_key(scope), read_address(scope))
        visit.key_id = administrator.key_id
        body = await read_body(scope, receive, limit=BODY_LIMIT)
        call = AdminCall(
            administrator=administrator, path=scope.get("path_params", {}), query=read_query(scope), body=body
        )
        reply = await self._database.run_beside(lambda: self._handler(call))
        if reply.changed is not None:
            _log.info(
                "an administrator changed the accounts",
                trace_id=visit.trace_id,
                did=f"{scope['method']} {self._path}",
                admin_key_id=administrator.key_id,
                admin=administrator.name,
                **{name: value for name, value in reply.changed.items() if value is not None},
            )
        return _response(reply.content, reply.status, reply.content_type, visit.trace_id, {})


def _refusal(error: RhapsodeError, trace_id: str, headers: Mapping[str, str]) -> Response:
    content = ERRORS.write_error(error, trace_id, b"")
    return _response(content, ERRORS.http_status(error), ERRORS.content_type, trace_id, headers)


def _response(content: bytes, status: int, kind: str, trace_id: str, headers: Mapping[str, str]) -> Response:
    # Answers hold keys: nobody on the way keeps them.
    told = {"cache-control": "no-store", **trace_headers(trace_id), **headers}
    return Response(content, status_code=status, headers=told, media_type=kind)


def _ours(error: Exception, trace_id: str) -> RhapsodeError:
    if not isinstance(error, RhapsodeError):
        _log.error("a call failed in a way nobody foresaw", trace_id=trace_id, exc_info=error)
        return RhapsodeError("unknown error")
    if isinstance(error, ServiceError):
        _log.warning("a call failed", trace_id=trace_id, error=error.message, cause=repr(error.__cause__))
    return error
