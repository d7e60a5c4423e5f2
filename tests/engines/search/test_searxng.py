"""Searching through SearXNG, by a real HTTP server that plays it."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

import pytest
from aiohttp import web

from rhapsode.core.chat import Finding
from rhapsode.core.errors import EngineError, EngineMissing, SettingsError
from rhapsode.engines.search.searxng import SearxngEngine
from tests.engines.search.playing import Answers, never, playing_searxng

ANSWER = {
    "query": "tides",
    "number_of_results": 0,
    "results": [
        {
            "url": "https://example.com/tides",
            "title": "Tides &amp; <b>moons</b>",
            "content": "The moon\n pulls the sea.\u0000\u200b It&#39;s old.",
            "engine": "one",
            "score": 1.5,
        },
        {"url": "https://example.com/null", "title": "A title alone", "content": None},
        {"url": "javascript:alert(1)", "title": "No address", "content": "x"},
        {"url": "https://example.com/empty", "title": " ", "content": ""},
        {"title": "No address"},
        {"url": "https://example.com/long", "title": "t" * 999, "content": "word " * 999},
        {"url": "https://example.com/4", "title": "four", "content": "4"},
    ],
    "answers": [],
}


class Closing:
    """Closes an engine at the end of a block."""

    def __init__(self, engine: SearxngEngine) -> None:
        self.engine = engine

    async def aclose(self) -> None:
        await self.engine.close()


async def search(answers: Answers, *, results: int = 5, within: float = 10, path: str = "/search") -> Sequence[Finding]:
    async with playing_searxng(answers, path) as url:
        engine = SearxngEngine(url + path.removesuffix("/search"), results=results, timeout=within)
        async with aclosing(Closing(engine)):
            return await engine.find("how do tides work?")


def saying(text: str = "", status: int = 200) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        del request
        return web.Response(text=text, status=status, content_type="text/html")

    return answer


async def test_results_are_read_cleaned_and_bounded() -> None:
    asked: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(dict(request.query))
        return web.json_response(ANSWER)

    found = await search(answer)
    assert asked == [{"q": "how do tides work?", "format": "json"}]
    assert found[0] == Finding(
        title="Tides & <b>moons</b>", url="https://example.com/tides", text="The moon pulls the sea. It's old."
    )
    assert found[1] == Finding(title="A title alone", url="https://example.com/null", text="")
    assert [result.url.rpartition("/")[2] for result in found] == ["tides", "null", "long", "4"]
    assert len(found[2].title) <= 200
    assert len(found[2].text) <= 600
    assert found[2].text.endswith("word…")


async def test_no_more_results_than_asked_for() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response(ANSWER)

    assert len(await search(answer, results=2)) == 2


async def test_nothing_found_is_nothing() -> None:
    assert await search(saying('{"results": []}')) == ()


async def test_a_server_under_a_path_is_found() -> None:
    assert await search(saying('{"results": []}'), path="/searx/search") == ()


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_server_in_trouble_is_an_error_that_passes(status: int) -> None:
    with pytest.raises(EngineError, match=f"HTTP {status}") as caught:
        await search(saying("oops", status))
    assert not isinstance(caught.value, EngineMissing)


async def test_a_slow_server_is_not_waited_for() -> None:
    with pytest.raises(EngineError, match=r"took longer than 0\.2 seconds"):
        await search(never, within=0.2)


async def test_a_server_that_is_not_there_is_an_error_that_passes() -> None:
    async with playing_searxng(never) as url:
        engine = SearxngEngine(url, results=5, timeout=10)
    with pytest.raises(EngineError, match="cannot be reached"):
        await engine.find("x")
    await engine.close()
    with pytest.raises(EngineError, match="closed"):
        await engine.find("x")


async def test_a_server_that_has_json_off_is_told_how_to_turn_it_on() -> None:
    with pytest.raises(EngineMissing, match=r"HTTP 403\): add json to search\.formats in its settings\.yml"):
        await search(saying("Forbidden", 403))


@pytest.mark.parametrize("text", ["", "<html></html>", "[]", '{"results": 3}', '{"results": ["x"]}', "{}", "\xff"])
async def test_what_is_no_searxng_is_named(text: str) -> None:
    with pytest.raises(EngineMissing, match=r"search\.url is no SearXNG server"):
        await search(saying(text))


async def test_another_address_is_named() -> None:
    with pytest.raises(EngineMissing, match=r"search\.url is no SearXNG server: HTTP 404"):
        await search(saying("", 404))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nothing_is_asked_where_a_redirect_leads(status: int) -> None:
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        asked.append(request.path_qs)
        return web.json_response(ANSWER)

    async with playing_searxng(elsewhere, "/inside") as inside:

        async def answer(request: web.Request) -> web.StreamResponse:
            del request
            return web.Response(status=status, headers={"Location": f"{inside}/inside"})

        with pytest.raises(EngineMissing, match=rf"search\.url is no SearXNG server: HTTP {status}"):
            await search(answer)
    assert not asked


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 65536)

    with pytest.raises(EngineMissing, match="more than 2097152 bytes"):
        await search(answer)


async def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"search\.url"):
        SearxngEngine("http://[::1", results=5, timeout=1)
