"""Calls that no endpoint takes: an address that is not served, and one that is, with another method."""

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route

from rhapsode.core.call_id import new_call_id
from rhapsode.core.errors import RhapsodeError, UnknownPath, WrongMethod
from rhapsode.server.admin import AdminEndpoint
from rhapsode.server.boundary import Dialect, Endpoint, trace_headers
from rhapsode.server.openai import ERRORS as OPENAI_ERRORS

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


async def not_found(request: Request, error: Exception) -> Response:
    """As OpenAI says it where only OpenAI's clients come, else as the platform's gateway does: in plain text."""
    del error
    if request.url.path.startswith(OPENAI_PATHS):
        return _told(UnknownPath("nothing is served at this address"), OPENAI_ERRORS, {})
    return PlainTextResponse("404 page not found", status_code=404, headers=trace_headers(new_call_id()))


async def wrong_method(request: Request, error: Exception) -> Response:
    """In the dialect that is spoken at this address."""
    del error  # it knows the methods of the first route alone
    allowed = {"allow": ", ".join(_methods(request))}
    endpoint = request.scope.get("endpoint")
    if isinstance(endpoint, Endpoint | AdminEndpoint):
        ours = WrongMethod(f"this address takes another method: {allowed['allow']}")
        dialect = endpoint.dialect_of(b"") if isinstance(endpoint, Endpoint) else OPENAI_ERRORS
        return _told(ours, dialect, allowed)
    headers = allowed | trace_headers(new_call_id())
    return PlainTextResponse("405 method not allowed", status_code=405, headers=headers)


def _methods(request: Request) -> list[str]:
    """All that are served at an address."""
    app: Starlette = request.app
    routes = (
        route for route in app.routes if isinstance(route, Route) and route.matches(request.scope)[0] != Match.NONE
    )
    return sorted({method for route in routes for method in route.methods or ()})


def _told(error: RhapsodeError, dialect: Dialect, headers: dict[str, str]) -> Response:
    trace_id = new_call_id()
    return Response(
        dialect.write_error(error, trace_id, b""),
        status_code=dialect.http_status(error),
        headers=headers | trace_headers(trace_id),
        media_type=dialect.content_type,
    )
