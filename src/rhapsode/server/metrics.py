"""`/metrics`: how the server is, for Prometheus and whoever speaks its formats. An administrator's key opens it.

It answers while the server drains, too.
"""

import asyncio

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rhapsode.core.errors import RhapsodeError
from rhapsode.server.auth import AdminAuthority, read_address, read_key
from rhapsode.server.boundary import trace_headers
from rhapsode.server.openai import ERRORS
from rhapsode.server.visit import Visit
from rhapsode.service.meter import Watcher
from rhapsode.telemetry.metrics import write_metrics

PATH = "/metrics"

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.server")


class MetricsEndpoint:
    """An ASGI application for one path."""

    def __init__(self, authority: AdminAuthority, watcher: Watcher) -> None:
        self._authority = authority
        self._watcher = watcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        visit = Visit(self._watcher, PATH, scope)
        refused: RhapsodeError | None = None
        try:
            visit.key_id = (await self._authority.administer(read_key(scope), read_address(scope))).key_id
            content, kind = await asyncio.to_thread(write_metrics, _accept(scope))
            answer = Response(content, headers=trace_headers(visit.trace_id) | {"content-type": kind})
        except Exception as error:  # noqa: BLE001 - the boundary: whatever went wrong, the caller is told
            refused = _ours(error, visit.trace_id)
            answer = _refusal(refused, visit.trace_id)
        await answer(scope, receive, send)
        visit.end(answer.status_code, refused)


def _ours(error: Exception, trace_id: str) -> RhapsodeError:
    if isinstance(error, RhapsodeError):
        return error
    _log.error("the metrics could not be told", trace_id=trace_id, exc_info=error)
    return RhapsodeError("unknown error")


def _refusal(error: RhapsodeError, trace_id: str) -> Response:
    return Response(
        ERRORS.write_error(error, trace_id, b""),
        status_code=ERRORS.http_status(error),
        headers=trace_headers(trace_id),
        media_type=ERRORS.content_type,
    )


def _accept(scope: Scope) -> str:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"]
    return ", ".join(values) or "*/*"
