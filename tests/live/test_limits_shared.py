"""Two servers of the real command that share a database and a Redis: callers have what there is, and not twice."""

import asyncio
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from rhapsode.settings.credentials import read_credentials, write_credentials
from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.redis_server import RedisServer, running_redis

PATH = "/v1/chat/completions"
REQUESTS = 100
AT_ONCE = 7
HELD_MODEL = "abab6.5-chat"
SETTINGS = """
[limits]
redis_url = "{redis}"
redis_seconds = 20
requests_per_minute = 100
"""


@pytest.fixture
def redis() -> Generator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def servers(redis: RedisServer, tmp_path: Path) -> Generator[tuple[LiveServer, LiveServer]]:
    first, second = tmp_path / "first", tmp_path / "second"
    settings = DETERMINISTIC + SETTINGS.format(redis=redis.url)
    with running_server(first, settings) as one:
        second.mkdir()
        shutil.copy(first / "secret", second)
        kept = read_credentials(first / "credentials.toml")
        assert kept is not None
        write_credentials(second / "credentials.toml", replace(kept, base_url="http://127.0.0.1:1"))
        shared = f'[database]\nurl = "sqlite:///{first / "rhapsode.db"}"\n'
        with running_server(second, settings + shared) as other:
            yield one, other


def body(text: str, *, model: str = "abab6.5s-chat", stream: bool = False) -> dict[str, object]:
    return {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}


def limit(server: LiveServer, *options: str) -> None:
    command = [sys.executable, "-m", "rhapsode", "limits", "set", "--home", str(server.home), *options]
    subprocess.run([*command, "--group", server.group_id], check=True, capture_output=True, timeout=60)


def client(server: LiveServer) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=None)
    return httpx2.AsyncClient(
        base_url=server.base_url, headers=server.headers, timeout=60, trust_env=False, limits=limits
    )


async def statuses(clients: list[httpx2.AsyncClient], times: int) -> Counter[int]:
    """Of so many calls to each at once."""
    answers = await asyncio.gather(*(it.post(PATH, json=body("Hello.")) for it in clients for _ in range(times)))
    assert all(answer.json()["error"]["message"].endswith("(1002)") for answer in answers if answer.status_code == 429)
    return Counter(answer.status_code for answer in answers)


async def held(clients: list[httpx2.AsyncClient], times: int, stack: AsyncExitStack) -> int:
    """Of so many calls to each at once that never end, how many are let in; they stay until the stack is left."""
    request = body("scripted:hold", model=HELD_MODEL, stream=True)
    streams = (stack.enter_async_context(it.stream("POST", PATH, json=request)) for it in clients for _ in range(times))
    answers = await asyncio.gather(*streams)
    for answer in answers:
        if answer.status_code == 429:
            assert b"(1041)" in await answer.aread()
    return sum(answer.status_code == 200 for answer in answers)


async def test_two_servers_let_in_what_one_would_and_a_lost_redis_opens_no_door(
    servers: tuple[LiveServer, LiveServer], redis: RedisServer
) -> None:
    limit(servers[0], "--model", HELD_MODEL, "--parallel", str(AT_ONCE))
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client(server)) for server in servers]
        for one in clients:
            (await one.get("/v1/models")).raise_for_status()
        async with AsyncExitStack() as holding:
            assert await held(clients, 25, holding) == AT_ONCE
            let_in = 2 + AT_ONCE  # who was refused for being too many at once has not counted as a request
            assert await statuses(clients, 100) == {200: REQUESTS - let_in, 429: 200 - (REQUESTS - let_in)}
            redis.end()
            answers = await statuses(clients, 50)
            assert set(answers) <= {200, 429}
            assert answers[200] <= REQUESTS // 2
        redis.start()
        assert set(await statuses(clients, 5)) <= {200, 429}
