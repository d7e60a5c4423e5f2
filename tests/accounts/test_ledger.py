"""The ledger and what is read of it, over both kinds of database."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from rhapsode.accounts.forget import forget
from rhapsode.accounts.keys import Accounts, NewKey
from rhapsode.accounts.ledger import DatabaseLedger
from rhapsode.accounts.usage import Dimension, UsageQuery, UsageRow, read_usage
from rhapsode.core.errors import InvalidField, StorageError, UnknownAccount
from rhapsode.core.usage import CallRecord, Outcome, Usage
from rhapsode.database.connect import Database
from rhapsode.database.tables import calls, groups, spending

# The first second of 22 November 2026, in UTC.
DAY = 1_795_305_600


@pytest.fixture
def key(accounts: Accounts) -> NewKey:
    return accounts.create_key("studio")


def call(key: NewKey, number: int, *, cost: int = 0, at: float = DAY, model: str = "abab6.5s-chat") -> CallRecord:
    usage = Usage(prompt_tokens=10, reply_tokens=5, cached_tokens=4, characters=3, audio_ms=700)
    return CallRecord(
        call_id=f"{number:032x}",
        group_id=key.group_id,
        key_id=key.key_id,
        operation="/v1/t2a_v2",
        model=model,
        usage=usage,
        cost=cost,
        started_at=at,
        first_ms=1.5,
        took_ms=2.5,
    )


def count(database: Database) -> int:
    return database.transact(lambda connection: connection.scalar(select(func.count()).select_from(calls))) or 0


async def test_what_is_recorded_at_once_is_there_each_once(database: Database, key: NewKey) -> None:
    ledger = DatabaseLedger(database)
    await asyncio.gather(*(ledger.record(call(key, number)) for number in range(1200)))
    assert count(database) == 1200
    await asyncio.gather(*(ledger.record(call(key, number)) for number in range(1100, 1300)))
    assert count(database) == 1300
    await ledger.close()


async def test_a_row_holds_what_was_recorded(database: Database, key: NewKey) -> None:
    ledger = DatabaseLedger(database)
    record = replace(call(key, 1, cost=7, at=DAY + 0.25), voice="a+b", outcome=Outcome.FAILED, status=1013)
    await ledger.record(record)
    row = database.transact(lambda connection: connection.execute(select(calls)).mappings().one())
    assert dict(row) == {
        "id": f"{1:032x}",
        "group_id": key.group_id,
        "key_id": key.key_id,
        "user_id": None,
        "operation": "/v1/t2a_v2",
        "model": "abab6.5s-chat",
        "voice": "a+b",
        "prompt_tokens": 10,
        "reply_tokens": 5,
        "cached_tokens": 4,
        "characters": 3,
        "audio_ms": 700,
        "cost": 7,
        "outcome": "failed",
        "status": 1013,
        "started_ms": 1_795_305_600_250,
        "first_ms": 1.5,
        "took_ms": 2.5,
    }
    await ledger.close()


async def test_what_a_call_cost_is_spent_once_and_taken_from_the_balance(
    database: Database, accounts: Accounts, key: NewKey
) -> None:
    other = accounts.create_key("studio")
    of_all = update(groups).values(balance=1000)
    database.transact(lambda connection: connection.execute(of_all))
    ledger = DatabaseLedger(database)
    records = [call(key, 1, cost=100), call(other, 2, cost=30), call(key, 3, cost=5, model="m"), call(key, 4)]
    last_month = call(key, 5, cost=1, at=DAY - 22 * 86_400)
    await asyncio.gather(*map(ledger.record, [*records, last_month]))
    await asyncio.gather(*map(ledger.record, [*records, replace(last_month, cost=9)]))
    spent = database.transact(lambda connection: connection.execute(select(spending)).all())
    assert {tuple(row) for row in spent} == {
        ("group", key.group_id, "", "2026-11", 135),
        ("group", key.group_id, "abab6.5s-chat", "2026-11", 130),
        ("group", key.group_id, "m", "2026-11", 5),
        ("group", key.group_id, "", "2026-10", 1),
        ("group", key.group_id, "abab6.5s-chat", "2026-10", 1),
        ("key", key.key_id, "", "2026-11", 105),
        ("key", key.key_id, "abab6.5s-chat", "2026-11", 100),
        ("key", key.key_id, "m", "2026-11", 5),
        ("key", key.key_id, "", "2026-10", 1),
        ("key", key.key_id, "abab6.5s-chat", "2026-10", 1),
        ("key", other.key_id, "", "2026-11", 30),
        ("key", other.key_id, "abab6.5s-chat", "2026-11", 30),
    }
    left = database.transact(lambda connection: connection.scalar(select(groups.c.balance)))
    assert left == 1000 - 136
    await ledger.close()


async def test_a_call_that_failed_after_all_costs_nothing_and_says_so(database: Database, key: NewKey) -> None:
    database.transact(lambda connection: connection.execute(update(groups).values(balance=1000)))
    ledger = DatabaseLedger(database)
    done, other = call(key, 1, cost=100), call(key, 2, cost=30)
    await asyncio.gather(*map(ledger.record, (done, other)))
    failed = replace(done, outcome=Outcome.FAILED, status=1013, cost=0)
    for record in (failed, failed, done, replace(other, outcome=Outcome.LEFT, cost=1)):
        await ledger.record(record)
    rows = database.transact(lambda c: c.execute(select(calls.c.outcome, calls.c.status, calls.c.cost)).all())
    assert set(map(tuple, rows)) == {("failed", 1013, 0), ("ok", 0, 30)}
    spent = database.transact(lambda c: c.scalars(select(spending.c.cost)).all())
    assert set(spent) == {30}
    assert database.transact(lambda connection: connection.scalar(select(groups.c.balance))) == 970
    await ledger.close()


async def test_what_a_spoken_reply_cost_is_spent_on_both_its_models_until_it_is_taken_back(
    database: Database, key: NewKey
) -> None:
    database.transact(lambda connection: connection.execute(update(groups).values(balance=1000)))
    ledger = DatabaseLedger(database)
    spoken = replace(call(key, 1, cost=100), spoken_by="Speech-01-Turbo", spoken_cost=70)
    await ledger.record(spoken)
    await ledger.record(call(key, 2, cost=5, model="speech-01-turbo"))
    of_group = select(spending.c.model, spending.c.cost).where(spending.c.scope_id == key.group_id)

    def spent() -> dict[str, int]:
        return {row.model: row.cost for row in database.transact(lambda connection: connection.execute(of_group))}

    assert spent() == {"": 105, "abab6.5s-chat": 30, "speech-01-turbo": 75}
    await ledger.record(replace(spoken, outcome=Outcome.FAILED, status=1013, cost=0))
    assert spent() == {"": 5, "abab6.5s-chat": 0, "speech-01-turbo": 5}
    assert database.transact(lambda connection: connection.scalar(select(groups.c.balance))) == 995
    await ledger.close()


@pytest.mark.parametrize("fault", [{"call_id": None}, {"usage": Usage(prompt_tokens=10**20)}, {"operation": "\ud800"}])
async def test_a_row_that_cannot_be_written_takes_no_other_along(
    database: Database, key: NewKey, fault: dict[str, Any]
) -> None:
    ledger = DatabaseLedger(database)
    wrong = replace(call(key, 1), **fault)  # what no code of ours makes
    ends = await asyncio.gather(
        ledger.record(wrong), *(ledger.record(call(key, number)) for number in (2, 3)), return_exceptions=True
    )
    assert [type(end) for end in ends] == [StorageError, type(None), type(None)]
    assert count(database) == 2
    await ledger.close()


async def test_who_ceases_to_wait_has_a_row_nevertheless(database: Database, key: NewKey) -> None:
    ledger = DatabaseLedger(database)
    waiting = [asyncio.create_task(ledger.record(call(key, number))) for number in range(5)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await ledger.close()
    assert count(database) == 5
    with pytest.raises(StorageError, match="closed"):
        await ledger.record(call(key, 6))


async def test_a_ledger_that_cannot_be_written_says_so_to_each_and_is_well_again(
    database: Database, key: NewKey
) -> None:
    ledger = DatabaseLedger(database)
    database.transact(lambda connection: connection.execute(text("ALTER TABLE calls RENAME TO gone")))
    ends = await asyncio.gather(*(ledger.record(call(key, number)) for number in range(3)), return_exceptions=True)
    assert [type(end) for end in ends] == [StorageError] * 3
    database.transact(lambda connection: connection.execute(text("ALTER TABLE gone RENAME TO calls")))
    await ledger.record(call(key, 1))
    assert count(database) == 1
    await ledger.close()


@pytest.fixture
async def used(database: Database, accounts: Accounts, key: NewKey) -> NewKey:
    """Calls of two groups on three days; the second group's key is given back."""
    other = accounts.create_key("film")
    ledger = DatabaseLedger(database)
    records = [
        call(key, 1, cost=100),
        call(key, 2, cost=10, at=DAY + 86_399.999, model="speech-01"),
        replace(call(key, 3, at=DAY + 86_400), outcome=Outcome.FAILED),
        replace(call(other, 4, cost=1, at=DAY - 0.001), outcome=Outcome.LEFT),
    ]
    await asyncio.gather(*map(ledger.record, records))
    await ledger.close()
    return other


