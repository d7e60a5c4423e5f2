"""Groups: who is billed. Made, listed, given money."""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, ColumnExpressionArgument, Connection, func, insert, or_, select, update

from rhapsode.accounts.money import MOST
from rhapsode.accounts.terms import check_name
from rhapsode.core.errors import DuplicateAccount, InvalidField, UnknownAccount
from rhapsode.database.connect import Database
from rhapsode.database.tables import groups, keys

_ID: Final = re.compile("[0-9]{1,19}")


@dataclass(frozen=True, kw_only=True)
class GroupRecord:
    """A group. `balance` is in millionths of the currency, or None; `keys` counts those that are not revoked."""

    group_id: str
    name: str
    created_at: int
    balance: int | None
    keys: int


class Groups:
    """Blocks: for the command line, and for threads."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    def create(self, name: str, *, group_id: str | None = None, balance: int | None = None) -> GroupRecord:
        """A new group, under an id of its own or under that which it has elsewhere.

        Raises `InvalidField`, `DuplicateAccount`, `StorageError`.
        """

        def work(connection: Connection) -> GroupRecord:
            new_id = add_group(connection, name, group_id=group_id, balance=balance, now=int(self._now()), field="name")
            return one_group(connection, new_id)

        return self._database.transact(work)

    def list(self) -> "list[GroupRecord]":
        """Every group, oldest first to the second."""
        return self._database.transact(_records, write=False)

    def show(self, group: str) -> GroupRecord:
        """The group of this id or name. Raises `UnknownAccount`."""
        return self._database.transact(
            lambda connection: one_group(connection, find_group(connection, group)), write=False
        )

    def rename(self, group: str, name: str) -> GroupRecord:
        """Call it otherwise. Raises `InvalidField`, `UnknownAccount`, `DuplicateAccount`."""
        check_name(name, "name")

        def work(connection: Connection) -> GroupRecord:
            group_id = find_group(connection, group)
            for taken in (groups.c.name == name, groups.c.id == name):  # a name that is an id would lead to either
                if _group_named(connection, taken) not in {None, group_id}:
                    raise DuplicateAccount("name", "there is a group of this name or id already")
            connection.execute(update(groups).where(groups.c.id == group_id).values(name=name))
            return one_group(connection, group_id)

        return self._database.transact(work)

    def add_balance(self, group: str, amount: int) -> GroupRecord:
        """Give it so much more to spend, or less; one without a balance begins at 0."""
        return self._change(group, func.coalesce(groups.c.balance, 0) + amount)

    def set_balance(self, group: str, balance: int | None) -> GroupRecord:
        """Give it so much to spend in all; None keeps no balance, so that nothing ends."""
        return self._change(group, balance)

    def _change(self, group: str, balance: ColumnElement[int] | int | None) -> GroupRecord:
        def work(connection: Connection) -> GroupRecord:
            group_id = find_group(connection, group)
            connection.execute(update(groups).where(groups.c.id == group_id).values(balance=balance))
            record = one_group(connection, group_id)
            if record.balance is not None and abs(record.balance) > MOST:
                raise InvalidField("balance", "would be more than can be kept")
            return record

        return self._database.transact(work)


def find_group(connection: Connection, group: str) -> str:
    """The id of the group of this id or name. Raises `UnknownAccount`."""
    found = _group_named(connection, groups.c.id == group) or _group_named(connection, groups.c.name == group)
    if found is None:
        raise UnknownAccount(
            "group", "there is no group of this name or id; `rhapsode groups list` shows those that are"
        )
    return found


def find_or_add_group(connection: Connection, group: str, *, group_id: str | None = None, now: int) -> str:
    """The id of the group of this id or name, which is made when it is new. Raises `InvalidField`."""
    found = _group_named(connection, groups.c.id == group) or _group_named(connection, groups.c.name == group)
    return found or add_group(connection, group, group_id=group_id, balance=None, now=now, field="group")


def add_group(
    connection: Connection, name: str, *, group_id: str | None, balance: int | None, now: int, field: str
) -> str:
    """Make a group; its id. `field` is what the name is called. Raises `InvalidField`, `DuplicateAccount`."""
    check_name(name, field)
    if group_id is not None and not is_group_id(group_id):
        raise InvalidField("group_id", "must have 1 to 19 decimal digits")
    new_id = group_id or _new_id()
    taken = or_(groups.c.id.in_([new_id, name]), groups.c.name.in_([new_id, name]))
    if _group_named(connection, taken):
        raise DuplicateAccount(field, "there is a group of this name or id already")
    connection.execute(insert(groups).values(id=new_id, name=name, created_at=now, balance=balance))
    return new_id


def is_group_id(text: str) -> bool:
    """Whether a group could have this id, here or on the platform."""
    return _ID.fullmatch(text) is not None


def one_group(connection: Connection, group_id: str) -> GroupRecord:
    """The group of an id that there is."""
    return _records(connection, groups.c.id == group_id)[0]


def _group_named(connection: Connection, condition: ColumnElement[bool]) -> str | None:
    return connection.execute(select(groups.c.id).where(condition).limit(1)).scalar_one_or_none()


def _records(connection: Connection, *conditions: ColumnExpressionArgument[bool]) -> list[GroupRecord]:
    open_keys = (
        select(func.count()).where(keys.c.group_id == groups.c.id, keys.c.revoked_at.is_(None)).scalar_subquery()
    )
    rows: Any = connection.execute(
        select(groups, open_keys.label("open_keys")).where(*conditions).order_by(groups.c.created_at, groups.c.id)
    )
    return [
        GroupRecord(group_id=row.id, name=row.name, created_at=row.created_at, balance=row.balance, keys=row.open_keys)
        for row in rows
    ]


def _new_id() -> str:
    """19 digits, the first not 0, and below 2**63 for clients that read it as a signed 64-bit number."""
    return str(10**18 + secrets.randbelow(2**63 - 10**18))
