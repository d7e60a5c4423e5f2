"""What was used: the ledger's rows added up, by day, group, user, key or model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Label, Row, case, func, select

from rhapsode.accounts.groups import find_group
from rhapsode.accounts.records import one_key
from rhapsode.core.errors import InvalidField
from rhapsode.core.usage import Outcome
from rhapsode.database.tables import calls, groups, keys, users

_DAY_MS: Final = 86_400_000
_DAY: Final = timedelta(days=1)
_FIRST: Final = date(1970, 1, 1)


class Dimension(Enum):
    """What rows can be added up by."""

    DAY = "day"
    """in UTC"""
    GROUP = "group"
    USER = "user"
    KEY = "key"
    MODEL = "model"


@dataclass(frozen=True, kw_only=True)
class UsageQuery:
    """Which calls: from the beginning of the day `since` to the end of the day `until`, in UTC; None is no bound.

    `group` is an id or a name, `key_id` an id, `model` a name as callers wrote it. `by` is in the order of its columns;
    empty is one row for all.
    """

    by: tuple[Dimension, ...] = (Dimension.DAY,)
    since: date | None = None
    until: date | None = None
    group: str | None = None
    key_id: str | None = None
    model: str | None = None


@dataclass(frozen=True, kw_only=True)
class UsageRow:
    """What calls add up to. `of` are the values of the dimensions, in the order of the query.

    `names` stand beside: that of a group, a user or a key, where it has one, and else nothing. `failed` are those calls
    that did not end well, hang-ups aside. `cost` is in millionths of the currency of the prices.
    """

    of: tuple[str, ...]
    names: tuple[str, ...]
    calls: int
    failed: int
    prompt_tokens: int
    reply_tokens: int
    cached_tokens: int
    characters: int
    audio_ms: int
    cost: int


_DAY_OF: Final = (calls.c.started_ms // _DAY_MS).label("day")  # a whole division in either kind of database
_OF: Final[dict[Dimension, Sequence[Label[Any]]]] = {
    Dimension.DAY: (_DAY_OF,),
    Dimension.GROUP: (calls.c.group_id.label("group"), groups.c.name.label("group_name")),
    Dimension.USER: (calls.c.user_id.label("user"), users.c.name.label("user_name")),
    Dimension.KEY: (calls.c.key_id.label("key"), keys.c.name.label("key_name")),
    Dimension.MODEL: (calls.c.model.label("model"),),
}
_SUMS: Final = (
    func.count().label("calls"),
    func.sum(case((calls.c.outcome == Outcome.FAILED.value, 1), else_=0)).label("failed"),
    *(
        func.sum(calls.c[name]).label(name)
        for name in ("prompt_tokens", "reply_tokens", "cached_tokens", "characters", "audio_ms", "cost")
    ),
)


def read_usage(connection: Connection, query: UsageQuery) -> list[UsageRow]:
    """The rows, in the order of their dimensions. Raises `InvalidField`; `UnknownAccount` for a group or a key."""
    if len(set(query.by)) < len(query.by):
        raise InvalidField("by", "names a dimension twice")
    if query.since and query.until and query.until < query.since:
        raise InvalidField("to", "is before from")
    group_id = None if query.group is None else find_group(connection, query.group)
    if query.key_id is not None:
        one_key(connection, keys.c.id == query.key_id)
    by = [column for dimension in query.by for column in _OF[dimension]]
    chosen = (
        select(*by, *_SUMS)
        .select_from(
            calls.outerjoin(groups, groups.c.id == calls.c.group_id)
            .outerjoin(keys, keys.c.id == calls.c.key_id)
            .outerjoin(users, users.c.id == calls.c.user_id)
        )
        .where(*_conditions(query, group_id))
        .group_by(*by)
        .order_by(*by)
    )
    return [_row(row, query.by) for row in connection.execute(chosen) if row.calls]


def _conditions(query: UsageQuery, group_id: str | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.since is not None:
        conditions.append(calls.c.started_ms >= _begin_ms(query.since))
    if query.until is not None:
        conditions.append(calls.c.started_ms < _begin_ms(query.until) + _DAY_MS)
    if group_id is not None:
        conditions.append(calls.c.group_id == group_id)
    if query.key_id is not None:
        conditions.append(calls.c.key_id == query.key_id)
    if query.model is not None:
        conditions.append(calls.c.model == query.model)
    return conditions


def _begin_ms(day: date) -> int:
    return round(datetime.combine(day, time(), UTC).timestamp()) * 1000


def _row(row: Row[*tuple[Any, ...]], by: Sequence[Dimension]) -> UsageRow:
    told = [_told(row, dimension) for dimension in by]
    return UsageRow(
        of=tuple(value for value, _ in told),
        names=tuple(name for _, name in told),
        # PostgreSQL's sums are decimals.
        **{column.name: int(getattr(row, column.name) or 0) for column in _SUMS},
    )


def _told(row: Row[*tuple[Any, ...]], dimension: Dimension) -> tuple[str, str]:
    """The value, and the name that goes with it; empty where there is none."""
    match dimension:
        case Dimension.DAY:
            return (_FIRST + row.day * _DAY).isoformat(), ""
        case Dimension.MODEL:
            return row.model, ""
        case Dimension.GROUP:
            return row.group, row.group_name or ""
        case Dimension.KEY:
            return row.key, row.key_name or ""
        case Dimension.USER:
            return row.user or "", row.user_name or ""
