"""What the database says of keys, to those who look after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, select

from rhapsode.core.errors import UnknownAccount
from rhapsode.database.tables import admin_keys, groups, keys, users

_NAMES: Final = msgspec.json.Decoder(tuple[str, ...])


@dataclass(frozen=True, kw_only=True)
class KeyRecord:
    """What is kept of a key. `hint` is its end, `replaced_by` the id of the key in its place.

    Times are seconds since 1970, UTC. None allows all, or never was.
    """

    key_id: str
    group_id: str
    group_name: str
    hint: str
    created_at: int
    revoked_at: int | None
    name: str
    user_id: str | None
    user_name: str | None
    expires_at: int | None
    models: tuple[str, ...] | None
    addresses: tuple[str, ...] | None
    last_used_at: int | None
    replaced_by: str | None


@dataclass(frozen=True, kw_only=True)
class AdminKeyRecord:
    """The same of a key that belongs to no group."""

    key_id: str
    name: str
    hint: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    addresses: tuple[str, ...] | None
    last_used_at: int | None
    replaced_by: str | None


_KEYS: Final[Select[Any]] = (
    select(keys, groups.c.name.label("group_name"), users.c.name.label("user_name"))
    .join(groups, groups.c.id == keys.c.group_id)
    .outerjoin(users, users.c.id == keys.c.user_id)
    .order_by(keys.c.created_at, keys.c.id)
)


def key_records(connection: Connection, *conditions: ColumnElement[bool]) -> list[KeyRecord]:
    """The keys that meet all conditions, revoked ones too, oldest first to the second."""
    return [_key(row) for row in connection.execute(_KEYS.where(*conditions))]


def one_key(connection: Connection, condition: ColumnElement[bool]) -> KeyRecord:
    """The one key. Raises `UnknownAccount`."""
    for record in key_records(connection, condition):
        return record
    raise UnknownAccount("key_id", "there is no such key; `rhapsode keys list` shows those that are")


def admin_key_records(connection: Connection, *conditions: ColumnElement[bool]) -> list[AdminKeyRecord]:
    """The administrators' keys that meet all conditions, in the same order."""
    chosen = select(admin_keys).where(*conditions).order_by(admin_keys.c.created_at, admin_keys.c.id)
    return [
        AdminKeyRecord(
            key_id=row.id,
            name=row.name,
            hint=row.hint,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            addresses=read_names(row.addresses),
            last_used_at=row.last_used_at,
            replaced_by=row.replaced_by,
        )
        for row in connection.execute(chosen)
    ]


def one_admin_key(connection: Connection, condition: ColumnElement[bool]) -> AdminKeyRecord:
    """The one administrator's key. Raises `UnknownAccount`."""
    for record in admin_key_records(connection, condition):
        return record
    raise UnknownAccount("key_id", "there is no such key; `rhapsode admin-keys list` shows those that are")


def write_names(names: Sequence[str] | None) -> str | None:
    """Names as one column keeps them."""
    return None if names is None else msgspec.json.encode(names).decode()


def read_names(column: str | None) -> tuple[str, ...] | None:
    """The way back."""
    return None if column is None else _NAMES.decode(column)


def _key(row: Row[Any]) -> KeyRecord:
    return KeyRecord(
        key_id=row.id,
        group_id=row.group_id,
        group_name=row.group_name,
        hint=row.hint,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        name=row.name,
        user_id=row.user_id,
        user_name=row.user_name,
        expires_at=row.expires_at,
        models=read_names(row.models),
        addresses=read_names(row.addresses),
        last_used_at=row.last_used_at,
        replaced_by=row.replaced_by,
    )
