"""Many calls over one connection between two processes: none holds up another, and none waits for what has gone."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, suppress
from pathlib import Path

import pytest

from rhapsode.core.errors import EngineError, ModelMissing, PromptTooLong, RhapsodeError, UnitsLimited, UnknownVoice
from rhapsode.link.client import Link
from rhapsode.link.faults import read_fault, write_fault
from rhapsode.link.host import hosting

LOST = EngineError("it has gone")


class Works:
    """Answers `count N` with N items, `big` with 3 MB, `hold` with one item and silence, `fail` with an error."""

    def __init__(self) -> None:
        self.made: dict[bytes, int] = {}
        self.held = asyncio.Event()
        self.ended = asyncio.Event()
        self.gone = asyncio.Event()

    async def answer(self, ask: bytes) -> AsyncGenerator[bytes]:
        word, _, count = ask.partition(b" ")
        if word == b"fail":
            raise PromptTooLong(prompt_tokens=9, context_tokens=8)
        if word == b"break":
            raise ZeroDivisionError
        if word == b"big":
            yield bytes(3_000_000)
        if word == b"hold":
            yield b"held"
            try:
                self.held.set()
                await asyncio.Event().wait()
            finally:
                self.ended.set()
        for number in range(int(count or 0)):
            self.made[ask] = number + 1
            yield b"%d" % number


class Opened:
    """A host and a link to it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.works = Works()
        self.host = AsyncExitStack()
        self.link = Link(path, lost=LOST, patience=0.05)

    async def open(self) -> None:
        await self.host.enter_async_context(hosting(self.path, lambda: (self.works.answer, self.works.gone.set)))


@pytest.fixture
async def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Opened]:
    monkeypatch.chdir(tmp_path)
    opened = Opened("socket")  # a path of its own would be too long for a socket
    await opened.open()
    yield opened
    opened.link.close()
    await opened.host.aclose()


async def items(link: Link, ask: bytes, room: int = 4) -> list[bytes]:
    return [item async for item in link.call(ask, room=room)]


async def test_items_come_in_order_whatever_the_room(opened: Opened) -> None:
    for room in (1, 2, 3, 64):
        assert await items(opened.link, b"count 50", room) == [b"%d" % number for number in range(50)]
    assert await items(opened.link, b"count 0") == []
    assert (await items(opened.link, b"big"))[0] == bytes(3_000_000)


async def test_calls_run_side_by_side(opened: Opened) -> None:
    together = await asyncio.gather(*(items(opened.link, b"count %d" % count) for count in range(200)))
    assert [len(each) for each in together] == list(range(200))


async def test_who_takes_nothing_holds_up_nobody_else_and_its_own_work(opened: Opened) -> None:
    async with aclosing(opened.link.call(b"count 1000", room=8)) as slow:
        assert await anext(slow) == b"0"
        assert len(await items(opened.link, b"count 2000")) == 2000
        assert opened.works.made[b"count 1000"] <= 10
        assert [item async for item in slow][-1] == b"999"


async def test_who_leaves_has_the_work_ended_when_aclose_returns(opened: Opened) -> None:
    async with aclosing(opened.link.call(b"hold", room=8)) as held:
        assert await anext(held) == b"held"
    assert opened.works.ended.is_set()


async def test_who_is_cancelled_has_the_work_ended(opened: Opened) -> None:
    listening = asyncio.create_task(items(opened.link, b"hold"))
    await opened.works.held.wait()
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
    assert opened.works.ended.is_set()


async def test_an_error_arrives_as_itself(opened: Opened) -> None:
    with pytest.raises(PromptTooLong) as caught:
        await opened.link.ask(b"fail")
    assert (caught.value.prompt_tokens, caught.value.context_tokens, caught.value.field) == (9, 8, "messages")
    with pytest.raises(EngineError, match="foresaw"):
        await opened.link.ask(b"break")


@pytest.mark.parametrize(
    "error",
    [
        PromptTooLong(prompt_tokens=5, context_tokens=4, at_least=True, field="texts[3]"),
        UnknownVoice("voice_id\ud800", "nobody"),
        ModelMissing("qwen"),
        UnitsLimited("wait", retry_after=1.5),
    ],
)
def test_every_error_of_the_tree_is_written_and_read(error: RhapsodeError) -> None:
    read = read_fault(write_fault(error))
    assert type(read) is type(error)
    assert read.message == error.message.replace("\ud800", "?")
    assert {name: value for name, value in vars(read).items() if name != "field"} == {
        name: value for name, value in vars(error).items() if name != "field"
    } or isinstance(error, UnknownVoice)


async def test_calls_under_way_fail_when_the_other_side_goes_and_later_ones_find_it_again(opened: Opened) -> None:
    held = asyncio.create_task(items(opened.link, b"hold"))
    await opened.works.held.wait()
    await opened.host.aclose()
    with pytest.raises(EngineError, match="stopped before it was done"):
        await held
    with pytest.raises(EngineError, match="it has gone"):
        await opened.link.ask(b"count 1")
    await opened.open()
    assert await opened.link.ask(b"count 1") == b"0"


async def test_what_a_caller_held_is_let_go_of_when_its_process_goes(opened: Opened) -> None:
    held = asyncio.create_task(items(opened.link, b"hold"))
    await opened.works.held.wait()
    opened.link.close()
    await opened.works.ended.wait()
    await opened.works.gone.wait()
    with pytest.raises(EngineError):
        await held
