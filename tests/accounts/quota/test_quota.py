"""The rules of limits, counted in this process and in a real Redis."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from rhapsode.accounts.quota.ask import Asks
from rhapsode.accounts.quota.limiter import QuotaLimiter
from rhapsode.accounts.quota.shared import SharedQuota
from rhapsode.core.caller import Caller
from rhapsode.core.errors import LimitError, OutOfMoney, ParallelLimited, RequestsLimited, UnitsLimited
from rhapsode.core.limit import LimitRule, Scope
from rhapsode.core.limiter import Permit, Unit
from tests.redis_server import RedisServer, running_redis

NO_DEFAULT = LimitRule(scope=Scope.GROUP, scope_id="")


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
async def limiter(request: pytest.FixtureRequest) -> AsyncGenerator[QuotaLimiter]:
    shared = SharedQuota(request.getfixturevalue("redis").url, patience=20) if request.param == "redis" else None
    limiter = QuotaLimiter(default=NO_DEFAULT, together=shared)
    yield limiter
    assert not limiter.on_fallback
    await limiter.close()


@pytest.fixture
def names(request: pytest.FixtureRequest) -> str:
    """What this test's groups and keys are called: Redis is shared with the others."""
    return request.node.name


def caller(name: str, *limits: LimitRule, balance: int | None = None, key: str = "key") -> Caller:
    def of(rule: LimitRule) -> LimitRule:
        return replace(rule, scope_id=name if rule.scope is Scope.GROUP else f"{name}-{key}")

    return Caller(group_id=name, key_id=f"{name}-{key}", limits=tuple(map(of, limits)), balance=balance)


def group(**figures: int) -> LimitRule:
    return replace(NO_DEFAULT, **figures)


def of_key(**figures: int) -> LimitRule:
    return replace(NO_DEFAULT, scope=Scope.KEY, **figures)


async def admit(
    limiter: QuotaLimiter, who: Caller, amount: int = 1, *, model: str = "m", unit: Unit = Unit.TOKENS
) -> Permit:
    return await limiter.admit(who, model=model, unit=unit, amount=amount)


async def counted(limiter: QuotaLimiter, who: Caller, times: int, *, model: str = "m") -> int:
    """How many of so many calls at once are let in; they stay."""

    async def one() -> bool:
        try:
            await admit(limiter, who, model=model)
        except LimitError:
            return False
        return True

    return sum(await asyncio.gather(*(one() for _ in range(times))))


async def test_so_many_requests_a_minute_and_no_more(limiter: QuotaLimiter, names: str) -> None:
    who = caller(names, group(requests_per_minute=100))
    assert await counted(limiter, who, 200) == 100
    with pytest.raises(RequestsLimited, match="this group may make 100 requests a minute") as refused:
        await admit(limiter, who)
    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after <= 60


async def test_so_many_requests_at_once_and_no_more(limiter: QuotaLimiter, names: str) -> None:
    who = caller(names, group(parallel=7))
    holds = [await admit(limiter, who) for _ in range(7)]
    with pytest.raises(ParallelLimited, match="this group may make 7 requests at once"):
        await admit(limiter, who)
    await holds[0].settle(1)
    await wait_for_a_place(limiter, who)
    assert await counted(limiter, who, 50) == 0


async def wait_for_a_place(limiter: QuotaLimiter, who: Caller) -> Permit:
    """What a call held is told to Redis beside what goes on."""
    while True:
        try:
            return await admit(limiter, who)
        except ParallelLimited:
            await asyncio.sleep(0)


async def test_tokens_count_as_they_are_known_and_all_of_them_at_the_end(limiter: QuotaLimiter, names: str) -> None:
    who = caller(names, group(tokens_per_minute=100))
    hold = await admit(limiter, who, 40)
    second = await admit(limiter, who, 60)
    with pytest.raises(UnitsLimited, match="this group may take 100 tokens a minute") as refused:
        await admit(limiter, who, 1)
    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after <= 120
    await hold.settle(400)  # it had begun: it is finished, and counts
    await second.settle(60)
    assert await counted(limiter, who, 5) == 0


async def test_what_takes_more_than_a_minute_has_is_told_that_waiting_does_not_help(
    limiter: QuotaLimiter, names: str
) -> None:
    who = caller(names, group(characters_per_minute=100))
    with pytest.raises(UnitsLimited, match="and this call alone takes at least 101") as refused:
        await admit(limiter, who, 101, unit=Unit.CHARACTERS)
    assert refused.value.retry_after is None
    await admit(limiter, who, 100, unit=Unit.CHARACTERS)
    await admit(limiter, who, 10_000, unit=Unit.TOKENS)  # which are another thing


