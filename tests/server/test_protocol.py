"""Bounds of a connection: real sockets, and times that are short."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import suppress

import anyio
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from rhapsode.server.body import read_body
from rhapsode.server.on_socket import config_of
from rhapsode.server.protocol import HEAD_LIMIT, WAITING_LIMIT, BoundedHttpProtocol
from rhapsode.server.unread import Unread

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SOCKET = (
    b"/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
ENDLESS = 16 * HEAD_LIMIT
"""more than comes at once"""


class Quick(BoundedHttpProtocol):
    head_seconds = 0.1
    rest_seconds = 0.1

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._joined.unread = Unread(self._joined, int, short=0.02, patience=0.1)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """An answer before the body was read."""
    del receive
    assert scope["type"] == "http"
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"no"})


async def never(scope: Scope, receive: Receive, send: Send) -> None:
    """No answer."""
    del scope, send
    while (await receive())["type"] != "http.disconnect":
        pass


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """The names of the headers, how long the body is, and that it is the end."""
    assert scope["type"] == "http"
    body = await read_body(scope, receive, limit=10 * HEAD_LIMIT)
    names = b" ".join(name for name, _ in scope["headers"])
    told = b"%s: %d bytes" % (names, len(body))
    headers = [(b"content-length", b"%d" % len(told))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": told})


@pytest.fixture
def state() -> ServerState:
    return ServerState()


@pytest.fixture
async def port(request: pytest.FixtureRequest, state: ServerState) -> AsyncGenerator[int]:
    config: uvicorn.Config = config_of(request.param)
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Quick(config, state, {}), "127.0.0.1", 0)
    server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for connection in list(state.connections):
        connection.transport.abort()
    await asyncio.gather(*state.tasks)


async def heard(port: int, *sent: bytes) -> bytes:
    """All that a caller hears until it is hung up on, who sends the second part once it has heard something."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        for part in sent[:-1]:
            writer.write(part)
            answer += await reader.read(65536)
        writer.write(sent[-1])
        return answer + await reader.read()
    except ConnectionResetError:
        return answer
    finally:
        writer.close()


@pytest.mark.parametrize("port", [refuse], indirect=True)
@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_a_caller_that_does_not_ask_is_hung_up_on(port: int, sent: bytes) -> None:
    assert await heard(port, sent) == b""


@pytest.mark.parametrize("port", [refuse], indirect=True)
async def test_the_time_for_a_second_request_begins_with_its_first_byte(port: int) -> None:
    assert (await heard(port, REQUEST, b"G")).endswith(b"\r\n\r\nno")


