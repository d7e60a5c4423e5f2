"""The rules of what groups and keys may have: set, listed, cleared. `core.limit` says what they mean."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from rhapsode.accounts.groups import find_group
from rhapsode.accounts.known import month_of
from rhapsode.accounts.money import MOST
from rhapsode.accounts.records import one_key
from rhapsode.accounts.terms import check_model
from rhapsode.core.errors import InvalidField, UnknownAccount
from rhapsode.core.limit import LimitRule, Scope
from rhapsode.database.connect import Database
from rhapsode.database.tables import groups, keys, limit_rules, spending

LimitName = Literal["requests_per_minute", "tokens_per_minute", "characters_per_minute", "parallel", "spend_per_month"]
LIMIT_NAMES: Final[tuple[LimitName, ...]] = (
    "requests_per_minute",
    "tokens_per_minute",
    "characters_per_minute",
    "parallel",
    "spend_per_month",
)


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Whom a rule is for: a key, by its id, or a group, by its id or name. Where both are named, the key is of it."""

    group: str | None = None
    key_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class RuleRecord:
    """A rule, and the group that it is for or whose key it is for."""

    rule: LimitRule
    group_id: str
    group_name: str

    @property
    def key_id(self) -> str | None:
        """The key that it is for, if it is for one key."""
        return self.rule.scope_id if self.rule.scope is Scope.KEY else None


class LimitRules:
    """Blocks: for the command line, and for threads."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    def set(self, holder: Holder, model: str, changes: Mapping[LimitName, int | None]) -> RuleRecord | None:
        """Change what is named and leave the rest; None lifts a limit. The rule, or None when nothing is left of it.

        `model` is in any case of its letters, and empty for all models together. Raises `InvalidField`,
        `UnknownAccount`, `StorageError`.
        """
        if model:
            check_model(model, "model")
        model = model.casefold()
        if not changes:
            raise InvalidField("", f"name at least one limit: {', '.join(LIMIT_NAMES)}")
        for name, figure in changes.items():
            _check_figure(name, figure)

        def work(connection: Connection) -> RuleRecord | None:
            scope, scope_id = _find_holder(connection, holder)
            this = _is(scope, scope_id, model)
            there = connection.execute(select(limit_rules).where(this)).mappings().one_or_none()
            figures = {name: changes.get(name, there[name] if there else None) for name in LIMIT_NAMES}
            if all(figure is None for figure in figures.values()):
                connection.execute(delete(limit_rules).where(this))
                return None
            if there:
                connection.execute(update(limit_rules).where(this).values(figures))
            else:
                place = {"scope": scope.value, "scope_id": scope_id, "model": model}
                connection.execute(insert(limit_rules).values(place | figures))
            return self._records(connection, this)[0]

        return self._database.transact(work)

    def list(self, holder: Holder | None = None) -> "list[RuleRecord]":
        """Every rule; or those of a key; or those of a group and of its keys. Raises `UnknownAccount`."""

        def work(connection: Connection) -> "list[RuleRecord]":
            if holder is None:
                return self._records(connection)
            scope, scope_id = _find_holder(connection, holder)
            if scope is Scope.KEY:
                return self._records(connection, _is(scope, scope_id))
            return self._records(connection, groups.c.id == scope_id)

        return self._database.transact(work, write=False)

    def clear(self, holder: Holder, model: str | None = None) -> int:
        """Lift a rule, or with `model` None all of a holder's; how many. Raises `UnknownAccount` for none."""

        def work(connection: Connection) -> int:
            this = _is(*_find_holder(connection, holder), None if model is None else model.casefold())
            cleared = connection.execute(delete(limit_rules).where(this)).rowcount
            if not cleared:
                raise UnknownAccount("model", "there is no such limit; `rhapsode limits list` shows those that are")
            return cleared

        return self._database.transact(work)

    def _records(self, connection: Connection, *conditions: ColumnElement[bool]) -> "list[RuleRecord]":
        """Groups by name; of a group, its own rules before those of its keys."""
        month = month_of(self._now())
        chosen = (
            select(limit_rules, groups.c.id.label("group_id"), groups.c.name.label("group_name"), spending.c.cost)
            .outerjoin(keys, and_(limit_rules.c.scope == Scope.KEY.value, keys.c.id == limit_rules.c.scope_id))
            .join(
                groups,
                or_(
                    and_(limit_rules.c.scope == Scope.GROUP.value, groups.c.id == limit_rules.c.scope_id),
                    groups.c.id == keys.c.group_id,
                ),
            )
            .outerjoin(
                spending,
                and_(
                    spending.c.scope == limit_rules.c.scope,
                    spending.c.scope_id == limit_rules.c.scope_id,
                    spending.c.model == limit_rules.c.model,
                    spending.c.month == month,
                ),
            )
            .where(*conditions)
            .order_by(groups.c.name, limit_rules.c.scope, limit_rules.c.scope_id, limit_rules.c.model)
        )
        return [
            RuleRecord(
                rule=LimitRule(
                    scope=Scope(row["scope"]),
                    scope_id=row["scope_id"],
                    model=row["model"],
                    spent=row["cost"] or 0,
                    **{name: row[name] for name in LIMIT_NAMES},
                ),
                group_id=row["group_id"],
                group_name=row["group_name"],
            )
            for row in connection.execute(chosen).mappings()
        ]


def _find_holder(connection: Connection, holder: Holder) -> tuple[Scope, str]:
    group_id = None if holder.group is None else find_group(connection, holder.group)
    if holder.key_id is not None:
        key = one_key(connection, keys.c.id == holder.key_id)
        if group_id not in {None, key.group_id}:
            raise UnknownAccount("key_id", "the group has no such key; `rhapsode keys list` shows whose it is")
        return Scope.KEY, key.key_id
    if group_id is None:
        raise InvalidField("group", "name a group, or a key")
    return Scope.GROUP, group_id


def _is(scope: Scope, scope_id: str, model: str | None = None) -> ColumnElement[bool]:
    theirs = and_(limit_rules.c.scope == scope.value, limit_rules.c.scope_id == scope_id)
    return theirs if model is None else and_(theirs, limit_rules.c.model == model)


def _check_figure(name: LimitName, figure: int | None) -> None:
    if figure is None:
        return
    if name == "spend_per_month":
        if not 0 <= figure <= MOST:
            raise InvalidField(name, "must be an amount of 0 or more")
    elif not 0 < figure <= MOST:
        raise InvalidField(name, "must be 1 or more; to let nothing through, revoke keys or name their models")