async def test_who_is_refused_by_one_rule_has_not_counted_in_another(limiter: QuotaLimiter, names: str) -> None:
    strict = caller(names, group(requests_per_minute=10), of_key(requests_per_minute=3), key="strict")
    free = caller(names, group(requests_per_minute=10), key="free")
    for _ in range(3):
        await admit(limiter, strict)
    for _ in range(20):
        with pytest.raises(RequestsLimited, match="this key may make 3"):
            await admit(limiter, strict)
    for _ in range(7):
        await admit(limiter, free)
    with pytest.raises(RequestsLimited, match="this group may make 10"):
        await admit(limiter, free)


async def test_a_place_is_given_back_by_who_is_refused_otherwise(limiter: QuotaLimiter, names: str) -> None:
    who = caller(names, group(parallel=1, requests_per_minute=1))
    hold = await admit(limiter, who)
    await hold.settle(1)
    for _ in range(3):
        with pytest.raises(LimitError):
            await admit(limiter, who)
    more = caller(names, group(parallel=1))
    await wait_for_a_place(limiter, more)


async def test_a_call_that_two_models_work_for_is_counted_for_both_or_for_neither(
    limiter: QuotaLimiter, names: str
) -> None:
    speaks = replace(NO_DEFAULT, model="speaks", requests_per_minute=3, characters_per_minute=10, parallel=2)
    writes = replace(NO_DEFAULT, model="writes", requests_per_minute=1)
    who, unheld = caller(names, speaks, writes, group(requests_per_minute=4)), caller(names, speaks)

    async def aloud() -> tuple[Permit, Permit]:
        spoken = await limiter.admit(who, model="speaks", unit=Unit.CHARACTERS, amount=0, counted_for=())
        both = ("writes", "speaks")
        return spoken, await limiter.admit(who, model="writes", unit=Unit.TOKENS, amount=1, counted_for=both)

    spoken, written = await aloud()
    for _ in range(5):
        with pytest.raises(RequestsLimited, match="with the model writes may make 1"):
            await aloud()
    second = await admit(limiter, unheld, 0, model="speaks", unit=Unit.CHARACTERS)
    with pytest.raises(ParallelLimited):
        await admit(limiter, unheld, 0, model="speaks", unit=Unit.CHARACTERS)
    await second.settle(0)
    await written.settle(1)
    await (await admit(limiter, unheld, 0, model="speaks", unit=Unit.CHARACTERS)).settle(0)
    with pytest.raises(RequestsLimited, match="with the model speaks may make 3"):
        await admit(limiter, unheld, 0, model="speaks", unit=Unit.CHARACTERS)
    assert await counted(limiter, who, 9, model="another") == 3  # of four for all: one was for both, and counted once
    await spoken.settle(11)
    with pytest.raises(UnitsLimited, match="may take 10 characters"):
        await asyncio.gather(aloud())  # a task, and so behind the one that tells Redis


async def test_a_model_has_limits_of_its_own_in_any_case_of_its_letters(limiter: QuotaLimiter, names: str) -> None:
    rule = LimitRule(scope=Scope.GROUP, scope_id="", model="MiniMax-Text-01", requests_per_minute=2)
    who = caller(names, rule)
    assert await counted(limiter, who, 5, model="minimax-text-01") == 2
    assert await counted(limiter, who, 5, model="other") == 5
    assert await counted(limiter, who, 5, model="") == 5


async def test_without_money_there_is_no_work_and_lists_are_still_read(limiter: QuotaLimiter, names: str) -> None:
    with pytest.raises(OutOfMoney, match="balance"):
        await admit(limiter, caller(names, balance=0))
    await admit(limiter, caller(names, balance=1))
    spent = replace(of_key(spend_per_month=10), spent=10)
    with pytest.raises(OutOfMoney, match="this key has spent what it may in this month"):
        await admit(limiter, caller(names, spent))
    await admit(limiter, caller(names, spent, balance=0), model="", amount=0)


async def test_a_group_without_a_rule_has_the_default_and_one_with_a_rule_its_own(
    redis: RedisServer, names: str
) -> None:
    limiter = QuotaLimiter(default=group(requests_per_minute=2), together=SharedQuota(redis.url, patience=20))
    assert await counted(limiter, caller(names), 5) == 2
    assert await counted(limiter, caller(f"{names}-2"), 5) == 2  # each group for itself
    assert await counted(limiter, caller(f"{names}-3", group(requests_per_minute=4)), 5) == 4
    await limiter.close()


async def test_two_that_share_a_redis_let_in_exactly_what_there_is(redis: RedisServer, names: str) -> None:
    limiters = [QuotaLimiter(default=NO_DEFAULT, together=SharedQuota(redis.url, patience=20)) for _ in range(2)]
    who = caller(names, group(requests_per_minute=100, parallel=150))
    let_in = await asyncio.gather(*(counted(limiter, who, 100) for limiter in limiters))
    assert sum(let_in) == 100
    few = caller(f"{names}-few", group(parallel=7))
    assert sum(await asyncio.gather(*(counted(limiter, few, 100) for limiter in limiters))) == 7
    for limiter in limiters:
        await limiter.close()


async def test_a_call_is_counted_in_all_its_windows_or_in_none_whoever_asks_beside_it(
    redis: RedisServer, names: str
) -> None:
    limiters = [QuotaLimiter(together=SharedQuota(redis.url, patience=20)) for _ in range(2)]
    rules = (group(requests_per_minute=100), of_key(requests_per_minute=150))
    let_in = await asyncio.gather(
        *(counted(it, caller(names, *rules, key=f"{i}"), 150) for i, it in enumerate(limiters))
    )
    assert sum(let_in) == 100
    for i, limiter in enumerate(
        limiters
    ):  # the keys alone: those whom the group's limit refused left them as they were
        assert await counted(limiter, caller(names, rules[1], key=f"{i}"), 150) == 150 - let_in[i]
        await limiter.close()


async def test_places_of_a_process_that_was_killed_are_free_when_its_leases_end(redis: RedisServer, names: str) -> None:
    killed = SharedQuota(redis.url, patience=20, lease_seconds=1000)
    who = caller(names, group(parallel=1))
    ask = Asks(NO_DEFAULT).of(who, model="m", unit=Unit.TOKENS, amount=1)
    assert ask is not None
    await killed.take(ask)
    await killed.close()  # without a word of its places
    limiter = QuotaLimiter(together=SharedQuota(redis.url, patience=20))
    assert await counted(limiter, who, 5) == 0
    key, lease, ends = redis.place(names)
    assert 0 < redis.number("PTTL", key) <= 1_000_000
    redis.number("ZADD", key, ends - 1_000_000, lease)  # as if that time were over
    assert await counted(limiter, who, 5) == 1
    await limiter.close()


async def test_a_place_is_held_for_as_long_as_its_call(redis: RedisServer, names: str) -> None:
    shared = SharedQuota(redis.url, patience=20, lease_seconds=2)
    limiter, other = QuotaLimiter(together=shared), QuotaLimiter(together=SharedQuota(redis.url, patience=20))
    who = caller(names, group(parallel=1))
    hold = await admit(limiter, who)
    _, _, first = redis.place(names)
    while redis.place(names)[2] == first:  # until it was renewed
        assert await counted(other, who, 1) == 0
    await hold.settle(1)
    assert await counted(other, who, 1) == 1
    for it in (limiter, other):
        await it.close()


@pytest.mark.parametrize("rule", ["requests_per_minute", "tokens_per_minute"])
async def test_who_waits_as_long_as_told_is_let_in_and_not_before(redis: RedisServer, names: str, rule: str) -> None:
    shared = SharedQuota(redis.url, patience=20, minute=1)
    who = caller(names, group(**{rule: 3}))
    ask = Asks(NO_DEFAULT).of(who, model="m", unit=Unit.TOKENS, amount=1)
    assert ask is not None
    for _ in range(3):
        await shared.take(ask)
    began = time.monotonic()
    with pytest.raises(LimitError) as refused:
        await shared.take(ask)
    wait = refused.value.retry_after
    assert wait is not None
    assert 0 < wait <= 2
    while True:
        with suppress(LimitError):
            await shared.take(ask)
            break
    assert time.monotonic() - began >= wait - 0.002  # it is told in whole milliseconds
    await shared.close()


async def test_what_nobody_may_is_never_let_in_and_nobody_is_told_to_wait(limiter: QuotaLimiter, names: str) -> None:
    for rule in (group(requests_per_minute=0), group(tokens_per_minute=0), group(parallel=0)):
        with pytest.raises(LimitError) as refused:
            await admit(limiter, caller(names, rule))
        assert refused.value.retry_after is None


async def test_what_nothing_is_known_of_waits_for_room_too_and_is_charged_at_its_end(
    limiter: QuotaLimiter, names: str
) -> None:
    who = caller(names, group(tokens_per_minute=10, parallel=1))
    hold = await admit(limiter, who, 0)
    await hold.settle(10)
    with pytest.raises(UnitsLimited):
        await admit(limiter, who, 0)


async def test_a_limit_that_is_changed_keeps_what_was_counted(limiter: QuotaLimiter, names: str) -> None:
    assert await counted(limiter, caller(names, group(requests_per_minute=5)), 9) == 5
    assert await counted(limiter, caller(names, group(requests_per_minute=8)), 9) == 3
    with pytest.raises(RequestsLimited):
        await admit(limiter, caller(names, group(requests_per_minute=2)))
