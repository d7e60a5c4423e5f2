"""Callers that break HTTP, or use it as nobody should: a clear answer, bounded memory, and the others are served."""

import json
import socket
import struct
from collections.abc import Generator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest

from tests.live.running import DETERMINISTIC, LiveServer, running_server

PRO = b"POST /v1/text/chatcompletion_pro HTTP/1.1\r\nHost: x\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
UPGRADE = (
    b"GET /ws/v1/t2a_v2 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
MEGABYTES = 2**20
TEXT_FRAME, GOES_ON_FRAME, CLOSE_FRAME, PING_FRAME = 0x01, 0x00, 0x88, 0x89
"""the first byte of a frame: its kind, and whether its message ends with it"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveServer]:
    """One for these alone: what they leave in memory is measured."""
    with running_server(tmp_path_factory.mktemp("faults"), DETERMINISTIC) as server:
        yield server


def connected(server: LiveServer) -> socket.socket:
    where = urlsplit(server.base_url)
    return socket.create_connection((where.hostname or "", where.port or 0), timeout=30)


def heard(connection: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    answer = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            answer += part
    return answer


def memory(server: LiveServer) -> int:
    return psutil.Process(server.process.pid).memory_info().rss


def assert_serves(server: LiveServer) -> None:
    assert httpx2.get(f"{server.base_url}/health/ready", trust_env=False).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        PRO + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        PRO + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        PRO + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\naaaa",
        PRO + b"Content-Length: 4, 4\r\n\r\naaaa",
        PRO + b"Content-Length: +4\r\n\r\naaaa",
        PRO + b"Content-Length: -4\r\n\r\naaaa",
        PRO + b"Content-Length: 99999999999999999999999\r\n\r\naaaa",
        PRO + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        PRO + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        PRO + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        PRO + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        PRO + b"Transfer-Encoding: identity, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        PRO + b"Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        PRO + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\naaaa",
        PRO + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n0\r\n\r\n",
        PRO + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
        LIVE + b"A : b\r\n\r\n",
        LIVE + b"A: b\r\n c\r\n\r\n",
        LIVE + b"A: b\0c\r\n\r\n",
        LIVE + b"A: b\rc\r\n\r\n",
        LIVE.replace(b"\r\n", b"\n") + b"\n",
        b"GET /health/live\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /health/l\xc3\xafve HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://elsewhere HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT elsewhere:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT elsewhere:80 HTTP/1.1\r\nHost: x\r\n\r\n" + LIVE + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"FETCH / HTTP/1.1\r\nHost: x\r\n\r\n",
        UPGRADE.replace(b"GET", b"POST") + b"Content-Length: 3\r\n\r\nabc",
        UPGRADE + b"Content-Length: 3\r\n\r\nabc",
        UPGRADE + b"Content-Length: 3\r\n\r\n",
        UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        UPGRADE + b"\r\n" + LIVE + b"\r\n",
        UPGRADE.replace(b"Sec-WebSocket-Key", b"X") + b"\r\n",
        UPGRADE.replace(b"Key: dGhl", b"Key: ") + b"\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read_at_all(server: LiveServer, sent: bytes) -> None:
    with closing(connected(server)) as connection:
        connection.sendall(sent)
        answer = heard(connection)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nconnection: close\r\n" in answer.lower()
    assert answer.count(b"HTTP/1.1") == 1


def test_a_socket_with_too_many_headers_is_told_so(server: LiveServer) -> None:
    for more in (b"A: b\r\n" * 200, b"A: " + b"b" * 10_000 + b"\r\n"):
        with closing(connected(server)) as connection:
            connection.sendall(UPGRADE + more + b"\r\n")
            assert heard(connection).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("size", [60_000, 70_000])
@pytest.mark.parametrize("before", [b"", LIVE + b"\r\n"], ids=["first", "behind another"])
def test_a_head_has_64_kibibytes_even_where_it_comes_in_one_go(server: LiveServer, size: int, before: bytes) -> None:
    asked = 2 if before else 1
    long_value = LIVE + b"A: " + b"b" * size + b"\r\n"
    long_address = LIVE.replace(b"/health/live", b"/health/live?" + b"b" * size)
    for sent in (long_value, long_address):
        with closing(connected(server)) as connection:
            connection.sendall(before + sent + b"Connection: close\r\n\r\n")
            answer = heard(connection)
        if size < 64 * 1024:
            assert answer.count(b"HTTP/1.1 200 ") == asked
        else:
            assert answer.count(b"HTTP/1.1 200 ") < asked
            assert answer.count(b"HTTP/1.1 4") == 1
            assert before or answer.startswith(b"HTTP/1.1 431 ")


def test_a_socket_elsewhere_is_none(server: LiveServer) -> None:
    with closing(connected(server)) as connection:
        connection.sendall(UPGRADE.replace(b"/ws/v1/t2a_v2", b"/v1/models") + b"\r\n")
        assert heard(connection).startswith(b"HTTP/1.1 404 Not Found\r\n")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, identity"])
def test_a_packed_body_is_refused_unopened(server: LiveServer, coding: str) -> None:
    for path in ("/v1/text/chatcompletion_pro", "/v1/chat/completions", "/v1/files/upload"):
        with server.client() as client:
            headers = {"Content-Encoding": coding, "Content-Type": "multipart/form-data; boundary=x"}
            answer = client.post(path, content=b"\x1f\x8b" + b"\0" * 1000, headers=headers)
        assert "Content-Encoding" in answer.text
        assert answer.json().get("base_resp", {"status_code": 2013})["status_code"] == 2013
        assert answer.status_code == (400 if "error" in answer.json() else 200)
    with server.client() as client:
        plain = client.post("/v1/text/chatcompletion_pro", content=b"{}", headers={"Content-Encoding": "identity"})
    assert "model" in plain.json()["base_resp"]["status_msg"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 4_000_000,
        b'{"messages":' + b"[" * 4_000_000,
        b'{"a":' * 1_000_000,
        b'{"functions":[{"parameters":' + b'{"a":' * 1_000_000,
        b'{"temperature":' + b"9" * 4_000_000 + b"}",
        b'{"temperature":1e' + b"9" * 1_000_000 + b"}",
        b'{"tokens_to_generate":' + b"9" * 4_000_000 + b"}",
        b'{"tokens_to_generate":-0}',
        b'{"temperature":1e-400}',
        b'"' + b"\\u0000" * 1_000_000 + b'"',
        b'{"' + b"a" * 4_000_000 + b'":1}',
        b"{" + b",".join(b'"%d":0' % number for number in range(200_000)) + b"}",
    ],
    ids=range(12),
)
def test_json_that_is_all_depth_or_length_is_refused(server: LiveServer, body: bytes) -> None:
    before = memory(server)
    with server.client() as client:
        for path in ("/v1/text/chatcompletion_pro", "/v1/text/chatcompletion_v2", "/v1/t2a_v2", "/v1/embeddings"):
            assert client.post(path, content=body).json()["base_resp"]["status_code"] == 2013
        answer = client.post("/v1/chat/completions", content=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert memory(server) - before < 100 * MEGABYTES


def test_requests_that_wait_for_no_answer_take_no_memory(server: LiveServer) -> None:
    before = memory(server)
    for path in (b"/health/live", b"/v1/models"):
        with closing(connected(server)) as connection, suppress(ConnectionError):
            for _ in range(1000):
                connection.sendall(b"GET " + path + b" HTTP/1.1\r\n\r\n" * 1000)
    assert memory(server) - before < 30 * MEGABYTES
    assert_serves(server)


def test_a_thousand_connections_that_do_nothing_take_no_service(server: LiveServer) -> None:
    before = memory(server)
    with ExitStack() as held:
        for number in range(1000):
            connection = held.enter_context(closing(connected(server)))
            connection.sendall((b"", b"G", PRO, PRO + b"Content-Length: 9\r\n\r\n")[number % 4])
        assert_serves(server)
        assert memory(server) - before < 60 * MEGABYTES
    assert_serves(server)


def test_callers_that_take_nothing_of_their_answers_take_no_service(server: LiveServer) -> None:
    said = json.dumps({"model": "speech-01", "voice_id": "male-qn-qingse", "text": "长" * 400}).encode()
    head = (
        f"POST /v1/text_to_speech HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.api_key}\r\n"
        f"Content-Length: {len(said)}\r\n\r\n"
    )
    before = memory(server)
    with ExitStack() as held:
        for _ in range(20):
            connection = held.enter_context(closing(connected(server)))
            connection.sendall(head.encode() + said)
            assert connection.recv(1) == b"H"
        assert_serves(server)
        assert memory(server) - before < 60 * MEGABYTES


def opened(server: LiveServer, key: str) -> socket.socket:
    """A connection that is a WebSocket, its first frame taken."""
    connection = connected(server)
    connection.sendall(UPGRADE + f"Authorization: Bearer {key}\r\n\r\n".encode())
    answer = b""
    while b'"session_id"' not in answer:
        answer += connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 101 ")
    return connection


def frame(kind: int, content: bytes = b"", *, size: int | None = None) -> bytes:
    """As a client sends it, masked by nothing; `size` where it shall be a lie."""
    length = len(content) if size is None else size
    if length < 126:
        head = struct.pack("!BB", kind, 0x80 | length)
    elif length < 65536:
        head = struct.pack("!BBH", kind, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", kind, 0x80 | 127, length)
    return head + bytes(4) + content


def close_code(told: bytes) -> int:
    """The code of the close frame that is the last one."""
    at = told.rindex(bytes([CLOSE_FRAME]))
    (code,) = struct.unpack_from("!H", told, at + 2)
    assert isinstance(code, int)
    return code


@pytest.mark.parametrize(
    "sent",
    [
        frame(TEXT_FRAME | 0x80, size=1024 * 1024 + 1),
        frame(TEXT_FRAME | 0x80, size=2**40),
        frame(TEXT_FRAME, b"a" * 600_000) + frame(GOES_ON_FRAME, b"a" * 600_000),
        frame(TEXT_FRAME) + frame(GOES_ON_FRAME) * 5000,
    ],
    ids=["large", "huge", "in two", "in thousands"],
)
def test_a_message_over_the_limit_ends_the_socket(server: LiveServer, sent: bytes) -> None:
    with closing(opened(server, server.api_key)) as connection:
        connection.sendall(sent)
        assert close_code(heard(connection)) == 1009


@pytest.mark.parametrize("sent", [frame(0xC1, b"packed"), frame(0x83), frame(GOES_ON_FRAME | 0x80), b"\x81\x01a"])
def test_a_frame_that_is_none_ends_the_socket(server: LiveServer, sent: bytes) -> None:
    """One that is packed, though that was not agreed on; one of no kind; one that continues nothing; an unmasked one."""
    with closing(opened(server, server.api_key)) as connection:
        connection.sendall(sent)
        assert close_code(heard(connection)) == 1002


def test_pings_whose_answers_nobody_takes_take_no_memory(server: LiveServer) -> None:
    before = memory(server)
    with closing(opened(server, server.api_key)) as connection:
        for _ in range(200):
            connection.sendall(frame(PING_FRAME, b"a" * 125) * 4000)  # 100 MB in all
        assert memory(server) - before < 30 * MEGABYTES
        assert_serves(server)


def test_a_link_asked_for_in_a_thousand_ranges_is_answered_at_once(server: LiveServer, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_bytes(b"a" * 100_000)
    with server.client() as client:
        with (tmp_path / "text.txt").open("rb") as content:
            kept = client.post("/v1/files/upload", data={"purpose": "t2a_async_input"}, files={"file": content})
        file_id = kept.json()["file"]["file_id"]
        url = client.get("/v1/files/retrieve", params={"file_id": file_id}).json()["file"]["download_url"]
    ranges = [
        "bytes=" + ",".join("0-" for _ in range(10_000)),
        "bytes=" + ",".join(f"{number}-{number}" for number in range(0, 20_000, 2))[:60_000].rpartition(",")[0],
        "bytes=" + "0" * 60_000 + "-1",
        "bytes=" + "-" * 60_000,
        "bytes=5-1",
        "bytes=99999999999999999999-",
    ]
    for asked in ranges:
        answer = httpx2.get(url, headers={"Range": asked}, trust_env=False)
        assert answer.status_code in (200, 206, 400, 416)
        assert len(answer.content) < 2 * MEGABYTES
