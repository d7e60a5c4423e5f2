"""A server that does on each connection what it is told, byte by byte."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from yarl import URL

from rhapsode.engines.upstream.transport import Transport
from rhapsode.engines.upstream.way import Way

CERTIFICATE = Path(__file__).with_name("loopback.pem")
"""Made for these tests alone, by nobody but itself, for 127.0.0.1 and until 2126; its key is with it."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def trusted() -> ssl.SSLContext:
    """As a server uses the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@asynccontextmanager
async def serving(serve: Serve, *, safe: bool = False) -> AsyncGenerator[URL]:
    """The server's address."""
    taken: dict[asyncio.StreamWriter, asyncio.Task[object] | None] = {}

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken[writer] = asyncio.current_task()
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=trusted() if safe else None)
    try:
        yield URL(f"http{'s' * safe}://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()
        for writer in taken:
            writer.transport.abort()
        await asyncio.gather(*filter(None, taken.values()), return_exceptions=True)


async def request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """The head of a request, and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next((line.split(":")[1] for line in head.split("\r\n") if line.startswith("Content-Length:")), "0")
    return head, await reader.readexactly(int(length))


def answers(*told: bytes) -> Serve:
    """These bytes for one request after the other, over each connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in told:
            await request(reader)
            writer.write(answer)
            await writer.drain()

    return serve


def ok(body: bytes = b"{}", *, more: str = "") -> bytes:
    """A whole answer."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


@asynccontextmanager
async def transport_to(url: URL, *, ca_file: str = "", proxy: str = "") -> AsyncGenerator[Transport]:
    """To the server at this address."""
    transport = Transport(Way(url, seconds=5.0, ca_file=ca_file, proxy=proxy), headers={"Authorization": "Bearer k"})
    try:
        yield transport
    finally:
        await transport.close()
