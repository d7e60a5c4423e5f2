"""Groups and their users, and money."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.accounts.groups import Groups
from rhapsode.accounts.keys import Accounts
from rhapsode.accounts.money import MOST, to_amount, to_millionths, write_money
from rhapsode.accounts.terms import KeyTerms
from rhapsode.accounts.users import Users
from rhapsode.core.errors import DuplicateAccount, InvalidField, UnknownAccount
from rhapsode.database.connect import Database
from rhapsode.database.open import open_database


@pytest.fixture
def groups(database: Database) -> Groups:
    return Groups(database)


@pytest.fixture
def users(database: Database) -> Users:
    return Users(database)


def test_a_group_is_made_and_found_by_name_and_by_id(groups: Groups) -> None:
    made = groups.create("演示", balance=3)
    assert groups.show("演示") == groups.show(made.group_id) == made
    assert (made.name, made.balance, made.keys) == ("演示", 3, 0)
    assert groups.list() == [made]


def test_of_many_who_make_a_group_of_one_name_one_does(groups: Groups, database_url: str) -> None:
    with closing(open_database(database_url)) as one, closing(open_database(database_url)) as other:
        servers = Groups(one), Groups(other)

        def make(number: int) -> str:
            try:
                servers[number % 2].create(f"group {number // 16}")
            except DuplicateAccount:
                return "taken"
            return "made"

        with ThreadPoolExecutor(4) as threads:
            assert Counter(threads.map(make, range(160))) == {"made": 10, "taken": 150}
    assert len(groups.list()) == 10


def test_a_group_can_have_the_id_that_it_has_on_the_platform(groups: Groups) -> None:
    assert groups.create("studio", group_id="1700000000000000001").group_id == "1700000000000000001"
    for group_id in ("", "x", "1" * 20, "-1", "１"):
        with pytest.raises(InvalidField, match=r"^group_id: must have 1 to 19 decimal digits"):
            groups.create("other", group_id=group_id)


def test_no_two_groups_are_called_the_same(groups: Groups) -> None:
    made = groups.create("studio")
    groups.create("other")
    for name in ("studio", made.group_id):  # a name that is another's id would hide it
        with pytest.raises(DuplicateAccount):
            groups.create(name)
    with pytest.raises(DuplicateAccount):
        groups.create("third", group_id=made.group_id)
    with pytest.raises(DuplicateAccount):
        groups.rename("other", "studio")
    assert groups.rename("other", "other").name == "other"
    assert groups.rename("other", "fourth").name == "fourth"


def test_a_group_counts_the_keys_that_open(groups: Groups, accounts: Accounts) -> None:
    first = accounts.create_key("studio")
    accounts.create_key("studio")
    accounts.revoke_key(first.key_id)
    assert groups.show("studio").keys == 1


def test_a_balance_is_set_added_to_and_given_up(groups: Groups) -> None:
    groups.create("studio")
    assert groups.add_balance("studio", 5).balance == 5
    assert groups.add_balance("studio", -8).balance == -3
    assert groups.set_balance("studio", 100).balance == 100
    assert groups.set_balance("studio", None).balance is None
    groups.set_balance("studio", MOST)
    with pytest.raises(InvalidField, match="balance"):
        groups.add_balance("studio", MOST)
    assert groups.show("studio").balance == MOST
    with pytest.raises(UnknownAccount, match=r"^group: there is no group of this name"):
        groups.add_balance("nobody", 1)


def test_users(groups: Groups, users: Users, accounts: Accounts) -> None:
    groups.create("studio")
    groups.create("other")
    li, wang = users.create("studio", "Li"), users.create("other", "Li")
    assert li.user_id != wang.user_id
    with pytest.raises(DuplicateAccount):
        users.create("studio", "Li")
    with pytest.raises(UnknownAccount):
        users.create("nobody", "Li")
    with pytest.raises(InvalidField, match="name"):
        users.create("studio", "")
    mine = accounts.create_key("studio", KeyTerms(user="Li"))
    shared = accounts.create_key("studio")
    assert users.show(li.user_id).keys == 1
    assert users.show("Li", group="other") == wang
    assert {record.user_id for record in users.list()} == {li.user_id, wang.user_id}
    assert [record.user_id for record in users.list("other")] == [wang.user_id]
    assert [record.key_id for record in accounts.list_keys(user=li.user_id)] == [mine.key_id]
    assert [record.key_id for record in accounts.list_keys(group="studio", user="Li")] == [mine.key_id]
    with pytest.raises(UnknownAccount):
        users.show("Li")  # of which group?
    with pytest.raises(UnknownAccount):
        users.show(wang.user_id, group="studio")
    assert users.revoke_keys("Li", group="studio").keys == 0
    assert accounts.show_key(mine.key_id).revoked_at is not None
    assert accounts.show_key(shared.key_id).revoked_at is None


@pytest.mark.parametrize(
    ("text", "millionths"), [("10.5", 10_500_000), ("0", 0), ("-0.000001", -1), ("1e3", 10**9), (" 7 ", 7_000_000)]
)
def test_money_is_read_exactly(text: str, millionths: int) -> None:
    assert to_millionths(Decimal(text), "balance") == millionths


@pytest.mark.parametrize("text", ["0.0000001", "NaN", "Infinity", "1e13", "1e999999", "1e-999999"])
def test_what_is_no_money(text: str) -> None:
    with pytest.raises(InvalidField, match=r"^balance: must "):
        to_millionths(Decimal(text), "balance")


@given(st.integers(-MOST, MOST))
def test_money_that_is_written_is_read_again(millionths: int) -> None:
    assert to_millionths(Decimal(write_money(millionths)), "balance") == millionths
    assert to_millionths(to_amount(millionths), "balance") == millionths
    assert to_amount(millionths) * 1_000_000 == Decimal(millionths)
