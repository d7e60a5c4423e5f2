"""The address that a caller called, as far as it is believed."""

import pytest

from rhapsode.server.address import read_base_url, read_query


def scope(host: bytes | None, server: tuple[str, int | None] | None = ("127.0.0.1", 8765)) -> dict[str, object]:
    headers = [] if host is None else [(b"host", host)]
    return {"scheme": "http", "headers": headers, "server": server}


@pytest.mark.parametrize("host", ["speech.example.com", "a_b-c.example:8443", "127.0.0.1:1", "[::1]:80", "[fe80::1]"])
def test_a_host_is_told_back(host: str) -> None:
    assert read_base_url(scope(host.encode())) == f"http://{host}"


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"a b",
        b"a@b",
        b"a/b",
        b"a?b",
        b"a#b",
        b"a\\b",
        b"a:99999999",
        b"a:",
        b"[::1",
        b"\xff",
        b"a\r\nb",
        b"x" * 254,
    ],
)
def test_what_is_no_host_is_not_believed(host: bytes) -> None:
    assert read_base_url(scope(host)) == "http://127.0.0.1:8765"
    assert read_base_url(scope(host, ("::1", 1))) == "http://[::1]:1"


def test_there_is_an_address_in_any_case() -> None:
    assert read_base_url(scope(None)) == "http://127.0.0.1:8765"
    assert read_base_url(scope(None, None)) == "http://127.0.0.1"


def test_a_query_is_the_first_of_each_name() -> None:
    assert read_query({"query_string": b"a=1&a=2&b=&c=%E4%B9%A6"}) == {"a": "1", "b": "", "c": "书"}
    assert read_query({}) == {}
