"""Accounts as JSON shows them: the same to programs that run the command and to those that call the admin API.

Times are ISO 8601 in UTC, to the second; money is in the currency of the prices, exact. A key itself is in the answer
that makes it and in no other.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import msgspec

from rhapsode.accounts.groups import GroupRecord
from rhapsode.accounts.limits import RuleRecord
from rhapsode.accounts.money import to_amount
from rhapsode.accounts.records import AdminKeyRecord, KeyRecord
from rhapsode.accounts.users import UserRecord


class ShownGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group. `balance` null: nobody keeps one. `keys` counts those that are not revoked."""

    group_id: str
    name: str
    balance: Decimal | None
    keys: int
    created_at: str


class ShownUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user of a group."""

    user_id: str
    name: str
    group: str
    group_id: str
    keys: int
    created_at: str


class ShownKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key. `models` and `addresses` null: all. `hint` is how it ends; `api_key` is there when it was just made."""

    key_id: str
    name: str
    group: str
    group_id: str
    user: str | None
    user_id: str | None
    hint: str
    models: tuple[str, ...] | None
    addresses: tuple[str, ...] | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None
    api_key: str | msgspec.UnsetType = msgspec.UNSET


class ShownAdminKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An administrator's key."""

    key_id: str
    name: str
    hint: str
    addresses: tuple[str, ...] | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None
    api_key: str | msgspec.UnsetType = msgspec.UNSET


class ShownLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A rule for a group (`key_id` null) or a key, of one model or (`model` empty) of all together. Null is no limit.

    `spent` is what this month has cost.
    """

    group: str
    group_id: str
    key_id: str | None
    model: str
    requests_per_minute: int | None
    tokens_per_minute: int | None
    characters_per_minute: int | None
    parallel: int | None
    spend_per_month: Decimal | None
    spent: Decimal


Shown = ShownGroup | ShownUser | ShownKey | ShownAdminKey | ShownLimit

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def write_shown(shown: object) -> bytes:
    """JSON of one of these, or of several, on one line."""
    return _ENCODER.encode(shown)


def show_group(record: GroupRecord) -> ShownGroup:
    """The group."""
    return ShownGroup(
        group_id=record.group_id,
        name=record.name,
        balance=None if record.balance is None else to_amount(record.balance),
        keys=record.keys,
        created_at=write_time(record.created_at),
    )


def show_user(record: UserRecord) -> ShownUser:
    """The user."""
    return ShownUser(
        user_id=record.user_id,
        name=record.name,
        group=record.group_name,
        group_id=record.group_id,
        keys=record.keys,
        created_at=write_time(record.created_at),
    )


def show_key(record: KeyRecord, api_key: str | None = None) -> ShownKey:
    """The key; with itself, where it was just made."""
    return ShownKey(
        key_id=record.key_id,
        name=record.name,
        group=record.group_name,
        group_id=record.group_id,
        user=record.user_name,
        user_id=record.user_id,
        hint=record.hint,
        models=record.models,
        addresses=record.addresses,
        created_at=write_time(record.created_at),
        expires_at=_time(record.expires_at),
        revoked_at=_time(record.revoked_at),
        last_used_at=_time(record.last_used_at),
        api_key=msgspec.UNSET if api_key is None else api_key,
    )


def show_admin_key(record: AdminKeyRecord, api_key: str | None = None) -> ShownAdminKey:
    """The administrator's key; with itself, where it was just made."""
    return ShownAdminKey(
        key_id=record.key_id,
        name=record.name,
        hint=record.hint,
        addresses=record.addresses,
        created_at=write_time(record.created_at),
        expires_at=_time(record.expires_at),
        revoked_at=_time(record.revoked_at),
        last_used_at=_time(record.last_used_at),
        api_key=msgspec.UNSET if api_key is None else api_key,
    )


def show_limit(record: RuleRecord) -> ShownLimit:
    """The rule."""
    rule = record.rule
    return ShownLimit(
        group=record.group_name,
        group_id=record.group_id,
        key_id=record.key_id,
        model=rule.model,
        requests_per_minute=rule.requests_per_minute,
        tokens_per_minute=rule.tokens_per_minute,
        characters_per_minute=rule.characters_per_minute,
        parallel=rule.parallel,
        spend_per_month=None if rule.spend_per_month is None else to_amount(rule.spend_per_month),
        spent=to_amount(rule.spent),
    )


def write_time(seconds: int, precision: str = "seconds") -> str:
    """A moment, of seconds since 1970: `2026-11-23T08:00:00Z`; or `minutes` alone."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else write_time(seconds)