@pytest.mark.parametrize("port", [refuse], indirect=True)
@pytest.mark.parametrize("head", [b"Content-Length: 1000000", b"Transfer-Encoding: chunked"])
async def test_a_body_that_nobody_waits_for_has_little_time(port: int, head: bytes) -> None:
    answer = await heard(port, b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n1\r\na\r\n")
    assert answer.endswith(b"\r\n\r\nno")


@pytest.mark.parametrize("port", [refuse], indirect=True)
async def test_a_body_that_comes_late_does_not_end_the_connection(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for body in (b"a", b"b"):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\nno")
        writer.write(body)
    writer.close()


@pytest.mark.parametrize("port", [never], indirect=True)
async def test_too_many_requests_that_wait_end_the_connection(port: int) -> None:
    assert await heard(port, REQUEST * (2 + WAITING_LIMIT)) == b""


@pytest.mark.parametrize("port", [refuse], indirect=True)
async def test_as_many_as_may_wait_are_answered_in_turn(port: int) -> None:
    answer = await heard(port, REQUEST * (1 + WAITING_LIMIT), b"G")
    assert answer.count(b"HTTP/1.1 200 OK") == 1 + WAITING_LIMIT


@pytest.mark.parametrize("port", [never], indirect=True)
async def test_nothing_is_told_within_another_answer(port: int) -> None:
    assert await heard(port, REQUEST + REQUEST + b"what is this?\r\n\r\n") == b""


@pytest.mark.parametrize("port", [never], indirect=True)
@pytest.mark.parametrize("method", [b"GET", b"POST"])
async def test_a_connection_that_owes_an_answer_is_not_turned_into_a_web_socket(port: int, method: bytes) -> None:
    before = REQUEST if method == b"GET" else b""
    answer = await heard(port, before + method + b" " + SOCKET)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request")


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("port", [tell], indirect=True)
@pytest.mark.parametrize(
    "endless",
    [b"0\r\n" + b"A: b\r\n" * ENDLESS, b"0\r\nA: " + b"b" * ENDLESS, b"1;a=" + b"b" * ENDLESS],
    ids=["many", "long", "of a chunk"],
)
async def test_what_follows_a_part_of_a_body_has_an_end(port: int, endless: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(CHUNKED + b"1\r\na\r\n" + endless)
    assert (await reader.readline()) == b"HTTP/1.1 400 Bad Request\r\n"
    writer.close()


@pytest.mark.parametrize("port", [tell], indirect=True)
async def test_parts_of_a_body_may_be_as_small_as_they_like(port: int) -> None:
    answer = await heard(port, CHUNKED + b"1;a=b\r\na\r\n" * HEAD_LIMIT + b"0\r\nA: b\r\n\r\n", b"G")
    assert answer.endswith(b"\r\n\r\nhost transfer-encoding: %d bytes" % HEAD_LIMIT)


@pytest.mark.parametrize("port", [tell], indirect=True)
async def test_a_field_after_a_body_is_no_header(port: int) -> None:
    ended = b"0\r\nAuthorization: a\r\nX-Forwarded-For: b\r\n\r\n"
    answer = await heard(port, CHUNKED + ended + CHUNKED.replace(b"Host", b"B") + ended, b"G")
    assert b"\r\n\r\nhost transfer-encoding: 0 bytesHTTP/1.1 200 OK\r\n" in answer
    assert answer.endswith(b"\r\n\r\nb transfer-encoding: 0 bytes")


@pytest.mark.parametrize("port", [refuse], indirect=True)
@pytest.mark.parametrize("rest", [b"0\r\n" + b"A: b\r\n" * ENDLESS, b"what is this?\r\n"])
async def test_what_was_answered_is_not_answered_twice(port: int, rest: bytes) -> None:
    answer = await heard(port, CHUNKED, rest)
    assert answer.count(b"HTTP/1.1") == 1


ASKS = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 9\r\n\r\n"


@pytest.mark.parametrize("port", [tell], indirect=True)
@pytest.mark.parametrize("cut", [1, 40, len(ASKS) - 1, len(ASKS), len(ASKS) + 4, len(ASKS) + 9])
async def test_who_asks_for_another_protocol_is_answered_in_this_one(port: int, cut: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        sent = ASKS + b"GET / HTT"
        writer.write(sent[:cut])
        for _ in range(3):
            await asyncio.sleep(0)  # it is read meanwhile
        writer.write(sent[cut:])
        assert (await reader.readuntil(b" bytes")).endswith(b"\r\n\r\nhost connection content-length: 9 bytes")
    writer.close()


@pytest.mark.parametrize("port", [never], indirect=True)
async def test_those_who_do_so_without_waiting_for_answers_are_cut_off_as_others_are(port: int) -> None:
    assert await heard(port, (ASKS + b"GET / HTT") * (2 + WAITING_LIMIT)) == b""


@pytest.mark.parametrize("port", [tell], indirect=True)
async def test_as_many_of_them_as_may_wait_are_answered_in_turn(port: int) -> None:
    answer = await heard(port, (ASKS + b"GET / HTT") * (1 + WAITING_LIMIT), b"G")
    assert answer.count(b"content-length: 9 bytes") == 1 + WAITING_LIMIT


MUCH = 16 * 1024 * 1024
"""more bytes than the system takes by itself"""


async def tell_much(scope: Scope, receive: Receive, send: Send) -> None:
    """A large answer at once."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % MUCH)]})
    await send({"type": "http.response.body", "body": bytes(MUCH)})


async def tell_something_and_close(scope: Scope, receive: Receive, send: Send) -> None:
    """An answer that is not so large that the caller would be called slow for it."""
    del scope, receive
    headers = [(b"content-length", b"60000"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": bytes(60_000)})


async def tell_on_and_on(scope: Scope, receive: Receive, send: Send) -> None:
    """A stream, or messages, until the caller is gone."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        with suppress(OSError):
            while True:
                await send({"type": "websocket.send", "bytes": bytes(65536)})
    await receive()
    left = asyncio.ensure_future(receive())
    await send({"type": "http.response.start", "status": 200})
    while not left.done():
        await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("port", "asked"),
    [
        (tell_much, REQUEST),
        (tell_something_and_close, REQUEST),
        (tell_on_and_on, REQUEST),
        (tell_on_and_on, b"GET " + SOCKET),
    ],
    ids=["whole", "closed", "streamed", "socket"],
    indirect=["port"],
)
async def test_a_caller_that_reads_byte_by_byte_is_let_go(port: int, asked: bytes, state: ServerState) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.setblocking(False)  # noqa: FBT003 - the standard library takes it so
        await loop.sock_connect(caller, ("127.0.0.1", port))
        await loop.sock_sendall(caller, asked)
        with anyio.fail_after(10):
            assert await loop.sock_recv(caller, 1) == b"H"
            while state.connections:
                await loop.sock_recv(caller, 1)
                await asyncio.sleep(0.01)  # so slow a reader is he
