"""The ledger: one row a call, and in the same transaction what its month has cost and what is left of a balance."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import chain
from typing import Final

from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import InterfaceError, OperationalError

from rhapsode.accounts.known import month_of
from rhapsode.core.errors import StorageError
from rhapsode.core.limit import Scope
from rhapsode.core.usage import CallRecord, Outcome
from rhapsode.database.connect import SQLITE, Database
from rhapsode.database.tables import calls
from rhapsode.database.writer import Writer

MOST: Final = 2**63 - 1
"""What a column holds. No call comes near; one that did must not take those written beside it along."""

_ROWS: Final = 32
"""Of one statement. A driver gives up the interpreter for each statement that it runs, and every time it then stands in
line with the event loop: five rows one by one would cost their calls as much as all else that is done for them."""

_NO_ANSWER: Final = (OperationalError, InterfaceError, OSError)
"""Of a server that is gone or does not answer: what it was told last it may have done. One of them is TimeoutError."""

_TOLD: Final = 1013
"""What callers are told of a row that could not be written, as a code of the platform's."""

_MOST_DOUBTS: Final = 20_000
"""Rows that wait for a server to come back, some 20 MB."""

_MARKS: Final = {"sqlite": "?", "postgresql": "%s"}
"""How each kind's driver marks the place of a value."""


class _Statements:
    """What the ledger says, in the words of a driver. Names are the tables' own."""

    def __init__(self, kind: str) -> None:
        self._mark = mark = _MARKS[kind]
        self._row = f"({', '.join(mark for _ in calls.columns)})"
        self._names = ", ".join(column.name for column in calls.columns)
        self.spend = (
            f"INSERT INTO spending (scope, scope_id, model, month, cost) VALUES ({', '.join([mark] * 5)}) "  # noqa: S608
            "ON CONFLICT (scope, scope_id, model, month) DO UPDATE SET cost = spending.cost + excluded.cost"
        )
        self.pay = f"UPDATE groups SET balance = balance - {mark} WHERE id = {mark} AND balance IS NOT NULL"  # noqa: S608
        self.take_back = f"UPDATE calls SET outcome = 'failed', status = {mark}, cost = 0 WHERE id = {mark}"  # noqa: S608
        self.add = cache(self._add)

    def _add(self, rows: int) -> str:
        return f"INSERT INTO calls ({self._names}) VALUES {', '.join([self._row] * rows)} ON CONFLICT DO NOTHING"  # noqa: S608

    def done(self, ids: int) -> str:
        """Which of so many ids are there and say that all went well, and what they cost."""
        return f"SELECT id, cost FROM calls WHERE outcome = 'ok' AND id IN ({', '.join([self._mark] * ids)})"  # noqa: S608

    def known(self, ids: int) -> str:
        """Which of so many ids are there."""
        return f"SELECT id FROM calls WHERE id IN ({', '.join([self._mark] * ids)})"  # noqa: S608


class DatabaseLedger:
    """Implements `core.usage.Ledger`. For one event loop."""

    def __init__(self, database: Database) -> None:
        self._has_doubts = database.kind != SQLITE  # a file never keeps to itself whether it has committed
        self._doubts: dict[str, CallRecord] = {}
        self._settling: asyncio.Task[None] | None = None
        self._writer = Writer(database, partial(_store_calls, _Statements(database.kind)))

    @property
    def waiting(self) -> int:
        """Rows that are not being written yet."""
        return self._writer.waiting

    async def record(self, record: CallRecord, /) -> None:
        """Of the protocol."""
        try:
            await self._writer.write(record)
        except StorageError as error:
            if self._has_doubts and record.outcome is Outcome.OK and isinstance(error.__cause__, _NO_ANSWER):
                self._doubt(record)
            raise
        if self._doubts and self._settling is None:
            self._settling = asyncio.create_task(self._settle())

    async def close(self) -> None:
        """Return when everything is written."""
        if self._settling is not None:
            await self._settling
        await self._settle()
        await self._writer.close()

    def _doubt(self, record: CallRecord) -> None:
        """Its caller is told that it failed, and perhaps it is committed nevertheless: that is put right later."""
        if len(self._doubts) < _MOST_DOUBTS:
            self._doubts[record.call_id] = replace(record, outcome=Outcome.FAILED, status=_TOLD, cost=0)

    async def _settle(self) -> None:
        """Write what was in doubt as what its callers were told; what cannot be written stays in doubt."""
        doubts, self._doubts = self._doubts, {}
        await asyncio.gather(*map(self._settle_one, doubts.values()))
        self._settling = None

    async def _settle_one(self, record: CallRecord) -> None:
        try:
            await self._writer.write(record)
        except StorageError:
            self._doubts[record.call_id] = record


def _store_calls(say: _Statements, cursor: DBAPICursor, records: Sequence[CallRecord]) -> None:
    """Write calls, within a transaction. One whose id is there already costs nothing again, or nothing if it failed."""
    new = _new_ones(say, cursor, records)
    for start in range(0, len(new), _ROWS):
        together = new[start : start + _ROWS]
        cursor.execute(say.add(len(together)), tuple(chain.from_iterable(map(_row, together))))
    new = [*new, *_taken_back(say, cursor, new)]
    # In one order, whoever writes: two servers that each hold what the other waits for would wait for ever.
    if spent := sorted(_spent(new).items()):
        cursor.executemany(say.spend, [(*of, cost) for of, cost in spent])
        paid = Counter[str]()
        for record in new:
            paid[record.group_id] += record.cost
        cursor.executemany(say.pay, [(cost, group) for group, cost in sorted(paid.items()) if cost])


def _new_ones(say: _Statements, cursor: DBAPICursor, records: Sequence[CallRecord]) -> Sequence[CallRecord]:
    """Those that are not there yet, each once. Only money is worth a look: a row is left out by its id."""
    once = {record.call_id: record for record in records}
    priced = [record.call_id for record in once.values() if record.cost]
    if priced:
        cursor.execute(say.known(len(priced)), priced)
        for (call_id,) in cursor.fetchall():
            del once[call_id]
    return list(once.values())


def _taken_back(say: _Statements, cursor: DBAPICursor, records: Iterable[CallRecord]) -> Iterator[CallRecord]:
    """What failed and stood there as done: it is written as failed. Each with the cost that it takes back, below 0."""
    failed = {record.call_id: record for record in records if record.outcome is Outcome.FAILED}
    if failed:
        cursor.execute(say.done(len(failed)), list(failed))
        for call_id, cost in cursor.fetchall():
            cursor.execute(say.take_back, (failed[call_id].status, call_id))
            yield replace(failed[call_id], cost=-cost, spoken_cost=-failed[call_id].spoken_cost)


def _spent(records: Iterable[CallRecord]) -> Counter[tuple[str, str, str, str]]:
    """What groups and keys have spent: on each model, and on all together under no name."""
    spent = Counter[tuple[str, str, str, str]]()
    for record in records:
        if record.cost:
            month = month_of(record.started_at)
            for scope, scope_id in ((Scope.GROUP, record.group_id), (Scope.KEY, record.key_id)):
                for model, cost in _parts(record).items():
                    spent[scope.value, scope_id, model, month] += cost
    return spent


def _parts(record: CallRecord) -> Counter[str]:
    """What it cost in all, under no name, and what each of its models did."""
    parts = Counter({(record.counted_as or record.model).casefold(): record.cost - record.spoken_cost})
    parts[record.spoken_by.casefold()] += record.spoken_cost
    parts[""] = record.cost
    return parts


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
