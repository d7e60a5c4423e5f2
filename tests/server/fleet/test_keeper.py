"""A place among many processes: always filled again, and the first start's failure told."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
import pytest

from rhapsode.core.errors import EngineError, ModelMissing
from rhapsode.server.fleet.child_process import Child
from rhapsode.server.fleet.keeper import SILENCE, Keeper
from rhapsode.server.fleet.orders import answer_of

READY = "print('{}', flush=True); input()"
ANSWERS = """
import sys, time
time.sleep({loading})
print("{{}}", flush=True)
for word in range({words}):
    assert sys.stdin.readline() == "ping\\n"
    print("pong", flush=True)
sys.exit(7)
"""


class Starts:
    """Starts small programs that answer as processes of a server do."""

    def __init__(self, program: str, *, silence: float = SILENCE) -> None:
        self.program = program
        self.ready: asyncio.Queue[Child] = asyncio.Queue()
        self.gone: list[int] = []
        self.again = 0
        self.keeper = Keeper(
            "it",
            self.start,
            ready=self.ready.put_nowait,
            gone=self.gone.append,
            again=self.count,
            silence=silence,
        )

    def count(self) -> None:
        self.again += 1

    @asynccontextmanager
    async def start(self) -> AsyncGenerator[Child]:
        pipe = asyncio.subprocess.PIPE
        child = Child(await asyncio.create_subprocess_exec(sys.executable, "-c", self.program, stdin=pipe, stdout=pipe))
        try:
            yield child
        finally:
            await child.gone(within=0)


async def test_who_ends_is_replaced_until_it_shall_not_be() -> None:
    starts = Starts(READY)
    keeping = asyncio.create_task(starts.keeper.keep())
    await starts.keeper.first_ready()
    pids: list[int] = []
    for _ in range(3):
        child = await starts.ready.get()
        pids.append(child.pid)
        assert starts.keeper.child is child
        starts.keeper.ending = len(pids) == 3
        child.say("end")
    await keeping
    assert starts.gone == pids
    assert starts.again == 2
    assert starts.keeper.child is None


async def test_a_first_start_that_fails_is_told_as_what_it_is() -> None:
    line = msgspec.json.encode(answer_of(ModelMissing("qwen"))).decode()
    starts = Starts(f"print({line!r}, flush=True)")
    keeping = asyncio.create_task(starts.keeper.keep())
    with pytest.raises(ModelMissing, match="rhapsode models pull qwen"):
        await starts.keeper.first_ready()
    await keeping


async def test_a_first_start_that_says_nothing_is_an_error_that_says_how_it_ended() -> None:
    starts = Starts("raise SystemExit(3)")
    keeping = asyncio.create_task(starts.keeper.keep())
    with pytest.raises(EngineError, match="ended with status 3 before it was ready"):
        await starts.keeper.first_ready()
    await keeping


async def test_who_is_ready_and_does_not_answer_is_killed_and_replaced() -> None:
    starts = Starts("import signal; print('{}', flush=True); signal.pause()", silence=0.2)
    keeping = asyncio.create_task(starts.keeper.keep())
    first, second = await starts.ready.get(), await starts.ready.get()
    assert first.ended.result() == -9
    assert first.pid != second.pid
    starts.keeper.ending = True
    second.kill()
    await asyncio.wait((keeping,))


async def test_who_takes_long_to_be_ready_is_waited_for_and_who_answers_lives() -> None:
    starts = Starts(ANSWERS.format(loading=1, words=3), silence=0.5)
    keeping = asyncio.create_task(starts.keeper.keep())
    child = await starts.ready.get()
    assert await child.ended == 7
    keeping.cancel()
    await asyncio.wait((keeping,))


async def test_a_parent_that_stood_still_itself_misses_nobody() -> None:
    async with Starts(ANSWERS.format(loading=0, words=5)).start() as child:
        await child.ready()
        silent = asyncio.create_task(child.silent(1))
        asyncio.get_running_loop().call_later(0.15, time.sleep, 2)  # as a machine that is suspended
        await asyncio.wait((child.ended, silent), return_when=asyncio.FIRST_COMPLETED)
        assert child.ended.result() == 7
        silent.cancel()