def read(database: Database, query: UsageQuery) -> list[UsageRow]:
    return database.transact(lambda connection: read_usage(connection, query), write=False)


async def test_usage_is_added_up_by_days_of_utc(database: Database, used: NewKey) -> None:
    assert used
    rows = read(database, UsageQuery())
    assert [(row.of, row.calls, row.failed, row.cost) for row in rows] == [
        (("2026-11-21",), 1, 0, 1),
        (("2026-11-22",), 2, 0, 110),
        (("2026-11-23",), 1, 1, 0),
    ]
    assert rows[1] == UsageRow(
        of=("2026-11-22",),
        names=("",),
        calls=2,
        failed=0,
        prompt_tokens=20,
        reply_tokens=10,
        cached_tokens=8,
        characters=6,
        audio_ms=1400,
        cost=110,
    )


async def test_usage_is_added_up_by_several_things_together(database: Database, key: NewKey, used: NewKey) -> None:
    rows = read(database, UsageQuery(by=(Dimension.GROUP, Dimension.MODEL)))
    assert sorted((row.names[0], row.of[1], row.calls) for row in rows) == [
        ("film", "abab6.5s-chat", 1),
        ("studio", "abab6.5s-chat", 2),
        ("studio", "speech-01", 1),
    ]
    assert {row.of[0] for row in rows} == {key.group_id, used.group_id}
    everything = read(database, UsageQuery(by=()))
    assert [(row.of, row.calls, row.cost) for row in everything] == [((), 4, 111)]
    assert [row.of for row in read(database, UsageQuery(by=(Dimension.USER,)))] == [("",)]


