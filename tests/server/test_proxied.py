"""Whose word about a caller's address and scheme is taken."""

from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from rhapsode.core.errors import InvalidField
from rhapsode.server.proxied import Proxied

PROXIES = ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32")


async def seen(
    client: str | None, *headers: tuple[bytes, bytes], kind: str = "http", scheme: str = "http"
) -> tuple[str | None, str]:
    """The address and the scheme that the application is told."""
    told: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del receive, send
        told.append(scope)

    async def receive() -> Any:  # noqa: ANN401 - never asked
        raise AssertionError

    scope = {"type": kind, "scheme": scheme, "client": client and (client, 1234), "headers": list(headers)}
    await Proxied(app, PROXIES)(scope, receive, lambda _message: receive())
    after = told[0]["client"]
    return after and after[0], told[0]["scheme"]


FOR, PROTO = b"x-forwarded-for", b"x-forwarded-proto"


@pytest.mark.parametrize("client", ["127.0.0.1", "192.0.2.8", "::1", "::ffff:127.0.0.1", None])
async def test_a_stranger_is_not_believed(client: str | None) -> None:
    assert await seen(client, (FOR, b"10.1.1.1"), (PROTO, b"https")) == (client, "http")


@pytest.mark.parametrize("proxy", ["10.1.2.3", "192.0.2.7", "2001:db8::9", "::ffff:10.1.2.3"])
async def test_a_proxy_is(proxy: str) -> None:
    assert await seen(proxy, (FOR, b"203.0.113.5"), (PROTO, b"https")) == ("203.0.113.5", "https")
    assert await seen(proxy) == (proxy, "http")


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ([b"198.51.100.1, 203.0.113.5"], "203.0.113.5"),
        ([b"198.51.100.1", b"203.0.113.5"], "203.0.113.5"),
        ([b"198.51.100.1, 203.0.113.5, 10.9.9.9"], "203.0.113.5"),
        ([b"10.8.8.8, 10.9.9.9"], "10.8.8.8"),
        ([b"203.0.113.5:4711"], "203.0.113.5"),
        ([b"[2001:db9::1]:4711"], "2001:db9::1"),
        ([b"2001:db9::1"], "2001:db9::1"),
        ([b"203.0.113.5, unknown"], None),
        ([b"203.0.113.5,"], None),
        ([b"10.0.0.1\t\x00"], None),
        ([b"\xff"], None),
    ],
)
async def test_the_last_address_counts_that_is_no_proxys(forwarded: list[bytes], address: str | None) -> None:
    assert (await seen("10.1.2.3", *((FOR, value) for value in forwarded)))[0] == address


@pytest.mark.parametrize(
    ("kind", "said", "scheme"),
    [
        ("http", b"HTTPS ", "https"),
        ("http", b"wss", "https"),
        ("http", b"javascript", "http"),
        ("http", b"https://evil.example/?", "http"),
        ("websocket", b"https", "wss"),
        ("websocket", b"http", "ws"),
    ],
)
async def test_a_scheme_is_one_of_those_that_there_are(kind: str, said: bytes, scheme: str) -> None:
    assert (await seen("10.1.2.3", (PROTO, said), kind=kind))[1] == scheme


def test_what_is_no_address_is_no_proxy() -> None:
    for wrong in ("proxy.example", "10.0.0.1/8", ""):
        with pytest.raises(InvalidField, match="behind_proxy"):
            Proxied(lambda _scope, _receive, _send: NotImplemented, (wrong,))
