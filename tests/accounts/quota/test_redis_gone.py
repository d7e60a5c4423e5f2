"""Redis that is gone, or stands still: the door is neither open nor shut, and nobody waits long."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Iterator

import pytest

from rhapsode.accounts.quota.limiter import FIRST_PAUSE, LONGEST_PAUSE, QuotaLimiter
from rhapsode.accounts.quota.shared import SharedQuota
from rhapsode.core.caller import Caller
from rhapsode.core.errors import RequestsLimited, SettingsError
from rhapsode.core.limit import LimitRule, Scope
from rhapsode.core.limiter import Unit
from tests.redis_server import RedisServer, running_redis

# What is cut off while it connects is closed by nobody in redis-py: the garbage collector finds it.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

RULE = LimitRule(scope=Scope.GROUP, scope_id="", requests_per_minute=10)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def limiter(redis: RedisServer, clock: Clock) -> AsyncGenerator[QuotaLimiter]:
    limiter = QuotaLimiter(default=RULE, together=SharedQuota(redis.url), clock=clock)
    yield limiter
    await limiter.close()


async def let_in(limiter: QuotaLimiter, name: str, times: int) -> int:
    who = Caller(group_id=name, key_id=name)

    async def one() -> bool:
        try:
            hold = await limiter.admit(who, model="m", unit=Unit.TOKENS, amount=1)
        except RequestsLimited:
            return False
        await hold.settle(1)
        return True

    return sum(await asyncio.gather(*(one() for _ in range(times))))


async def test_a_redis_that_is_gone_is_counted_without_and_by_half(limiter: QuotaLimiter, redis: RedisServer) -> None:
    assert await let_in(limiter, "one", 1) == 1
    redis.end()
    assert await let_in(limiter, "two", 20) == 5
    assert limiter.on_fallback


async def test_a_redis_that_comes_back_is_asked_again_after_a_while(
    limiter: QuotaLimiter, redis: RedisServer, clock: Clock
) -> None:
    redis.end()
    assert await let_in(limiter, "one", 1) == 1
    redis.start()
    assert await let_in(limiter, "one", 1) == 1
    assert limiter.on_fallback  # it is not asked at every call
    clock.now += FIRST_PAUSE
    assert await let_in(limiter, "one", 1) == 1
    assert not limiter.on_fallback
    assert await let_in(limiter, "one", 20) == 9


async def test_the_longer_it_is_gone_the_more_seldom_it_is_asked(
    limiter: QuotaLimiter, redis: RedisServer, clock: Clock
) -> None:
    redis.end()
    for _ in range(10):
        await let_in(limiter, "one", 1)
        clock.now += LONGEST_PAUSE
    redis.start()
    clock.now += LONGEST_PAUSE
    assert await let_in(limiter, "two", 1) == 1
    assert not limiter.on_fallback


async def test_a_redis_that_stands_still_holds_nobody_up_for_long(limiter: QuotaLimiter, redis: RedisServer) -> None:
    assert await let_in(limiter, "one", 1) == 1
    os.kill(redis.pid, signal.SIGSTOP)
    try:
        assert await let_in(limiter, "two", 20) == 5
        assert limiter.on_fallback
    finally:
        os.kill(redis.pid, signal.SIGCONT)


async def test_one_that_never_was_there_is_no_reason_not_to_start() -> None:
    limiter = QuotaLimiter(default=RULE, together=SharedQuota("redis://127.0.0.1:1"))
    assert await let_in(limiter, "one", 20) == 5
    await limiter.close()


@pytest.mark.parametrize("url", ["http://host", "", "redis://host:port"])
def test_an_address_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^limits\.redis_url: must be redis://"):
        SharedQuota(url)
