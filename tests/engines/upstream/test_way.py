"""How another server is reached: by its certificate, and through a proxy of either kind."""

import asyncio
from base64 import b64encode
from contextlib import suppress

import pytest
from yarl import URL

from rhapsode.core.errors import SettingsError
from rhapsode.engines.upstream.faults import Unavailable
from rhapsode.engines.upstream.way import Way
from tests.engines.upstream.serving import CERTIFICATE, Serve, answers, ok, request, serving, transport_to

CREDENTIALS = f"Proxy-Authorization: Basic {b64encode(b'ann:secret').decode()}"


async def ask(url: URL, *, ca_file: str = "", proxy: str = "") -> bytes:
    async with transport_to(url, ca_file=ca_file, proxy=proxy) as transport:
        return await (await transport.post(url / "v1", b"{}")).whole()


async def test_a_certificate_must_be_trusted() -> None:
    async with serving(answers(ok()), safe=True) as url:
        assert await ask(url, ca_file=str(CERTIFICATE)) == b"{}"
        with pytest.raises(Unavailable, match="not trusted"):
            await ask(url)
        with pytest.raises(Unavailable, match="not trusted"):
            await ask(url.with_host("localhost"), ca_file=str(CERTIFICATE))


async def test_a_server_that_speaks_no_tls_is_not_called_a_stranger() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 SECRET, no TLS here\r\n")
        await reader.read()

    async with serving(greet) as url:
        with pytest.raises(Unavailable, match=r"TLS\?$"):
            await ask(url.with_scheme("https"))


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example"])
async def test_what_no_resolver_takes_for_a_host_is_told(host: str) -> None:
    with pytest.raises(Unavailable, match="no name of a host"):
        await ask(URL(f"http://{host}"))


async def test_a_proxy_is_asked_for_the_whole_address() -> None:
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend((await request(reader))[0].split("\r\n"))
        writer.write(ok())

    async with serving(serve) as proxy:
        far = URL("http://far.example:8000")
        assert await ask(far, proxy=str(proxy.with_user("ann").with_password("secret"))) == b"{}"
    assert heard[:2] == ["POST http://far.example:8000/v1 HTTP/1.1", "Host: far.example:8000"]
    assert CREDENTIALS in heard


def tunnel(heard: list[str]) -> Serve:
    """A proxy that passes bytes on, both ways."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend((await request(reader))[0].split("\r\n"))
        host, _, port = heard[0].split()[1].partition(":")
        there, back = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pass_on(reader, back))
            tasks.create_task(pass_on(there, writer))

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while block := await reader.read(65536):
                writer.write(block)
        writer.close()

    return serve


async def test_behind_a_proxy_the_server_is_still_known_by_its_certificate() -> None:
    heard: list[str] = []
    async with serving(answers(ok()), safe=True) as url, serving(tunnel(heard)) as proxy:
        through = str(proxy.with_user("ann").with_password("secret"))
        assert await ask(url, ca_file=str(CERTIFICATE), proxy=through) == b"{}"
        assert heard[0] == f"CONNECT 127.0.0.1:{url.port} HTTP/1.1"
        assert CREDENTIALS in heard
        with pytest.raises(Unavailable, match="not trusted"):
            await ask(url, proxy=through)


async def test_the_way_to_the_proxy_may_be_safe_too() -> None:
    async with serving(answers(ok()), safe=True) as url, serving(tunnel([]), safe=True) as proxy:
        assert await ask(url, ca_file=str(CERTIFICATE), proxy=str(proxy)) == b"{}"


async def test_a_proxy_that_opens_no_way_is_told_of() -> None:
    refusal = answers(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    async with serving(refusal) as proxy:
        with pytest.raises(Unavailable, match="407"):
            await ask(URL("https://far.example"), proxy=str(proxy))


async def test_a_server_that_takes_no_connection_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(silent) as url:
        way = Way(url.with_scheme("https"), seconds=0.1, ca_file="", proxy="")
        with pytest.raises(Unavailable, match="in time"):
            await way.open(lambda _: None)


@pytest.mark.parametrize("proxy", ["127.0.0.1:3128", "socks5://127.0.0.1", "http://", "http://[::"])
def test_a_proxy_that_is_none_is_named(proxy: str) -> None:
    with pytest.raises(SettingsError, match="proxy"):
        Way(URL("http://far.example"), seconds=1.0, ca_file="", proxy=proxy)


def test_certificates_that_cannot_be_read_are_named() -> None:
    with pytest.raises(SettingsError, match="ca_file"):
        Way(URL("https://far.example"), seconds=1.0, ca_file="/nowhere.pem", proxy="")
