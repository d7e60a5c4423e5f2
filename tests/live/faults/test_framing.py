"""What stands round a body: fields after it, notes between its parts, and a protocol asked for besides."""

import json
from contextlib import closing

import pytest

from tests.live.running import LiveServer
from tests.live.test_for_others import PATH, key_from, proxied
from tests.live.test_http_faults import LIVE, MEGABYTES, PRO, assert_serves, connected, heard, memory

__all__ = ["proxied"]

CHUNKED = PRO + b"Transfer-Encoding: chunked\r\n\r\n"
SAID = json.dumps({"model": "abab6.5s-chat", "messages": [{"role": "user", "content": "hi"}]}).encode()
CHAT = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n".encode()
LAST = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "endless"),
    [(b"0\r\n", b"A: b\r\n"), (b"0\r\nA: ", b"b"), (b"1;a=", b"b")],
    ids=["fields", "a field", "a note"],
)
def test_what_never_ends_round_a_body_is_cut_off(deterministic: LiveServer, begin: bytes, endless: bytes) -> None:
    before = memory(deterministic)
    with closing(connected(deterministic)) as connection:
        connection.sendall(CHUNKED + begin)
        with pytest.raises(OSError, match=r"reset|Broken pipe"):  # long before all of its 32 MB
            connection.sendall(endless * (32 * MEGABYTES // len(endless)))
    assert memory(deterministic) - before < 30 * MEGABYTES
    assert_serves(deterministic)


def status_codes(told: bytes) -> list[int]:
    """The platform's, of all the answers that were heard."""
    return [
        json.loads(answer.partition(b"\r\n\r\n")[2])["base_resp"]["status_code"]
        for answer in told.split(b"HTTP/1.1 ")
        if b'"base_resp"' in answer
    ]


def sent_in_chunks(said: bytes, *, head: str = "", after: str = "") -> bytes:
    """A call of a chat whose connection is closed afterwards, with headers and with fields after the body."""
    asked = CHAT + b"Connection: close\r\nTransfer-Encoding: chunked\r\n" + head.encode()
    return asked + b"\r\n%x\r\n%s\r\n0\r\n" % (len(said), said) + after.encode() + b"\r\n"


def test_a_key_after_the_body_is_none(deterministic: LiveServer) -> None:
    key = f"Authorization: Bearer {deterministic.api_key}\r\n"
    for sent, expected in ((sent_in_chunks(SAID, head=key), 0), (sent_in_chunks(SAID, after=key), 1004)):
        with closing(connected(deterministic)) as connection:
            connection.sendall(sent)
            assert status_codes(heard(connection)) == [expected]


def test_an_address_after_the_body_is_not_the_proxys_word(proxied: LiveServer) -> None:
    bearer = key_from(proxied, "203.0.113.5")["Authorization"]
    key = f"Authorization: {bearer}\r\n"
    told, forged = (f"X-Forwarded-For: {address}\r\n" for address in ("203.0.113.5", "203.0.113.6"))
    for good, sent in (
        (True, sent_in_chunks(SAID, head=key + told)),
        (True, sent_in_chunks(SAID, head=key + told, after=forged)),
        (False, sent_in_chunks(SAID, head=key + forged, after=told)),
        (False, sent_in_chunks(SAID, head=key, after=told)),
    ):
        with closing(connected(proxied)) as connection:
            connection.sendall(sent)
            assert (status_codes(heard(connection)) == [0]) is good


@pytest.mark.parametrize("asked", ["h2c", "foo", "TLS/1.0", "websocket, h2c"])
@pytest.mark.parametrize("at_once", [True, False])
def test_who_asks_for_another_protocol_is_answered_in_this_one(
    deterministic: LiveServer, asked: str, *, at_once: bool
) -> None:
    """As Java's own client asks. Nothing of the body is a request, whatever it looks like and whenever it comes."""
    body = SAID + b"\r\n\r\n" + LIVE + b"\r\n" if asked == "foo" else SAID
    head = (
        CHAT
        + (
            f"Authorization: Bearer {deterministic.api_key}\r\nConnection: Upgrade, HTTP2-Settings\r\n"
            f"Upgrade: {asked}\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\nContent-Length: {len(body)}\r\n"
        ).encode()
    )
    with closing(connected(deterministic)) as connection:
        if at_once:
            connection.sendall(head + b"\r\n" + body + LAST)
        else:
            connection.sendall(head + b"Expect: 100-continue\r\n\r\n")
            assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body + LAST)
        told = heard(connection)
    assert told.count(b"HTTP/1.1 ") == 2
    assert status_codes(told) == [2013 if asked == "foo" else 0]
