"""Pages of other origins, as far as the settings let them call: what a browser asks before it lets a page do so."""

import re
from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ANY: Final = "*"

_SHOWN: Final = (b"access-control-expose-headers", b"Trace-Id, Minimax-Request-Id, Retry-After")
_METHODS: Final = (b"access-control-allow-methods", b"GET, POST, PATCH, DELETE")
_AGE: Final = (b"access-control-max-age", b"600")
_VARY: Final = (b"vary", b"Origin")
_NAMES: Final = re.compile(rb"[A-Za-z0-9_, -]{0,2048}")


class Cors:
    """An ASGI application around another one.

    Nothing that a browser sends by itself opens anything here - no cookie does - so that a page can do no more than
    whoever knows a key.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str]) -> None:
        """`origins`: `https://app.example`, or `*` for every page."""
        self._app = app
        self._origins = {origin.encode() for origin in origins}
        self._any = ANY.encode() in self._origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = dict(scope["headers"]) if scope["type"] == "http" else {}
        origin = asked.get(b"origin")
        if origin is None or not (self._any or origin in self._origins):
            await self._app(scope, receive, send)
            return
        allowed = [(b"access-control-allow-origin", ANY.encode() if self._any else origin), _VARY]
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in asked:
            names = asked.get(b"access-control-request-headers", b"")
            if _NAMES.fullmatch(names):
                allowed.append((b"access-control-allow-headers", names))
            await send({"type": "http.response.start", "status": 204, "headers": [*allowed, _METHODS, _AGE]})
            await send({"type": "http.response.body", "body": b""})
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *allowed, _SHOWN]
            await send(message)

        await self._app(scope, receive, told)
