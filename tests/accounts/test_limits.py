"""Rules are set, listed and cleared."""

import asyncio
import time

import pytest

from rhapsode.accounts.keys import Accounts, NewKey
from rhapsode.accounts.ledger import DatabaseLedger
from rhapsode.accounts.limits import Holder, LimitName, LimitRules
from rhapsode.core.errors import InvalidField, UnknownAccount
from rhapsode.core.limit import LimitRule, Scope
from rhapsode.core.usage import CallRecord
from rhapsode.database.connect import Database


@pytest.fixture
def rules(database: Database) -> LimitRules:
    return LimitRules(database)


@pytest.fixture
def key(accounts: Accounts) -> NewKey:
    return accounts.create_key("studio")


def test_a_rule_changes_in_what_is_named(rules: LimitRules, key: NewKey) -> None:
    studio = Holder(group="studio")
    rules.set(studio, "", {"requests_per_minute": 60, "parallel": 4})
    record = rules.set(studio, "", {"requests_per_minute": None, "tokens_per_minute": 1000})
    assert record is not None
    assert record.rule == LimitRule(scope=Scope.GROUP, scope_id=key.group_id, tokens_per_minute=1000, parallel=4)
    assert rules.list() == [record]
    assert rules.set(studio, "", {"tokens_per_minute": None, "parallel": None}) is None
    assert rules.list() == []


def test_rules_are_listed_for_whom_they_are(rules: LimitRules, key: NewKey, accounts: Accounts) -> None:
    other = accounts.create_key("other")
    rules.set(Holder(group="studio"), "", {"parallel": 1})
    rules.set(Holder(group=key.group_id), "m", {"parallel": 2})
    rules.set(Holder(key_id=key.key_id), "m", {"parallel": 3})
    rules.set(Holder(group="other", key_id=other.key_id), "", {"parallel": 4})

    def parallel(holder: Holder | None) -> list[int | None]:
        return [record.rule.parallel for record in rules.list(holder)]

    assert parallel(None) == [4, 1, 2, 3]
    assert parallel(Holder(group="studio")) == [1, 2, 3]
    assert parallel(Holder(key_id=key.key_id)) == [3]
    assert [record.key_id for record in rules.list(Holder(group="studio"))] == [None, None, key.key_id]
    assert {record.group_name for record in rules.list(Holder(group="studio"))} == {"studio"}
    assert rules.clear(Holder(group="studio"), "m") == 1
    assert parallel(None) == [4, 1, 3]
    assert rules.clear(Holder(key_id=other.key_id)) == 1
    with pytest.raises(UnknownAccount, match="there is no such limit"):
        rules.clear(Holder(key_id=other.key_id))


def test_a_figure_that_is_none(rules: LimitRules, key: NewKey) -> None:
    wrong: list[tuple[LimitName, int]] = [
        ("requests_per_minute", 0),
        ("tokens_per_minute", -1),
        ("parallel", 10**18 + 1),
        ("spend_per_month", -1),
    ]
    for name, figure in wrong:
        with pytest.raises(InvalidField, match=f"^{name}: must be "):
            rules.set(Holder(key_id=key.key_id), "", {name: figure})


def test_what_has_no_limits(rules: LimitRules, key: NewKey, accounts: Accounts) -> None:
    accounts.create_key("other")
    for holder, field in (
        (Holder(), "group"),
        (Holder(group="nobody"), "group"),
        (Holder(key_id="key-0"), "key_id"),
        (Holder(group="other", key_id=key.key_id), "key_id"),
    ):
        with pytest.raises(InvalidField) as caught:
            rules.set(holder, "", {"parallel": 1})
        assert caught.value.field == field
    with pytest.raises(InvalidField, match="model: must be a model's name"):
        rules.set(Holder(group="studio"), "m" * 129, {"parallel": 1})
    with pytest.raises(InvalidField, match="name at least one limit"):
        rules.set(Holder(group="studio"), "", {})


def test_a_model_is_the_same_in_any_case_of_its_letters(rules: LimitRules, key: NewKey, database: Database) -> None:
    studio = Holder(group="studio")
    rules.set(studio, "SPEECH-02", {"parallel": 2})
    rules.set(studio, "speech-02", {"spend_per_month": 5})
    record = CallRecord(
        call_id="0" * 32,
        group_id=key.group_id,
        key_id=key.key_id,
        operation="/v1/t2a_v2",
        model="Speech-02",
        cost=7,
        started_at=time.time(),
    )

    async def spend() -> None:
        ledger = DatabaseLedger(database)
        await ledger.record(record)
        await ledger.close()

    asyncio.run(spend())
    (kept,) = rules.list(studio)
    rule = kept.rule
    assert (rule.model, rule.parallel, rule.spend_per_month, rule.spent) == ("speech-02", 2, 5, 7)
    assert rules.clear(studio, "Speech-02") == 1
