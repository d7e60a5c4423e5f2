"""Callers' addresses and administrators' ones, each at a listener of its own."""

from collections.abc import Iterable
from typing import Final

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from rhapsode.core.caller import Administrator
from rhapsode.server.admin import AdminEndpoint
from rhapsode.server.metrics import PATH as METRICS_PATH
from rhapsode.server.metrics import MetricsEndpoint
from rhapsode.service.meter import Watcher


class TwoDoors:
    """An ASGI application of two. Which one is called, the port tells that the caller came to."""

    def __init__(self, calls: ASGIApp, administration: ASGIApp, *, port: int) -> None:
        self._calls: Final = calls
        self._administration: Final = administration
        self._port: Final = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        server = scope.get("server")
        app = self._administration if server and server[1] == self._port else self._calls
        await app(scope, receive, send)


def is_administrative(route: BaseRoute) -> bool:
    """Whether it is for administrators."""
    return isinstance(route, Route) and isinstance(route.endpoint, AdminEndpoint | MetricsEndpoint)


def with_open_metrics(routes: Iterable[BaseRoute], watcher: Watcher) -> list[BaseRoute]:
    """The same, but that figures are told without a key."""
    closed = [route for route in routes if not (isinstance(route, Route) and route.path == METRICS_PATH)]
    return [*closed, Route(METRICS_PATH, MetricsEndpoint(Anyone(), watcher), methods=["GET"])]


class Anyone:
    """Implements `AdminAuthority`: whoever reaches the listener may."""

    async def administer(self, api_key: str | None, address: str | None) -> Administrator:
        """Anybody."""
        del api_key, address
        return Administrator(key_id="", name="")
