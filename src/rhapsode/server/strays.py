"""Calls that no endpoint takes: an address that is not served, and one that is, with another method."""

from collections.abc import Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from rhapsode.core.errors import RhapsodeError, UnknownPath, WrongMethod
from rhapsode.server.admin import AdminEndpoint
from rhapsode.server.boundary import Dialect, Endpoint, trace_headers
from rhapsode.server.openai import ERRORS as OPENAI_ERRORS
from rhapsode.server.visit import OTHER, Visit
from rhapsode.service.meter import Watcher

OPENAI_PATHS: Final = (
    "/v1/admin/",
    "/v1/audio/",
    "/v1/chat/",
    "/v1/completions",
    "/v1/images/",
    "/v1/moderations",
    "/v1/responses",
)
"""How addresses begin where errors are told in OpenAI's shape: those that OpenAI has and the platform has not."""

_PLAIN: Final = "text/plain"


class Strays:
    """Answers them, and tells who watches. What a stranger wrote for an address is kept nowhere."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As OpenAI says it where only OpenAI's clients come, else as the platform's gateway does: in plain text.

        An ASGI application, for WebSockets too.
        """
        visit, error = Visit(self._watcher, OTHER, scope), UnknownPath("nothing is served at this address")
        if scope["path"].startswith(OPENAI_PATHS):
            answer = _told(error, OPENAI_ERRORS, visit, {})
        else:
            answer = _Stray(visit, error, b"404 page not found", 404, _PLAIN, {})
        await answer(scope, receive, send)

    async def wrong_method(self, request: Request, error: Exception) -> Response:
        """In the dialect that is spoken at this address."""
        del error  # it knows the methods of the first route alone
        visit, allowed = Visit(self._watcher, OTHER, request.scope), {"allow": ", ".join(_methods(request))}
        ours = WrongMethod(f"this address takes another method: {allowed['allow']}")
        endpoint = request.scope.get("endpoint")
        if isinstance(endpoint, Endpoint | AdminEndpoint):
            dialect = endpoint.dialect_of(b"") if isinstance(endpoint, Endpoint) else OPENAI_ERRORS
            return _told(ours, dialect, visit, allowed)
        return _Stray(visit, ours, b"405 method not allowed", 405, _PLAIN, allowed)


class _Stray(Response):
    """An answer that ends its call once it is sent."""

    def __init__(
        self, visit: Visit, error: RhapsodeError, content: bytes, status: int, kind: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(content, status, {**headers, **trace_headers(visit.trace_id)}, media_type=kind)
        self._visit, self._error = visit, error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Of ASGI."""
        await super().__call__(scope, receive, send)
        self._visit.end(self.status_code, self._error)


def _methods(request: Request) -> list[str]:
    """All that are served at an address."""
    app: Starlette = request.app
    routes = (
        route for route in app.routes if isinstance(route, Route) and route.matches(request.scope)[0] != Match.NONE
    )
    return sorted({method for route in routes for method in route.methods or ()})


def _told(error: RhapsodeError, dialect: Dialect, visit: Visit, headers: Mapping[str, str]) -> Response:
    content = dialect.write_error(error, visit.trace_id, b"")
    return _Stray(visit, error, content, dialect.http_status(error), dialect.content_type, headers)
