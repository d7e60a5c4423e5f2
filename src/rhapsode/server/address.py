"""The address that was called: its query, and what links that an answer holds begin with."""

import re
from typing import Final
from urllib.parse import parse_qs

from starlette.types import Scope

_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def read_query(scope: Scope) -> dict[str, str]:
    """The query, the first of each name."""
    query: bytes = scope.get("query_string", b"")
    return {name: values[0] for name, values in parse_qs(query.decode("latin-1"), keep_blank_values=True).items()}


def read_base_url(scope: Scope) -> str:
    """Scheme, host and port, as the caller named them.

    Whoever sends a false `Host` is told it back, and nobody else is: answers are not shared. One that is no name and
    no address could change what a link means; where the server itself listens stands in for that.
    """
    scheme: str = scope.get("scheme", "http")
    for name, value in scope.get("headers", ()):
        if name == b"host" and _HOST.fullmatch(value):
            return f"{scheme}://{value.decode('ascii')}"
    host, port = scope.get("server") or ("127.0.0.1", None)
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" if port is None else f"{scheme}://{host}:{port}"
