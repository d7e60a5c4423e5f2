"""What the door must know of a key, by one look-up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, and_, bindparam, or_, select

from rhapsode.accounts.addresses import Network, read_networks
from rhapsode.accounts.api_key import same_digest
from rhapsode.accounts.records import read_names
from rhapsode.core.caller import Administrator, Caller
from rhapsode.core.limit import LimitRule, Scope
from rhapsode.database.tables import admin_keys, groups, keys, limit_rules, spending

WhoT = TypeVar("WhoT")


@dataclass(frozen=True, kw_only=True)
class Known(Generic[WhoT]):
    """Whose key it is, and what it is held to. Times are seconds since 1970; `networks` None is every address."""

    who: WhoT
    key_id: str
    expires_at: int | None
    networks: tuple[Network, ...] | None
    last_used_at: int | None


# One statement for all that there is to know: a row for each limit, or one without a limit.
_CALLER = (
    select(
        keys.c.id,
        keys.c.group_id,
        keys.c.user_id,
        keys.c.digest,
        keys.c.expires_at,
        keys.c.models,
        keys.c.addresses,
        keys.c.last_used_at,
        groups.c.balance,
        limit_rules.c.scope,
        limit_rules.c.scope_id,
        limit_rules.c.model,
        limit_rules.c.requests_per_minute,
        limit_rules.c.tokens_per_minute,
        limit_rules.c.characters_per_minute,
        limit_rules.c.parallel,
        limit_rules.c.spend_per_month,
        spending.c.cost,
    )
    .select_from(keys)
    .join(groups, groups.c.id == keys.c.group_id)
    .outerjoin(
        limit_rules,
        or_(
            and_(limit_rules.c.scope == Scope.GROUP.value, limit_rules.c.scope_id == keys.c.group_id),
            and_(limit_rules.c.scope == Scope.KEY.value, limit_rules.c.scope_id == keys.c.id),
        ),
    )
    .outerjoin(
        spending,
        and_(
            spending.c.scope == limit_rules.c.scope,
            spending.c.scope_id == limit_rules.c.scope_id,
            spending.c.model == limit_rules.c.model,
            spending.c.month == bindparam("month"),
        ),
    )
    .where(keys.c.digest == bindparam("wanted"), keys.c.revoked_at.is_(None))
    .order_by(limit_rules.c.scope, limit_rules.c.model)
)

_ADMINISTRATOR = select(admin_keys).where(admin_keys.c.digest == bindparam("wanted"), admin_keys.c.revoked_at.is_(None))


def find_caller(connection: Connection, digest: bytes, *, now: float) -> Known[Caller] | None:
    """Whose digest it is; None when it is nobody's or its key was revoked. `now` says which month is spent from."""
    rows: Sequence[Row[*tuple[Any, ...]]]
    rows = connection.execute(_CALLER, {"wanted": digest, "month": month_of(now)}).all()
    if not rows or not same_digest(rows[0].digest, digest):
        return None
    row = rows[0]
    models = read_names(row.models)
    caller = Caller(
        group_id=row.group_id,
        key_id=row.id,
        user_id=row.user_id,
        models=None if models is None else frozenset(models),
        limits=tuple(_rule(each) for each in rows if each.scope is not None),
        balance=row.balance,
    )
    return _known(caller, row)


def find_administrator(connection: Connection, digest: bytes) -> Known[Administrator] | None:
    """Whose digest it is; None when it is nobody's or its key was revoked."""
    row = connection.execute(_ADMINISTRATOR, {"wanted": digest}).one_or_none()
    if row is None or not same_digest(row.digest, digest):
        return None
    return _known(Administrator(key_id=row.id, name=row.name), row)


def month_of(now: float) -> str:
    """The calendar month in UTC: `2026-11`."""
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m}"


def _known(who: WhoT, row: Row[*tuple[Any, ...]]) -> Known[WhoT]:
    addresses = read_names(row.addresses)
    return Known(
        who=who,
        key_id=row.id,
        expires_at=row.expires_at,
        networks=None if addresses is None else read_networks(addresses),
        last_used_at=row.last_used_at,
    )


def _rule(row: Row[*tuple[Any, ...]]) -> LimitRule:
    return LimitRule(
        scope=Scope(row.scope),
        scope_id=row.scope_id,
        model=row.model,
        requests_per_minute=row.requests_per_minute,
        tokens_per_minute=row.tokens_per_minute,
        characters_per_minute=row.characters_per_minute,
        parallel=row.parallel,
        spend_per_month=row.spend_per_month,
        spent=row.cost or 0,
    )
