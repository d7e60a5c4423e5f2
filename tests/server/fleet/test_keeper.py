"""A place among many processes: always filled again, and the first start's failure told."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
import pytest

from rhapsode.core.errors import EngineError, ModelMissing
from rhapsode.server.fleet.child_process import Child
from rhapsode.server.fleet.keeper import Keeper
from rhapsode.server.fleet.orders import answer_of

READY = "print('{}', flush=True); input()"


class Starts:
    """Starts small programs that answer as processes of a server do."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.ready: asyncio.Queue[Child] = asyncio.Queue()
        self.gone: list[int] = []
        self.keeper = Keeper("it", self.start, ready=self.ready.put_nowait, gone=self.gone.append)

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
