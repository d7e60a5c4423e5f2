"""Requests and answers over real sockets: connections that are kept, and servers that do not keep to HTTP."""

import asyncio

import pytest
from yarl import URL

from rhapsode.engines.upstream.connection import HELD, ONE_PIECE
from rhapsode.engines.upstream.faults import Unavailable
from rhapsode.engines.upstream.transport import Transport
from tests.engines.upstream.serving import Serve, answers, ok, request, serving, transport_to

IN_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BOTH_LENGTHS = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


async def post(transport: Transport, url: URL, body: bytes = b"{}") -> bytes:
    answer = await transport.post(url, body)
    try:
        assert answer.status == 200
        return await answer.whole()
    finally:
        answer.close()


async def outcome(serve: Serve) -> bytes:
    async with serving(serve) as url, transport_to(url) as transport:
        return await post(transport, url / "v1")


async def test_calls_one_after_the_other_go_over_one_connection() -> None:
    connections: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append("")
        while True:
            connections[-1] += (await request(reader))[0].partition("\r\n")[0]
            writer.write(ok())

    async with serving(serve) as url, transport_to(url) as transport:
        for _ in range(3):
            await post(transport, url / "v1" / "x" % {"GroupId": "1"})
    assert connections == ["POST /v1/x?GroupId=1 HTTP/1.1" * 3]


async def test_what_a_server_is_told_of_the_call() -> None:
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await request(reader))[0])
        writer.write(ok())

    async with serving(serve) as url, transport_to(url) as transport:
        await post(transport, url / "v1", b'{"a": 1}')
        lines = heard[0].split("\r\n")
        assert f"Host: 127.0.0.1:{url.port}" in lines
    assert {"Authorization: Bearer k", "Content-Type: application/json", "Content-Length: 8"} <= set(lines)


async def test_a_body_of_many_pieces_arrives_as_it_is() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            heard.append((await request(reader))[1])
            writer.write(ok())

    body = bytes(range(256)) * (ONE_PIECE // 64)
    async with serving(serve) as url, transport_to(url) as transport:
        await post(transport, url, body)
        await post(transport, url)
    assert heard == [body, b"{}"]


async def test_a_server_that_answers_before_it_has_read_all_is_heard_and_left() -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ok())
        await reader.read()

    async with serving(serve) as url, transport_to(url) as transport:
        for _ in range(2):
            answer = await transport.post(url, bytes(64 * ONE_PIECE))
            assert answer.status == 200
            answer.close()
    assert connections == 2


async def test_an_answer_of_no_told_length_ends_with_the_connection() -> None:
    assert await outcome(answers(b"HTTP/1.1 200 OK\r\n\r\n{}")) == b"{}"


async def test_an_answer_in_chunks_is_put_together() -> None:
    assert await outcome(answers(IN_CHUNKS + b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\nContent-Type: no\r\n\r\n")) == b"{}"


async def test_where_the_network_cuts_an_answer_changes_nothing() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
    told = hints + IN_CHUNKS + b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\nX: y\r\n\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await request(reader)
            for place in range(len(told)):
                writer.write(told[place : place + 1])
                await asyncio.sleep(0)

    async with serving(serve) as url, transport_to(url) as transport:
        assert [await post(transport, url) for _ in range(2)] == [b"{}", b"{}"]


async def test_what_goes_before_an_answer_is_passed_over() -> None:
    assert await outcome(answers(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + ok(b"[]"))) == b"[]"


async def test_half_an_answer_is_none() -> None:
    with pytest.raises(Unavailable, match="in the middle") as caught:
        await outcome(answers(ok(b"[1, 2]")[:-2]))
    assert caught.value.passing


@pytest.mark.parametrize(
    "told",
    [
        b"SSH-2.0-OpenSSH_9.2 SECRET\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Secret: SECRET\r\n" * 5000,
        b"HTTP/1.1 100 Continue\r\nX-Secret: SECRET\r\n\r\n" * 5000,
        IN_CHUNKS + b"0\r\nX-Secret: " + b"SECRET" * 50_000,
        IN_CHUNKS + b"2;SECRET=" + b"SECRET" * 50_000,
        BOTH_LENGTHS,
        b"HTTP/1.1 200 OK\r\nContent-Length: SECRET\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: secret\r\n\r\nSECRET",
        ok(more="Content-Encoding: gzip\r\n"),
    ],
    ids=[
        "no HTTP",
        "a head without end",
        "heads without end",
        "a trailer without end",
        "an extension without end",
        "two lengths",
        "no length",
        "another protocol",
        "packed",
    ],
)
async def test_what_is_no_answer_is_an_error_that_quotes_nothing(told: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        await outcome(answers(told))
    assert not caught.value.passing
    assert "SECRET" not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize(
    "more",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"?", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n["],
    ids=["an answer", "no HTTP", "half a head", "half an answer"],
)
async def test_a_connection_on_which_more_comes_than_was_asked_for_is_not_kept(more: bytes) -> None:
    async with serving(answers(ok(b"[1]") + more, ok(b"[2]"))) as url, transport_to(url) as transport:
        assert [await post(transport, url) for _ in range(2)] == [b"[1]", b"[1]"]


async def test_a_connection_that_the_server_has_closed_is_not_used() -> None:
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(ok())
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with serving(serve) as url, transport_to(url) as transport:
        for _ in range(3):
            assert await post(transport, url) == b"{}"
            await closed.wait()
            for _ in range(9):
                await asyncio.sleep(0)  # turns, in which the end is read off the socket
            closed.clear()


async def test_a_reader_that_is_slow_holds_the_server_up() -> None:
    size = 64 * HELD
    sent = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(ok(bytes(size)))
        await writer.drain()
        sent.set()

    async with serving(serve) as url, transport_to(url) as transport:
        answer = await transport.post(url, b"")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sent.wait(), 0.2)
        assert len(await answer.whole()) == size


async def test_closing_ends_the_call_that_waits_and_every_later_one() -> None:
    asked = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await request(reader)
        asked.set()
        await reader.read()

    async with serving(serve) as url, transport_to(url) as transport:
        waiting = asyncio.create_task(post(transport, url))
        await asked.wait()
        await transport.close()
        for call in (waiting, post(transport, url)):
            with pytest.raises(Unavailable, match="closed"):
                await call
