"""What a key is held to: an end, addresses, models, limits; and what is kept of its use."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update

from rhapsode.accounts.admin_keys import AdminKeys
from rhapsode.accounts.groups import Groups
from rhapsode.accounts.keys import Accounts
from rhapsode.accounts.known import month_of
from rhapsode.accounts.limits import Holder, LimitRules
from rhapsode.accounts.terms import KeyTerms
from rhapsode.accounts.users import Users
from rhapsode.core.errors import (
    AccessError,
    ExpiredKey,
    Forbidden,
    InvalidField,
    MissingKey,
    StorageError,
    UnknownKey,
    WrongGroup,
)
from rhapsode.core.limit import LimitRule, Scope
from rhapsode.database.connect import Database
from rhapsode.database.tables import keys, spending
from tests.accounts.conftest import SECRET, Clock

STRANGE_ADMIN_KEY = "sk-rh-admin-" + "A" * 43


class Calendar(Clock):
    """Seconds since 1970, as `time.time` counts them."""


@pytest.fixture
def calendar() -> Calendar:
    return Calendar(now=1_800_000_000.0)


@pytest.fixture
def accounts(database: Database, clock: Clock, calendar: Calendar) -> Accounts:
    return Accounts(database, SECRET, clock=clock, now=calendar)


@pytest.fixture
def administrators(database: Database, clock: Clock, calendar: Calendar) -> AdminKeys:
    return AdminKeys(database, SECRET, clock=clock, now=calendar)


async def last_use(database: Database, key_id: str, wanted: Callable[[int | None], bool]) -> int | None:
    """What is written of a key's last use, once it is as wanted: it is written behind the calls."""
    while True:
        used = await database.run(
            lambda connection: connection.execute(select(keys.c.last_used_at).where(keys.c.id == key_id)).scalar_one(),
            write=False,
        )
        if wanted(used):
            return used


async def test_a_key_ends_at_its_second_and_not_before(accounts: Accounts, calendar: Calendar) -> None:
    new = accounts.create_key("studio", KeyTerms(expires_at=int(calendar.now) + 10))
    calendar.now += 9.9
    await accounts.authorise(new.api_key, None)
    calendar.now += 0.1  # while what is known of the key is still kept
    with pytest.raises(ExpiredKey):
        await accounts.authorise(new.api_key, None)


FENCES: list[tuple[tuple[str, ...], list[str], list[str | None]]] = [
    (("10.0.0.0/8",), ["10.1.2.3", "::ffff:10.1.2.3"], ["11.0.0.1", "::1", "", "unknown", None]),
    (("192.0.2.7", "2001:db8::/32"), ["192.0.2.7", "2001:db8::1"], ["192.0.2.8", "2001:db9::1", "fe80::1%eth0"]),
    (("::/0",), ["::1"], ["127.0.0.1"]),
]


async def test_a_key_opens_from_its_addresses_alone(accounts: Accounts) -> None:
    for addresses, good, bad in FENCES:
        new = accounts.create_key("studio", KeyTerms(addresses=addresses))
        for address in good:
            await accounts.authorise(new.api_key, None, address)
        for address in bad:
            with pytest.raises(Forbidden) as caught:
                await accounts.authorise(new.api_key, None, address)
            assert not any(network in caught.value.message for network in addresses)


async def test_the_first_fault_is_the_one_that_is_told(accounts: Accounts, calendar: Calendar) -> None:
    end = int(calendar.now) + 10
    new = accounts.create_key("studio", KeyTerms(expires_at=end, addresses=("10.0.0.1",)))
    with pytest.raises(Forbidden):  # a stranger's address does not learn whether the group is right
        await accounts.authorise(new.api_key, "1", "10.0.0.2")
    with pytest.raises(WrongGroup):
        await accounts.authorise(new.api_key, "1", "10.0.0.1")
    calendar.now += 10
    with pytest.raises(ExpiredKey):
        await accounts.authorise(new.api_key, "1", "10.0.0.2")


