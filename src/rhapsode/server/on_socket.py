"""How uvicorn serves an application on a socket: our bounds, and the headers of every answer."""

import ssl
from dataclasses import dataclass
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from rhapsode.server.cors import Cors
from rhapsode.server.protocol import BoundedHttpProtocol
from rhapsode.server.proxied import Proxied
from rhapsode.server.socket_protocol import BoundedSocketProtocol

KEEP_ALIVE_SECONDS: Final = 75
"""Longer than the pools of common clients keep an idle connection, so that they and not we close it."""

BACKLOG: Final = 2048
"""Connections that may wait to be accepted."""

FRAME_LIMIT: Final = 1024 * 1024
"""Bytes of one message that a client sends over a WebSocket."""

GOODBYE_SECONDS: Final = 3
"""How long connections may take to close once the calls in flight have ended."""

HEADERS: Final = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "frame-ancestors 'none'"),
]
"""Of every answer: a browser takes nothing for what it is not said to be, tells nobody of it, and frames it nowhere."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """What lies between callers and the application: `proxies` are addresses and networks, `origins` those of pages."""

    tls: ssl.SSLContext | None = None
    proxies: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def scheme(self) -> str:
        """Of the server's own addresses."""
        return "http" if self.tls is None else "https"

    @property
    def is_bare(self) -> bool:
        """Whether, as far as the server knows, what is said on the network can be read there."""
        return self.tls is None and not self.proxies


BARE: Final = Way()


def config_of(app: ASGIApp, way: Way = BARE) -> uvicorn.Config:
    """Uvicorn's settings. Raises `InvalidField` for a proxy that is no address."""
    tls = way.tls
    if way.origins:
        app = Cors(app, way.origins)
    if way.proxies:
        app = Proxied(app, way.proxies)
    return uvicorn.Config(
        app,
        http=BoundedHttpProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws=BoundedSocketProtocol,
        ws_max_size=FRAME_LIMIT,
        ws_per_message_deflate=False,  # sound is packed already
        proxy_headers=False,  # `Proxied` believes them where they may be
        server_header=False,
        headers=HEADERS,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )
