"""Rows of the keys' tables: written, copied and ended, within a transaction of somebody else's."""

import secrets
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Table, insert, literal, select, update

from rhapsode.accounts.api_key import HINT_CHARACTERS, KeyDigests
from rhapsode.accounts.known import month_of
from rhapsode.accounts.records import AdminKeyRecord, KeyRecord, write_names
from rhapsode.accounts.terms import KeyTerms, check_expiry, check_terms
from rhapsode.accounts.users import find_user
from rhapsode.core.errors import InvalidField
from rhapsode.core.limit import Scope
from rhapsode.database.tables import keys, limit_rules, spending

MOST_GRACE: Final = 30 * 24 * 3600
"""The longest that a key which was replaced may live on, in seconds."""


def insert_key(
    connection: Connection, group_id: str, api_key: str, terms: KeyTerms, *, digests: KeyDigests, now: float
) -> str:
    """A row for a key of a group; its id. The terms were checked. Raises `UnknownAccount` for the user."""
    key_id = new_key_id("key")
    values = {
        "id": key_id,
        "group_id": group_id,
        "digest": digests.of(api_key),
        "hint": api_key[-HINT_CHARACTERS:],
        "created_at": int(now),
        "name": terms.name,
        "user_id": None if terms.user is None else find_user(connection, terms.user, group_id=group_id),
        "expires_at": terms.expires_at,
        "models": write_names(terms.models),
        "addresses": write_names(terms.addresses),
    }
    connection.execute(insert(keys).values(values))
    return key_id


def update_key(connection: Connection, record: KeyRecord, terms: KeyTerms, *, now: float) -> None:
    """Other terms for a key. An end that stays is not looked at: it may be over. Raises as `check_terms` does."""
    moved = terms.expires_at if terms.expires_at != record.expires_at else None
    checked = check_terms(replace(terms, expires_at=moved), now=now)
    values = {
        "name": checked.name,
        "user_id": None if terms.user is None else find_user(connection, terms.user, group_id=record.group_id),
        "expires_at": terms.expires_at,
        "models": write_names(checked.models),
        "addresses": write_names(checked.addresses),
    }
    connection.execute(update(keys).where(keys.c.id == record.key_id).values(values))


def hand_over(connection: Connection, old_id: str, new_id: str, *, now: float) -> None:
    """Hold a key to the limits of another one, with what that has spent this month."""
    for table, conditions in ((limit_rules, ()), (spending, (spending.c.month == month_of(now),))):
        columns = [column.name for column in table.columns]
        copied = [literal(new_id) if name == "scope_id" else table.c[name] for name in columns]
        theirs = (table.c.scope == Scope.KEY.value, table.c.scope_id == old_id, *conditions)
        connection.execute(insert(table).from_select(columns, select(*copied).where(*theirs)))


def check_can_rotate(record: KeyRecord | AdminKeyRecord, *, expires_at: int | None, grace: int, now: float) -> None:
    """Only a key that is good, or that gets a new end, is replaced, and that once. Raises `InvalidField`."""
    if not 0 <= grace <= MOST_GRACE:
        raise InvalidField("grace", f"must be 0 to {MOST_GRACE} seconds")
    if record.revoked_at is not None:
        raise InvalidField("key_id", "the key is revoked: make a new one")
    if record.replaced_by is not None:  # its end is that of its time of grace
        raise InvalidField("key_id", f"the key was replaced already, by {record.replaced_by}: replace that one")
    if expires_at is None and record.expires_at is not None and record.expires_at <= now:
        raise InvalidField("expires_at", "the key has expired: say until when the new one is good")
    check_expiry(expires_at, now=now)


def end_key(
    connection: Connection,
    table: Table,
    key_id: str,
    *,
    grace: int = 0,
    expires_at: int | None = None,
    replaced_by: str | None = None,
    now: float,
) -> None:
    """Revoke a key; or, where there is a time of grace in seconds, see that it is good for no longer than that."""
    values: dict[str, Any] = {"revoked_at": int(now)}
    if grace:
        end = int(now) + grace
        values = {"expires_at": end if expires_at is None else min(end, expires_at)}
    if replaced_by is not None:
        values["replaced_by"] = replaced_by
    connection.execute(update(table).where(table.c.id == key_id, table.c.revoked_at.is_(None)).values(values))


def new_key_id(kind: str) -> str:
    """A name for a key, which opens nothing."""
    return f"{kind}-{secrets.token_hex(6)}"