async def test_the_caller_brings_its_user_models_limits_and_balance(
    accounts: Accounts, database: Database, clock: Clock, calendar: Calendar
) -> None:
    Groups(database).create("studio", balance=5_000_000)
    Groups(database).create("other")
    user = Users(database).create("studio", "小明")
    new = accounts.create_key("studio", KeyTerms(user="小明", models=("abab6.5s-chat", "speech-01")))
    second = accounts.create_key("studio")
    rules = LimitRules(database, now=calendar)
    rules.set(Holder(group="studio"), "", {"requests_per_minute": 60, "spend_per_month": 9_000_000})
    rules.set(Holder(group="studio"), "speech-01", {"characters_per_minute": 1000})
    rules.set(Holder(key_id=new.key_id), "", {"parallel": 2})
    rules.set(Holder(key_id=second.key_id), "", {"parallel": 3})
    rules.set(Holder(group="other"), "", {"parallel": 4})
    month = month_of(calendar.now)
    spent = [
        {"scope": "group", "scope_id": new.group_id, "model": "", "month": month, "cost": 1_250_000},
        {"scope": "group", "scope_id": new.group_id, "model": "", "month": "2020-01", "cost": 7},
        {"scope": "group", "scope_id": new.group_id, "model": "abab6.5s-chat", "month": month, "cost": 8},
    ]
    database.transact(lambda connection: connection.execute(insert(spending), spent))
    caller = await accounts.authorise(new.api_key, new.group_id)
    assert caller.user_id == user.user_id
    assert caller.models == {"abab6.5s-chat", "speech-01"}
    assert caller.balance == 5_000_000
    whole = LimitRule(
        scope=Scope.GROUP, scope_id=new.group_id, requests_per_minute=60, spend_per_month=9_000_000, spent=1_250_000
    )
    speech = LimitRule(scope=Scope.GROUP, scope_id=new.group_id, model="speech-01", characters_per_minute=1000)
    assert caller.limits == (whole, speech, LimitRule(scope=Scope.KEY, scope_id=new.key_id, parallel=2))
    # Felt when what is known is half a second old, a new month included.
    rules.set(Holder(key_id=new.key_id), "", {"parallel": 5})
    Groups(database).add_balance("studio", -500_000)
    calendar.now += 40 * 24 * 3600
    clock.now += 0.5
    caller = await accounts.authorise(new.api_key, None)
    assert [(rule.parallel, rule.spent) for rule in caller.limits] == [(None, 0), (None, 0), (5, 0)]
    assert caller.balance == 4_500_000


async def test_a_key_without_anything_is_held_to_nothing(accounts: Accounts) -> None:
    caller = await accounts.authorise(accounts.create_key("studio").api_key, None)
    assert (caller.user_id, caller.models, caller.limits, caller.balance) == (None, None, (), None)


async def test_the_last_use_is_written_once_a_minute(
    accounts: Accounts, database: Database, clock: Clock, calendar: Calendar
) -> None:
    new = accounts.create_key("studio")
    start = int(calendar.now)
    for _ in range(120):  # a minute of calls, two a second
        await accounts.authorise(new.api_key, None)
        clock.now += 0.5
        calendar.now += 0.5
    assert await last_use(database, new.key_id, lambda used: used is not None) == start
    await accounts.authorise(new.api_key, None)
    assert await last_use(database, new.key_id, lambda used: used != start) == start + 60


async def test_a_refused_call_is_no_use(accounts: Accounts, database: Database) -> None:
    new, other = accounts.create_key("studio", KeyTerms(addresses=("10.0.0.1",))), accounts.create_key("studio")
    with pytest.raises(Forbidden):
        await accounts.authorise(new.api_key, None, "10.0.0.2")
    await accounts.authorise(other.api_key, None)
    await last_use(database, other.key_id, lambda used: used is not None)
    assert accounts.show_key(new.key_id).last_used_at is None


