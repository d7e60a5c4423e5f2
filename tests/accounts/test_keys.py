"""Who may call: keys are made, known, refused, revoked; and a fault of the database is never a wrong key."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from rhapsode.accounts.keys import Accounts, NewKey
from rhapsode.core.caller import Caller
from rhapsode.core.errors import InvalidField, MissingKey, SettingsError, StorageError, UnknownKey, WrongGroup
from rhapsode.database.connect import Database
from tests.accounts.conftest import SECRET, Clock

STRANGE_KEY = "sk-rh-" + "A" * 43


def ignore(_: NewKey) -> None:
    """Keep no credentials."""


async def test_a_key_opens_for_its_group(accounts: Accounts) -> None:
    new = accounts.create_key("studio")
    caller = Caller(group_id=new.group_id, key_id=new.key_id)
    assert await accounts.authorise(new.api_key, None) == caller
    assert await accounts.authorise(new.api_key, "") == caller
    assert await accounts.authorise(new.api_key, new.group_id) == caller


@pytest.mark.parametrize("absent", [None, ""])
async def test_without_a_key(accounts: Accounts, absent: str | None) -> None:
    with pytest.raises(MissingKey):
        await accounts.authorise(absent, "1234567890123456789")


@pytest.mark.parametrize("key", [STRANGE_KEY, "eyJhbGciOi", "sk-api-x", "键", "\ud800"])
async def test_a_key_that_was_never_made(accounts: Accounts, key: str) -> None:
    with pytest.raises(UnknownKey) as caught:
        await accounts.authorise(key, None)
    assert key not in caught.value.message


async def test_a_key_of_another_group(accounts: Accounts) -> None:
    mine, other = accounts.create_key("mine"), accounts.create_key("other")
    with pytest.raises(WrongGroup):
        await accounts.authorise(mine.api_key, other.group_id)
    with pytest.raises(WrongGroup):
        await accounts.authorise(mine.api_key, mine.group_id[:-1])


async def test_a_revoked_key_is_refused_when_its_moment_is_over(accounts: Accounts, clock: Clock) -> None:
    new = accounts.create_key("studio")
    await accounts.authorise(new.api_key, None)
    accounts.revoke_key(new.key_id)
    clock.now += 0.5
    with pytest.raises(UnknownKey):
        await accounts.authorise(new.api_key, None)


async def test_a_locked_database_still_says_who_calls(accounts: Accounts, tmp_path: Path) -> None:
    new = accounts.create_key("studio")
    with closing(sqlite3.connect(tmp_path / "rhapsode.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert (await accounts.authorise(new.api_key, None)).key_id == new.key_id


async def test_a_database_that_fails_is_never_a_wrong_key(accounts: Accounts, clock: Clock, database: Database) -> None:
    new = accounts.create_key("studio")
    await accounts.authorise(new.api_key, None)
    clock.now += 0.5
    database.transact(lambda connection: connection.execute(text("ALTER TABLE keys RENAME TO gone")))
    with pytest.raises(StorageError):
        await accounts.authorise(new.api_key, None)
    with pytest.raises(StorageError):
        await accounts.authorise(STRANGE_KEY, None)


async def test_a_known_caller_costs_no_look_up_for_a_moment(accounts: Accounts, database: Database) -> None:
    new = accounts.create_key("studio")
    await accounts.authorise(new.api_key, None)
    database.transact(lambda connection: connection.execute(text("ALTER TABLE keys RENAME TO gone")))
    assert (await accounts.authorise(new.api_key, None)).key_id == new.key_id


def test_group_ids_are_19_digits_that_fit_64_signed_bits(accounts: Accounts) -> None:
    ids = [accounts.create_key(f"group {number}").group_id for number in range(20)]
    assert len(set(ids)) == 20
    assert all(re.fullmatch(r"[1-9][0-9]{18}", group_id) and int(group_id) < 2**63 for group_id in ids)


def test_a_group_can_have_several_keys(accounts: Accounts) -> None:
    first, second = accounts.create_key("studio"), accounts.create_key("studio")
    assert first.group_id == second.group_id
    assert first.api_key != second.api_key


@pytest.mark.parametrize("name", ["", " studio", "studio ", "a\nb", "\x1b[31m", "x" * 65])
def test_a_group_needs_a_name(accounts: Accounts, name: str) -> None:
    with pytest.raises(InvalidField, match="group: must have 1 to 64 printable characters"):
        accounts.create_key(name)


def test_the_list_shows_everything_but_the_key(accounts: Accounts) -> None:
    first, second = accounts.create_key("演示"), accounts.create_key("studio")
    accounts.revoke_key(second.key_id)
    records = {record.key_id: record for record in accounts.list_keys()}
    assert set(records) == {first.key_id, second.key_id}
    assert records[first.key_id].group_name == "演示"
    assert records[first.key_id].hint == first.api_key[-4:]
    assert records[first.key_id].revoked_at is None
    assert records[second.key_id].revoked_at is not None
    assert first.api_key not in repr(records)


def test_a_key_can_be_revoked_by_itself_and_again(accounts: Accounts) -> None:
    new = accounts.create_key("studio")
    record = accounts.revoke_key(new.api_key)
    assert record.key_id == new.key_id
    assert accounts.revoke_key(new.key_id) == record


@pytest.mark.parametrize("key", ["key-0", STRANGE_KEY, ""])
def test_what_is_no_key_cannot_be_revoked(accounts: Accounts, key: str) -> None:
    with pytest.raises(InvalidField, match=r"^key_id: there is no such key") as caught:
        accounts.revoke_key(key)
    assert not key or key not in caught.value.message


def test_the_first_start_makes_a_key_and_the_next_ones_do_not(accounts: Accounts) -> None:
    kept: list[NewKey] = []
    first = accounts.ensure_first_key(kept.append)
    assert kept == [first]
    assert first is not None
    assert accounts.list_keys()[0].group_name == "default"
    assert accounts.ensure_first_key(kept.append) is None
    accounts.revoke_key(first.key_id)
    assert accounts.ensure_first_key(kept.append) is None
    assert kept == [first]


def test_a_first_key_that_cannot_be_kept_was_not_made(accounts: Accounts) -> None:
    def disk_full(_: NewKey) -> None:
        raise SettingsError("credentials.toml cannot be written")

    with pytest.raises(SettingsError):
        accounts.ensure_first_key(disk_full)
    assert accounts.list_keys() == []
    assert accounts.ensure_first_key(ignore) is not None


def test_another_secret_is_said_to_be_wrong_at_the_start(accounts: Accounts, database: Database) -> None:
    accounts.ensure_first_key(ignore)
    other = Accounts(database, b"another secret")
    with pytest.raises(SettingsError, match="the secret is not the one"):
        other.ensure_first_key(ignore)
    with pytest.raises(SettingsError, match="the secret is not the one"):
        other.create_key("studio")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_neither_key_nor_secret_is_in_the_database(accounts: Accounts, tmp_path: Path) -> None:
    new = accounts.create_key("studio")
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert new.group_id.encode() in content
    assert new.api_key.encode() not in content
    assert new.api_key.removeprefix("sk-rh-").encode() not in content
    assert SECRET not in content


def test_a_new_key_does_not_print(accounts: Accounts) -> None:
    new = accounts.create_key("studio")
    assert new.api_key not in repr(new)
    assert SECRET.decode() not in repr(vars(accounts))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_no_other_key_opens(accounts: Accounts, data: st.DataObject) -> None:
    new = accounts.create_key("studio")
    await accounts.authorise(new.api_key, None)
    other = data.draw(st.text() | st.from_regex(r"sk-rh-[A-Za-z0-9_-]{43}", fullmatch=True) | st.just(new.api_key[:-1]))
    assert await accounts.find(other) is None
