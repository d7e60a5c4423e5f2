"""What is kept of look-ups, for how long, and who shares one."""

import asyncio
from collections.abc import Callable

import pytest

from rhapsode.accounts.recent import Recent
from rhapsode.core.errors import StorageError
from tests.accounts.conftest import Clock


class Source:
    """Answers from a table, counts the questions, and can be made to wait or to fail."""

    def __init__(self) -> None:
        self.table: dict[bytes, str] = {}
        self.asked: list[bytes] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.fails = False

    async def find(self, key: bytes) -> str | None:
        self.asked.append(key)
        await self.may_answer.wait()
        if self.fails:
            raise StorageError("down")
        return self.table.get(key)


@pytest.fixture
async def source() -> Source:
    return Source()


def recent(source: Source, clock: Callable[[], float], size: int = 10) -> Recent[str]:
    return Recent(source.find, ttl=0.5, size=size, clock=clock)


async def test_an_answer_is_good_for_its_time_and_not_longer(source: Source) -> None:
    clock = Clock(now=0.0)
    answers = recent(source, clock)
    source.table[b"k"] = "old"
    assert await answers.get(b"k") == "old"
    source.table[b"k"] = "new"
    clock.now += 0.499
    assert await answers.get(b"k") == "old"
    clock.now += 0.001
    assert await answers.get(b"k") == "new"
    assert source.asked == [b"k", b"k"]


async def test_the_time_counts_from_the_question(source: Source) -> None:
    clock = Clock(now=0.0)
    answers = recent(source, clock)
    source.table[b"k"] = "old"
    source.may_answer.clear()
    waiting = asyncio.create_task(answers.get(b"k"))
    await asyncio.sleep(0)
    clock.now += 0.6  # the look-up takes longer than an answer is good for
    source.may_answer.set()
    assert await waiting == "old"
    source.table[b"k"] = "new"
    assert await answers.get(b"k") == "new"


async def test_nothing_is_not_kept(source: Source) -> None:
    answers = recent(source, Clock())
    assert await answers.get(b"k") is None
    source.table[b"k"] = "here"
    assert await answers.get(b"k") == "here"


async def test_a_failure_is_raised_and_not_kept(source: Source) -> None:
    answers = recent(source, Clock())
    source.table[b"k"] = "here"
    source.fails = True
    with pytest.raises(StorageError):
        await answers.get(b"k")
    source.fails = False
    assert await answers.get(b"k") == "here"


async def test_only_so_many_are_held_and_the_oldest_go(source: Source) -> None:
    answers = recent(source, Clock(), size=2)
    source.table.update({b"a": "A", b"b": "B", b"c": "C"})
    for key in (b"a", b"b", b"c", b"b", b"c", b"a"):
        await answers.get(key)
    assert source.asked == [b"a", b"b", b"c", b"a"]


async def test_those_who_ask_at_once_share_one_look_up(source: Source) -> None:
    answers = recent(source, Clock())
    source.table[b"k"] = "here"
    source.may_answer.clear()
    waiting = [asyncio.create_task(answers.get(b"k")) for _ in range(5)]
    await asyncio.sleep(0)
    source.may_answer.set()
    assert await asyncio.gather(*waiting) == ["here"] * 5
    assert source.asked == [b"k"]


async def test_who_leaves_does_not_take_the_answer_along(source: Source) -> None:
    answers = recent(source, Clock())
    source.table[b"k"] = "here"
    source.may_answer.clear()
    leaves, stays = (asyncio.create_task(answers.get(b"k")) for _ in range(2))
    await asyncio.sleep(0)
    leaves.cancel()
    await asyncio.sleep(0)
    source.may_answer.set()
    assert await stays == "here"
    assert leaves.cancelled()