async def test_a_last_use_that_cannot_be_written_fails_no_call(accounts: Accounts, database: Database) -> None:
    new = accounts.create_key("studio")
    stop = asyncio.Event()

    def hold() -> None:
        def work(connection: object) -> None:
            del connection
            asyncio.run_coroutine_threadsafe(stop.wait(), loop).result()

        database.transact(work)

    loop = asyncio.get_running_loop()
    # One writer at a time: nothing is written until this one ends.
    holding = asyncio.create_task(asyncio.to_thread(hold))
    for _ in range(3):
        assert (await accounts.authorise(new.api_key, None)).key_id == new.key_id
    stop.set()
    await holding


async def test_an_administrators_key_calls_nothing_else(accounts: Accounts, administrators: AdminKeys) -> None:
    new = administrators.create("Ada")
    for key in (new.api_key, STRANGE_ADMIN_KEY):
        with pytest.raises(Forbidden, match="an administrator's key, for /v1/admin and /metrics alone") as caught:
            await accounts.authorise(key, None)
        assert key not in caught.value.message


async def test_a_callers_key_looks_after_nothing(accounts: Accounts, administrators: AdminKeys) -> None:
    caller = accounts.create_key("studio")
    with pytest.raises(Forbidden):
        await administrators.administer(caller.api_key, None)
    with pytest.raises(MissingKey):
        await administrators.administer(None, None)
    for key in (STRANGE_ADMIN_KEY, "sk-rh-", "", "nonsense", STRANGE_ADMIN_KEY + "A"):
        with pytest.raises(AccessError):
            await administrators.administer(key, None)


async def test_an_administrators_key_ends_and_has_addresses(
    administrators: AdminKeys, clock: Clock, calendar: Calendar
) -> None:
    end = int(calendar.now) + 10
    new = administrators.create("Ada", expires_at=end, addresses=("10.0.0.0/8",))
    administrator = await administrators.administer(new.api_key, "10.0.0.1")
    assert (administrator.key_id, administrator.name) == (new.key_id, "Ada")
    with pytest.raises(Forbidden):
        await administrators.administer(new.api_key, "127.0.0.1")
    rotated = administrators.rotate(new.key_id, grace=5)
    clock.now += 0.5
    await administrators.administer(new.api_key, "10.0.0.1")
    assert (await administrators.administer(rotated.api_key, "10.0.0.1")).name == "Ada"
    calendar.now += 5
    with pytest.raises(ExpiredKey):
        await administrators.administer(new.api_key, "10.0.0.1")
    administrators.revoke(rotated.key_id)
    clock.now += 0.5
    with pytest.raises(UnknownKey):
        await administrators.administer(rotated.api_key, "10.0.0.1")
    listed = {record.key_id: record for record in administrators.list()}
    first, second = listed[new.key_id], listed[rotated.key_id]
    assert (first.revoked_at, first.expires_at, first.addresses) == (None, end - 5, ("10.0.0.0/8",))
    assert (second.revoked_at, second.expires_at) == (int(calendar.now), end)
    shown = administrators.show(rotated.key_id)
    assert shown == replace(second, last_used_at=shown.last_used_at)  # which is written when there is time
    with pytest.raises(InvalidField, match=r"^key_id: there is no such key"):
        administrators.revoke("admin-0")


async def test_a_revoked_key_is_refused_though_the_database_is_gone(
    accounts: Accounts, database: Database, clock: Clock
) -> None:
    new = accounts.create_key("studio")
    await accounts.authorise(new.api_key, None)
    revoke = update(keys).values(revoked_at=int(time.time()))
    database.transact(lambda connection: connection.execute(revoke))
    database.transact(lambda connection: connection.exec_driver_sql("ALTER TABLE keys RENAME TO gone"))
    clock.now += 0.49
    await accounts.authorise(new.api_key, None)  # known from a moment ago
    clock.now += 0.01
    with pytest.raises(StorageError):
        await accounts.authorise(new.api_key, None)
