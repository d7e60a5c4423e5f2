"""Web search through a SearXNG server of the operator's choice.

Its API: https://docs.searxng.org/dev/search_api.html
"""

import html
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from rhapsode.core.chat import Finding
from rhapsode.core.errors import EngineError, EngineMissing, SettingsError
from rhapsode.version import __version__

_LONGEST_ANSWER: Final = 2 * 1024 * 1024
"""bytes: a page of some 30 results has 50 kB, of which many are names of search engines"""
_LONGEST_TITLE, _LONGEST_URL, _LONGEST_TEXT = 200, 1000, 600
"""characters: a result takes its share of the model's context"""


class _Result(msgspec.Struct, frozen=True):
    """One result. Search engines behind SearXNG leave out what they like, or send null."""

    title: object = None
    url: object = None
    content: object = None


class _Answer(msgspec.Struct, frozen=True):
    """What `/search?format=json` answers."""

    results: list[_Result]


_DECODER: Final = msgspec.json.Decoder(_Answer)


class SearxngEngine:
    """Implements `SearchEngine`. To be made on the event loop."""

    def __init__(self, url: str, *, results: int, timeout: float) -> None:
        """`url` is where SearXNG's own page is; `timeout`, in seconds, is that of a whole search.

        Raises `SettingsError`.
        """
        try:
            self._url = URL(url.rstrip("/")) / "search"
        except ValueError as error:
            raise SettingsError(f"search.url: {url!r} is no address") from error
        self._results = results
        self._timeout = timeout
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"rhapsode/{__version__}", "Accept": "application/json"},
            trust_env=False,
        )

    async def find(self, query: str, /) -> Sequence[Finding]:
        """Of the protocol."""
        if self._session.closed:
            raise EngineError("the search engine is closed")
        body = await self._ask(query)
        try:
            answer = _DECODER.decode(body)
        except msgspec.MsgspecError as error:
            raise EngineMissing(
                "what answers at search.url is no SearXNG server: its answer is of another kind"
            ) from error
        findings = (_finding(result) for result in answer.results)
        return tuple(finding for finding in findings if finding)[: self._results]

    async def close(self) -> None:
        """Of the protocol."""
        await self._session.close()

    async def _ask(self, query: str) -> bytes:
        asked = {"q": query, "format": "json"}
        try:
            # The operator named one server: whoever answers there sends this one, and what is asked, nowhere else.
            async with self._session.get(self._url, params=asked, allow_redirects=False) as answer:
                _require_success(answer.status)
                return await _read(answer)
        except TimeoutError as error:
            raise EngineError(f"the search took longer than {self._timeout:g} seconds") from error
        except aiohttp.ClientError as error:
            raise EngineError(f"the search server cannot be reached: {type(error).__name__}") from error


def _require_success(status: int) -> None:
    if status == HTTPStatus.FORBIDDEN:
        raise EngineMissing(
            "SearXNG does not answer in JSON (HTTP 403): add json to search.formats in its settings.yml, and let its "
            "limiter pass this server"
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise EngineError(f"the search server answered with HTTP {status}")
    if status != HTTPStatus.OK:
        raise EngineMissing(f"what answers at search.url is no SearXNG server: HTTP {status}")


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > _LONGEST_ANSWER:
            raise EngineMissing(f"what answers at search.url sends more than {_LONGEST_ANSWER} bytes")
    return b"".join(parts)


def _finding(result: _Result) -> Finding | None:
    """What of a result is of use; nothing where it has no address, or says nothing."""
    url = result.url.strip() if isinstance(result.url, str) else ""
    title, text = _plain(result.title, _LONGEST_TITLE), _plain(result.content, _LONGEST_TEXT)
    if len(url) > _LONGEST_URL or not url.startswith(("http://", "https://")) or not (title or text):
        return None
    return Finding(title=title, url=url, text=text)


def _plain(text: object, longest: int) -> str:
    """In one line, without entities and what cannot be printed; cut at a word's end where there is one."""
    if not isinstance(text, str):
        return ""
    shown = "".join(character if character.isprintable() else " " for character in html.unescape(text))
    words = " ".join(shown.split())
    if len(words) <= longest:
        return words
    return words[: longest - 1].rsplit(" ", 1)[0] + "…"
