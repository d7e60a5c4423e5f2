"""The ledger: one row a call, and in the same transaction what its month has cost and what is left of a balance."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import Connection, Insert, Table, bindparam, select, update

from rhapsode.accounts.known import month_of
from rhapsode.core.limit import Scope
from rhapsode.core.usage import CallRecord
from rhapsode.database.connect import Database
from rhapsode.database.tables import calls, groups, spending
from rhapsode.database.writer import Writer

if TYPE_CHECKING:
    from sqlalchemy.dialects import sqlite

MOST: Final = 2**63 - 1
"""What a column holds. No call comes near; one that did must not take those written beside it along."""

_KNOWN: Final = select(calls.c.id).where(calls.c.id.in_(bindparam("ids", expanding=True)))
_PAY: Final = (
    update(groups)
    .where(groups.c.id == bindparam("group"), groups.c.balance.is_not(None))
    .values(balance=groups.c.balance - bindparam("cost"))
)


_PLACE: Final = {"sqlite": "?", "postgresql": "%s"}
"""How each kind's driver marks the place of a value."""

_ROWS: Final = 32
"""Of one statement. A driver gives up the interpreter for each statement that it runs, and every time it then stands in
line with the event loop: five rows one by one would cost their calls as much as all else that is done for them."""


@cache
def _add_calls(kind: str, rows: int) -> str:
    """Adding calls, in the words of the driver: a row costs a third less so than by way of SQLAlchemy's."""
    row = f"({', '.join(_PLACE[kind] for _ in calls.columns)})"
    names = ", ".join(column.name for column in calls.columns)
    return f"INSERT INTO calls ({names}) VALUES {', '.join([row] * rows)} ON CONFLICT DO NOTHING"  # noqa: S608 - the table's own names


@cache
def _spend(kind: str) -> Insert:
    """Adding to what was spent. The packages of the other kind of database are left alone: they hold 7 MB."""
    dialect = import_module(f"sqlalchemy.dialects.{kind}")
    insert = cast("Callable[[Table], sqlite.Insert]", dialect.insert)  # both kinds' are alike
    spend = insert(spending)
    return spend.on_conflict_do_update(
        index_elements=list(spending.primary_key), set_={"cost": spending.c.cost + spend.excluded.cost}
    )


class DatabaseLedger:
    """Implements `core.usage.Ledger`. For one event loop."""

    def __init__(self, database: Database) -> None:
        self._writer = Writer(database, store_calls)

    @property
    def waiting(self) -> int:
        """Rows that are not being written yet."""
        return self._writer.waiting

    async def record(self, record: CallRecord, /) -> None:
        """Of the protocol."""
        await self._writer.write(record)

    async def close(self) -> None:
        """Return when everything is written."""
        await self._writer.close()


def store_calls(connection: Connection, records: Sequence[CallRecord]) -> None:
    """Write calls, within a transaction. One whose id is there already costs nothing again."""
    new = _new_ones(connection, records)
    if not new:
        return
    kind = connection.dialect.name
    for start in range(0, len(new), _ROWS):
        together = new[start : start + _ROWS]
        values = tuple(chain.from_iterable(map(_row, together)))
        connection.exec_driver_sql(_add_calls(kind, len(together)), values)
    # In one order, whoever writes: two servers that each hold what the other waits for would wait for ever.
    if spent := sorted(_spent(new).items()):
        names = ("scope", "scope_id", "model", "month")
        connection.execute(_spend(kind), [dict(zip(names, of, strict=True)) | {"cost": cost} for of, cost in spent])
        paid = Counter[str]()
        for record in new:
            paid[record.group_id] += record.cost
        connection.execute(_PAY, [{"group": group, "cost": cost} for group, cost in sorted(paid.items()) if cost])


def _new_ones(connection: Connection, records: Sequence[CallRecord]) -> Sequence[CallRecord]:
    """Those that are not there yet, each once. Only money is worth a look: a row is left out by its id."""
    once = {record.call_id: record for record in records}
    priced = [record.call_id for record in once.values() if record.cost]
    if priced:
        for call_id in connection.scalars(_KNOWN, {"ids": priced}).all():
            del once[call_id]
    return list(once.values())


def _spent(records: Iterable[CallRecord]) -> Counter[tuple[str, str, str, str]]:
    """What groups and keys have spent: on each model, and on all together under no name."""
    spent = Counter[tuple[str, str, str, str]]()
    for record in records:
        if record.cost:
            month = month_of(record.started_at)
            for scope, scope_id in ((Scope.GROUP, record.group_id), (Scope.KEY, record.key_id)):
                for model in {"", record.counted_as or record.model}:
                    spent[scope.value, scope_id, model, month] += record.cost
    return spent


def _row(record: CallRecord) -> tuple[object, ...]:
    """Its values, in the order of the table's columns."""
    usage = record.usage
    return (
        record.call_id,
        record.group_id,
        record.key_id,
        record.user_id,
        record.operation,
        record.model,
        record.voice,
        usage.prompt_tokens,
        usage.reply_tokens,
        usage.cached_tokens,
        usage.characters,
        usage.audio_ms,
        min(record.cost, MOST),
        record.outcome.value,
        record.status,
        round(1000 * record.started_at),
        record.first_ms,
        record.took_ms,
    )
