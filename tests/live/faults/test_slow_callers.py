"""Callers who take what they are told, or say what they want, a byte a second: the others are served meanwhile."""

import json
import socket
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.live.faults.load import openai_body
from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_http_faults import MEGABYTES, connected, memory
from tests.live.test_t2a_v2 import body

SECONDS = 4
"""How many bytes are taken."""

LARGE = {"format": "pcm", "sample_rate": 44100, "channel": 2}
WHOLE = body(text="长" * 400, audio_setting=LARGE)  # 15 MB
STREAM = body(text="长" * 4000, audio_setting=LARGE, stream=True)  # 296 MB


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveServer]:
    """One for these alone: what they leave in memory is measured."""
    with running_server(tmp_path_factory.mktemp("slow"), DETERMINISTIC) as server:
        yield server


def head(path: str, key: str) -> bytes:
    """Of a call, but for how long its body is and for its end."""
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n".encode()


def asked(server: LiveServer, what: dict[str, Any]) -> socket.socket:
    """A connection that has room for next to nothing, and on which much was asked for."""
    where = urlsplit(server.base_url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(30)
    connection.connect((where.hostname, where.port))
    said = json.dumps(what).encode()
    connection.sendall(head("/v1/t2a_v2", server.api_key) + b"Content-Length: %d\r\n\r\n" % len(said) + said)
    return connection


def every_second(server: LiveServer, do: Callable[[], bool]) -> None:
    """Until it says that this is the end. The others call all the while."""
    with server.client() as others:
        while not do():
            over = time.monotonic() + 1
            while time.monotonic() < over:
                assert others.post("/v1/chat/completions", json=openai_body()).status_code == 200


def test_callers_who_read_a_byte_a_second_take_no_service_and_no_memory(server: LiveServer) -> None:
    before = memory(server)
    with ExitStack() as held:
        for what, bound in ((STREAM, 60), (WHOLE, 120)):
            slow = [held.enter_context(closing(asked(server, what))) for _ in range(5)]
            assert all(connection.recv(1) == b"H" for connection in slow)
            taken: list[bytes] = []

            def take(slow: Sequence[socket.socket] = slow, taken: list[bytes] = taken) -> bool:
                taken.append(b"".join(connection.recv(1) for connection in slow))
                return len(taken) == SECONDS

            every_second(server, take)
            assert taken == [bytes([letter]) * len(slow) for letter in b"TTP/"]
            assert memory(server) - before < bound * MEGABYTES
    with server.client() as others:
        assert others.post("/v1/t2a_v2", json=WHOLE).status_code == 200


def endless(server: LiveServer, path: str, key: str) -> socket.socket:
    """A connection on which a body has begun that will not end."""
    begun = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    connection = connected(server)
    connection.sendall(
        head(path, key)
        + b"Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"%x\r\n%s\r\n" % (len(begun), begun)
    )
    return connection


def test_bodies_that_come_in_chunks_and_never_end_take_no_service_and_no_memory(server: LiveServer) -> None:
    """A stranger's, until the server has had enough of it. The others' have their minute, and are not cut before."""
    before = memory(server)
    with ExitStack() as held:
        known, strange = (
            [
                held.enter_context(closing(endless(server, path, key)))
                for path in ("/v1/chat/completions", "/v1/files/upload")
                for _ in range(10)
            ]
            for key in (server.api_key, "sk-rh-" + "x" * 43)
        )

        def say_more() -> bool:
            for connection in known:
                connection.sendall(b"1\r\n \r\n")
            for connection in list(strange):
                try:
                    connection.sendall(b"1\r\n \r\n")
                except ConnectionError:
                    strange.remove(connection)
            return not strange

        every_second(server, say_more)
        assert memory(server) - before < 30 * MEGABYTES
    with server.client() as others:
        assert others.post("/v1/t2a_v2", json=WHOLE).status_code == 200
