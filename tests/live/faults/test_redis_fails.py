"""Redis that ends, or stands still: callers are served, by fewer than their limits, and the figures say so."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.faults.load import openai_body
from tests.live.running import DETERMINISTIC
from tests.live.test_metrics import Watched, watching
from tests.redis_server import RedisServer, running_redis

OPENAI = "/v1/chat/completions"
FALLBACK = "rhapsode_limiter_fallback"
REQUESTS = 1000
CALLS = 3


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def watched(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    limits = f'[limits]\nredis_url = "{redis.url}"\nrequests_per_minute = {REQUESTS}\n'
    with watching(tmp_path_factory.mktemp("redis"), DETERMINISTIC + limits) as watched:
        yield watched


def statuses(watched: Watched, calls: int = CALLS) -> set[int]:
    with watched.server.client() as client:
        return {client.post(OPENAI, json=openai_body()).status_code for _ in range(calls)}


def wait_until_asked_again(watched: Watched) -> None:
    """It is asked by the first call after a pause of a second, then two, then four: nothing else asks."""
    while watched.total(FALLBACK):
        assert statuses(watched, 1) == {200}


def test_redis_that_ends_is_done_without_until_it_is_back(watched: Watched, redis: RedisServer) -> None:
    assert statuses(watched) == {200}
    assert watched.total(FALLBACK) == 0
    redis.end()
    try:
        assert statuses(watched) == {200}
        watched.await_total(1, FALLBACK)
        with watched.server.client() as client:
            stranger = client.post(OPENAI, json=openai_body(), headers={"Authorization": "Bearer nobody"})
            assert stranger.status_code == 401
    finally:
        redis.start()
    wait_until_asked_again(watched)
    assert statuses(watched) == {200}


def test_redis_that_stands_still_holds_nobody_up(watched: Watched, redis: RedisServer) -> None:
    assert statuses(watched) == {200}
    os.kill(redis.pid, signal.SIGSTOP)
    try:
        assert statuses(watched) == {200}
        watched.await_total(1, FALLBACK)
    finally:
        os.kill(redis.pid, signal.SIGCONT)
    wait_until_asked_again(watched)
    assert statuses(watched) == {200}


def test_without_redis_the_door_is_not_open(tmp_path: Path) -> None:
    limits = '[limits]\nredis_url = "redis://127.0.0.1:1"\nrequests_per_minute = 20\n'
    with watching(tmp_path, DETERMINISTIC + limits) as watched, watched.server.client() as client:
        answers = [client.post(OPENAI, json=openai_body()) for _ in range(20)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 10
        assert int(answers[-1].headers["retry-after"]) >= 1
        watched.await_total(1, FALLBACK)
        said = (tmp_path / "output.txt").read_text(encoding="utf-8")
        assert said.count("nobody counts for all processes") == 1
