"""Users of a group: whose keys are whose. A user opens nothing; keys do."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from rhapsode.accounts.groups import find_group
from rhapsode.accounts.terms import check_name
from rhapsode.core.errors import DuplicateAccount, UnknownAccount
from rhapsode.database.connect import Database
from rhapsode.database.tables import groups, keys, users


@dataclass(frozen=True, kw_only=True)
class UserRecord:
    """A user. `keys` counts those that are not revoked."""

    user_id: str
    group_id: str
    group_name: str
    name: str
    created_at: int
    keys: int


class Users:
    """Blocks: for the command line, and for threads."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    def create(self, group: str, name: str) -> UserRecord:
        """A new user of a group. Raises `InvalidField`, `UnknownAccount`, `DuplicateAccount`, `StorageError`."""
        check_name(name, "name")

        def work(connection: Connection) -> UserRecord:
            group_id = find_group(connection, group)
            if _user(connection, and_(users.c.group_id == group_id, users.c.name == name)):
                raise DuplicateAccount("name", "the group has a user of this name already")
            user_id = f"user-{secrets.token_hex(6)}"
            values = {"id": user_id, "group_id": group_id, "name": name, "created_at": int(self._now())}
            connection.execute(insert(users).values(values))
            return _one(connection, user_id)

        return self._database.transact(work)

    def list(self, group: str | None = None) -> "list[UserRecord]":
        """Every user, or those of a group; oldest first to the second. Raises `UnknownAccount`."""

        def work(connection: Connection) -> "list[UserRecord]":
            if group is None:
                return _records(connection)
            return _records(connection, users.c.group_id == find_group(connection, group))

        return self._database.transact(work, write=False)

    def show(self, user: str, *, group: str | None = None) -> UserRecord:
        """The user of this id, or of this name in a group. Raises `UnknownAccount`."""

        def work(connection: Connection) -> UserRecord:
            group_id = None if group is None else find_group(connection, group)
            return _one(connection, find_user(connection, user, group_id=group_id))

        return self._database.transact(work, write=False)

    def revoke_keys(self, user: str, *, group: str | None = None) -> UserRecord:
        """End every key of a user, who stays. Raises `UnknownAccount`."""

        def work(connection: Connection) -> UserRecord:
            group_id = None if group is None else find_group(connection, group)
            user_id = find_user(connection, user, group_id=group_id)
            theirs = and_(keys.c.user_id == user_id, keys.c.revoked_at.is_(None))
            connection.execute(update(keys).where(theirs).values(revoked_at=int(self._now())))
            return _one(connection, user_id)

        return self._database.transact(work)


def find_user(connection: Connection, user: str, *, group_id: str | None) -> str:
    """The id of the user of this id, or of this name in the group; of the group in any case, where one is named.

    Raises `UnknownAccount`.
    """
    if group_id is None:
        found = _user(connection, users.c.id == user)
    else:
        found = _user(connection, and_(users.c.group_id == group_id, or_(users.c.id == user, users.c.name == user)))
    if found is None:
        raise UnknownAccount("user", "there is no such user; `rhapsode users list` shows those that are")
    return found


def _user(connection: Connection, condition: ColumnElement[bool]) -> str | None:
    return connection.execute(select(users.c.id).where(condition).limit(1)).scalar_one_or_none()


def _one(connection: Connection, user_id: str) -> UserRecord:
    return _records(connection, users.c.id == user_id)[0]


def _records(connection: Connection, *conditions: ColumnElement[bool]) -> list[UserRecord]:
    open_keys = select(func.count()).where(keys.c.user_id == users.c.id, keys.c.revoked_at.is_(None)).scalar_subquery()
    rows = connection.execute(
        select(users, groups.c.name.label("group_name"), open_keys.label("open_keys"))
        .join(groups, groups.c.id == users.c.group_id)
        .where(*conditions)
        .order_by(users.c.created_at, users.c.id)
    )
    return [
        UserRecord(
            user_id=row.id,
            group_id=row.group_id,
            group_name=row.group_name,
            name=row.name,
            created_at=row.created_at,
            keys=row.open_keys,
        )
        for row in rows
    ]
