"""Bounds of a connection: real sockets, and times that are short."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from rhapsode.server.on_socket import config_of
from rhapsode.server.protocol import WAITING_LIMIT, BoundedHttpProtocol

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Quick(BoundedHttpProtocol):
    head_seconds = 0.1
    rest_seconds = 0.1


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


@pytest.fixture
async def port(request: pytest.FixtureRequest) -> AsyncGenerator[int]:
    config: uvicorn.Config = config_of(request.param)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Quick(config, state, {}), "127.0.0.1", 0)
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
    upgrade = (
        b"/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    before = REQUEST if method == b"GET" else b""
    answer = await heard(port, before + method + b" " + upgrade)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request")
