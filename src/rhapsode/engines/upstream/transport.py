"""HTTP to one other server: connections that are kept, answers read as they come, failures told as ours."""

import asyncio
import ssl
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Final

import aiohttp
from yarl import URL

from rhapsode.core.errors import SettingsError
from rhapsode.dialects.sse import EventReader
from rhapsode.engines.upstream.faults import Unavailable
from rhapsode.version import __version__

KEPT_SECONDS: Final = 15.0
"""How long an idle connection is kept: less than servers do, so that a call rarely finds it closed."""

LONGEST_ANSWER: Final = 64 * 1024 * 1024
"""Bytes of an answer that is read whole."""

LONGEST_EVENT: Final = 8 * 1024 * 1024
"""Bytes of a stream without an event in them."""

ONE_PIECE: Final = 1024 * 1024
"""Bytes that are written to a connection at once; what is longer goes out in pieces, between which others get on."""

LONGEST_REFUSAL: Final = 64 * 1024
_END_SECONDS: Final = 0.1
"""How long the end of a stream is waited for after its last event; later than that, the connection is not kept."""


class Answer:
    """An answer whose head has come. Nothing of its body is read yet."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._reader = EventReader()
        self._without_event = 0

    @property
    def status(self) -> int:
        """Of HTTP."""
        return self._response.status

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asked to wait. A date, which is rare, counts as nothing."""
        told = self._response.headers.get("Retry-After", "")
        return float(told) if told.isascii() and told.isdigit() and len(told) < 10 else None  # noqa: PLR2004 - years

    @property
    def is_stream(self) -> bool:
        """Whether it is made of events."""
        return self._response.content_type == "text/event-stream"

    @property
    def is_json(self) -> bool:
        """Whether it says that it is JSON."""
        return self._response.content_type.endswith("json")

    async def whole(self, limit: int = LONGEST_ANSWER) -> bytes:
        """The body. Raises `Unavailable`."""
        parts: list[bytes] = []
        size = 0
        with _told():
            async for part in self._response.content.iter_any():
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise Unavailable(f"the upstream's answer is longer than {limit} bytes")
        return b"".join(parts)

    async def refusal(self) -> bytes:
        """The body of an answer that tells a failure, as far as it can be had: it is looked into for codes alone."""
        try:
            async with asyncio.timeout(1):
                return await self.whole(LONGEST_REFUSAL)
        except (TimeoutError, Unavailable):
            return b""

    async def events(self) -> list[bytes] | None:
        """The data of all events that the next block from the network completes; None once the stream has ended.

        Raises `Unavailable`.
        """
        with _told():
            block = await self._response.content.readany()
        if not block:
            return list(self._reader.finish()) or None
        found = list(self._reader.feed(block))
        self._without_event = 0 if found else self._without_event + len(block)
        if self._without_event > LONGEST_EVENT:
            raise Unavailable(f"the upstream sent {LONGEST_EVENT} bytes without an event in them")
        return found

    async def end(self) -> None:
        """See the stream's end, if it is there: only then the connection can serve another call."""
        if self._response.content.at_eof():
            return
        with suppress(TimeoutError, aiohttp.ClientError):  # then `close` closes the connection
            async with asyncio.timeout(_END_SECONDS):
                while not self._response.content.at_eof():
                    await self._response.content.readany()

    def close(self) -> None:
        """Hang up at once, unless the answer was read to its end: its connection is kept."""
        self._response.close()


class Transport:
    """One server. To be made on the event loop, and closed."""

    def __init__(
        self,
        *,
        headers: Mapping[str, str],
        connect_timeout: float,
        ca_file: str = "",
        proxy: str = "",
    ) -> None:
        """Raises `SettingsError` for certificates that cannot be read."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS, ssl=_trust(ca_file)),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Silence is timed where it is known what is waited for.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout),
            headers={
                "User-Agent": f"rhapsode/{__version__}",
                "Content-Type": "application/json",
                "Accept-Encoding": "identity",  # a stream that is packed comes late
                **headers,
            },
            proxy=proxy or None,
            trust_env=False,
        )

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._session.closed

    async def post(self, url: URL, body: bytes) -> Answer:
        """Send JSON. Who gets the answer closes it. Raises `Unavailable`."""
        data = body if len(body) <= ONE_PIECE else BytesIO(body)
        with _told():
            return Answer(await self._session.post(url, data=data, allow_redirects=False))

    async def close(self) -> None:
        """Hang up everywhere."""
        await self._session.close()


def _trust(ca_file: str) -> ssl.SSLContext | bool:
    if not ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=Path(ca_file).expanduser())
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"ca_file: no certificates can be read from it ({type(error).__name__})") from error


@contextmanager
def _told() -> Generator[None]:
    """Foreign errors as ours."""
    try:
        yield
    except aiohttp.ClientSSLError as error:
        raise Unavailable(
            "no safe connection to the upstream engine can be made: its certificate is not trusted"
        ) from error
    except (aiohttp.ConnectionTimeoutError, aiohttp.SocketTimeoutError) as error:
        raise Unavailable("the upstream engine does not take a connection in time") from error
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise Unavailable("the upstream engine cannot be reached, or hung up", passing=True) from error
    except aiohttp.ClientPayloadError as error:
        raise Unavailable("the upstream engine hung up in the middle of its answer", passing=True) from error
    except (aiohttp.ClientError, ValueError) as error:
        # Without what caused it, which quotes what the other server sent.
        raise Unavailable(f"the upstream engine does not answer as HTTP demands: {type(error).__name__}") from None
    except RuntimeError as error:  # "Session is closed"
        raise Unavailable("the chat engine is closed") from error