async def test_usage_is_of_some_days_of_a_group_a_key_or_a_model(database: Database, key: NewKey, used: NewKey) -> None:
    day = date(2026, 11, 22)
    assert [row.calls for row in read(database, UsageQuery(since=day, until=day))] == [2]
    assert [row.calls for row in read(database, UsageQuery(by=(), since=day))] == [3]
    assert [row.calls for row in read(database, UsageQuery(by=(), until=day))] == [3]
    assert [row.calls for row in read(database, UsageQuery(by=(), group="film"))] == [1]
    assert [row.calls for row in read(database, UsageQuery(by=(), group=key.group_id))] == [3]
    assert [row.calls for row in read(database, UsageQuery(by=(), key_id=used.key_id))] == [1]
    assert [row.calls for row in read(database, UsageQuery(by=(), model="speech-01"))] == [1]
    with pytest.raises(UnknownAccount, match="there is no group"):
        read(database, UsageQuery(by=(), group="nobody"))
    with pytest.raises(UnknownAccount, match="there is no such key"):
        read(database, UsageQuery(by=(), key_id="key-0"))


def test_a_question_that_makes_no_sense_is_refused(database: Database) -> None:
    with pytest.raises(InvalidField, match=r"^by: names a dimension twice"):
        read(database, UsageQuery(by=(Dimension.DAY, Dimension.DAY)))
    with pytest.raises(InvalidField, match=r"^to: is before from"):
        read(database, UsageQuery(since=date(2026, 11, 2), until=date(2026, 11, 1)))


async def test_rows_that_are_too_old_go_and_what_was_spent_stays(database: Database, key: NewKey) -> None:
    ledger = DatabaseLedger(database)
    await asyncio.gather(*(ledger.record(call(key, day, cost=10, at=DAY + 86_400 * day)) for day in range(10)))
    await ledger.close()
    now = DAY + 86_400 * 9
    gone = database.transact(lambda connection: forget(connection, days=4, clock=lambda: now))
    assert (gone, count(database)) == (5, 5)
    spent = select(spending.c.cost).where(spending.c.scope == "key", spending.c.model == "")
    assert database.transact(lambda connection: connection.scalars(spent).all()) == [90, 10]
    assert database.transact(lambda connection: forget(connection, days=4, clock=lambda: now)) == 0
