"""The least that a relay on aiohttp can do: bytes in, the same bytes out, no key, no dialect, no error told.

    python benchmarks/relay_bare.py UPSTREAM

Prints its port.
"""

import socket
import sys
from typing import Any

import aiohttp
import uvicorn


class Bare:
    """The ASGI application."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has it
        """Relay one request."""
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                break
        headers = {"content-type": "application/json"}
        async with self._session.post(self._upstream + scope["path"], data=body, headers=headers) as answer:
            kind = (b"content-type", answer.headers["content-type"].encode())
            if answer.content_type == "application/json":
                whole = await answer.read()
                length = (b"content-length", str(len(whole)).encode())
                await send({"type": "http.response.start", "status": answer.status, "headers": [kind, length]})
                await send({"type": "http.response.body", "body": whole})
                return
            await send({"type": "http.response.start", "status": answer.status, "headers": [kind]})
            event = b""
            async for line in answer.content:
                event += line
                if line == b"\n":
                    await send({"type": "http.response.body", "body": event, "more_body": True})
                    event = b""
            await send({"type": "http.response.body", "body": b""})


def main(upstream: str) -> None:
    """Serve until the process is ended."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(
        Bare(upstream), http="httptools", loop="uvloop", log_config=None, access_log=False, lifespan="off", ws="none"
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])
