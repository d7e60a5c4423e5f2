"""Redis that is gone, or stands still: the door is neither open nor shut, and nobody waits long."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace

import pytest

from rhapsode.accounts.quota.limiter import FIRST_PAUSE, LONGEST_PAUSE, QuotaLimiter
from rhapsode.accounts.quota.shared import SharedQuota
from rhapsode.core.caller import Caller
from rhapsode.core.errors import ParallelLimited, RequestsLimited, SettingsError, UnitsLimited
from rhapsode.core.limit import LimitRule, Scope
from rhapsode.core.limiter import Permit, Unit
from tests.redis_server import RedisServer, running_redis

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


async def test_what_a_process_let_in_before_counts_when_redis_is_gone(
    limiter: QuotaLimiter, redis: RedisServer
) -> None:
    assert await let_in(limiter, "one", 4) == 4
    redis.end()
    assert await let_in(limiter, "one", 20) == 1
    assert await let_in(limiter, "other", 20) == 5


def rule(**figures: int) -> Caller:
    return Caller(group_id="g", key_id="k", limits=(replace(RULE, scope_id="g", requests_per_minute=None, **figures),))


async def admit(limiter: QuotaLimiter, who: Caller) -> Permit:
    return await limiter.admit(who, model="m", unit=Unit.TOKENS, amount=1)


async def test_redis_hears_of_the_places_that_were_taken_without_it(
    limiter: QuotaLimiter, redis: RedisServer, clock: Clock
) -> None:
    who = rule(parallel=4)
    before = await admit(limiter, who)
    left = await admit(limiter, who)
    redis.end()
    await left.settle(1)
    meanwhile = await admit(limiter, who)  # 2 of 4: half
    with pytest.raises(ParallelLimited):
        await admit(limiter, who)
    redis.start()  # it knows nothing any more
    clock.now += FIRST_PAUSE
    again = [await admit(limiter, who) for _ in range(2)]
    assert not limiter.on_fallback
    with pytest.raises(ParallelLimited, match="may make 4 requests at once"):
        await admit(limiter, who)
    for hold in (before, meanwhile, *again):
        await hold.settle(1)
    for hold in [await admit(limiter, who) for _ in range(4)]:
        await hold.settle(1)


async def test_redis_hears_of_all_that_was_taken_while_it_was_gone(
    limiter: QuotaLimiter, redis: RedisServer, clock: Clock
) -> None:
    who = rule(tokens_per_minute=100)
    first = await admit(limiter, who)
    redis.end()
    await first.settle(31)
    second = await admit(limiter, who)
    await second.settle(20)
    assert limiter.on_fallback
    with pytest.raises(UnitsLimited, match="may take 50 tokens"):
        await admit(limiter, who)
    redis.start()
    clock.now += FIRST_PAUSE
    await admit(limiter, who)
    assert not limiter.on_fallback
    (key,) = redis.texts("KEYS", "*tokens*")
    assert sum(map(int, redis.texts("HVALS", key))) == 30 + 20 + 1  # of the first one's 31 it forgot the one it knew


async def test_many_who_find_it_gone_at_once_do_not_put_off_asking_again(
    limiter: QuotaLimiter, redis: RedisServer, clock: Clock
) -> None:
    assert await let_in(limiter, "one", 1) == 1
    redis.end()
    assert await let_in(limiter, "two", 50) == 5
    redis.start()
    clock.now += FIRST_PAUSE
    assert await let_in(limiter, "two", 1) == 1
    assert not limiter.on_fallback


async def test_scripts_that_redis_was_made_to_forget_are_sent_again(limiter: QuotaLimiter, redis: RedisServer) -> None:
    assert await let_in(limiter, "one", 1) == 1
    redis.forget_scripts()
    assert await let_in(limiter, "one", 20) == 9
    assert not limiter.on_fallback


async def test_who_hangs_up_while_redis_is_asked_holds_no_place(limiter: QuotaLimiter) -> None:
    who = rule(parallel=1)
    for _ in range(20):
        asking = asyncio.create_task(admit(limiter, who))
        await asyncio.sleep(0)  # one turn of the loop: it has asked
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await (await admit(limiter, who)).settle(1)
