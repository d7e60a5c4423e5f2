"""The one who writes: together, in order, and never more than fits."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from sqlalchemy.engine.interfaces import DBAPICursor

from rhapsode.core.errors import StorageError
from rhapsode.database.connect import Database
from rhapsode.database.writer import Writer


async def test_what_comes_while_a_transaction_is_under_way_is_written_together_in_order(database: Database) -> None:
    began, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    batches: list[list[int]] = []

    def store(_: DBAPICursor, items: Sequence[int]) -> None:
        batches.append(list(items))
        loop.call_soon_threadsafe(began.set)
        go.wait()

    writer = Writer(database, store)
    first = asyncio.create_task(writer.write(0))
    await began.wait()
    later = [asyncio.create_task(writer.write(number)) for number in range(1, 100)]
    await asyncio.sleep(0)
    assert writer.waiting == 99
    go.set()
    await asyncio.gather(first, *later)
    assert batches == [[0], list(range(1, 100))]
    await writer.close()


async def test_what_does_not_fit_is_refused_and_takes_none_along(database: Database) -> None:
    began, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    written: list[int] = []

    def store(_: DBAPICursor, items: Sequence[int]) -> None:
        loop.call_soon_threadsafe(began.set)
        go.wait()
        written.extend(items)

    writer = Writer(database, store, most_waiting=2)
    first = asyncio.create_task(writer.write(0))
    await began.wait()
    waiting = [asyncio.create_task(writer.write(number)) for number in (1, 2)]
    await asyncio.sleep(0)
    with pytest.raises(StorageError, match="2 rows wait"):
        await writer.write(3)
    go.set()
    await asyncio.gather(first, *waiting)
    await writer.write(4)
    assert written == [0, 1, 2, 4]
    await writer.close()


async def test_a_fault_that_nobody_foresaw_is_told_to_whose_it_is_and_the_others_are_written(
    database: Database,
) -> None:
    written: list[int] = []

    def store(_: DBAPICursor, items: Sequence[int]) -> None:
        if 1 in items:
            raise ZeroDivisionError
        written.extend(items)

    writer = Writer(database, store)
    ends = await asyncio.gather(*(writer.write(number) for number in range(4)), return_exceptions=True)
    assert [type(end) for end in ends] == [type(None), ZeroDivisionError, type(None), type(None)]
    assert sorted(written) == [0, 2, 3]
    await writer.close()


async def test_who_closes_waits_for_all_that_came_before_and_nothing_comes_after(database: Database) -> None:
    written: list[int] = []

    def store(_: DBAPICursor, items: Sequence[int]) -> None:
        written.extend(items)

    writer = Writer(database, store)
    waiting = [asyncio.create_task(writer.write(number)) for number in range(1000)]
    await asyncio.sleep(0)
    await writer.close()
    await writer.close()
    assert sorted(written) == list(range(1000))
    await asyncio.gather(*waiting)
    with pytest.raises(StorageError, match="closed"):
        await writer.write(1000)
