"""The pool: workers die, hang on, babble and are replaced; jobs come out whole, in turn, or with a clear error."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
import structlog

from rhapsode.core.errors import EngineError
from rhapsode.engines.fair_queue import Lane
from rhapsode.engines.workers import Result, WorkerPool

ROOT = Path(__file__).parents[2]
MODULE = "tests.engines.obedient_worker"

pytestmark = pytest.mark.usefixtures("_workers_find_the_tests")


@pytest.fixture(scope="module", params=["asyncio", ("asyncio", {"use_uvloop": True})], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> object:
    """The server runs on uvloop where there is one."""
    return request.param


@pytest.fixture
def _workers_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@asynccontextmanager
async def open_pool(size: int = 1, *arguments: str) -> AsyncGenerator[WorkerPool]:
    pool = WorkerPool(MODULE, size=size, arguments=arguments)
    try:
        yield pool
    finally:
        await pool.close()


def submit(pool: WorkerPool, lane: Lane | None = None, /, *, blocks: int | None = 3, **orders: object) -> Result:
    return pool.submit(json.dumps({"blocks": blocks, **orders}).encode(), lane or Lane())


async def numbers(result: Result) -> list[int]:
    return [int(block.split()[0]) async for block in result]


async def test_a_job_comes_out_block_by_block_in_order() -> None:
    async with open_pool() as pool:
        assert await numbers(submit(pool, blocks=50)) == list(range(50))
        assert await numbers(submit(pool, blocks=0)) == []


async def test_a_worker_names_itself_on_its_command_line() -> None:
    async with open_pool(2) as pool:
        await numbers(submit(pool))
        for pid in pool.pids():
            assert "rhapsode-worker" in psutil.Process(pid).cmdline()


async def test_workers_work_side_by_side() -> None:
    async with open_pool(2) as pool:
        endless = [submit(pool, blocks=None), submit(pool, blocks=None)]
        for result in endless:
            assert int((await anext(result)).split()[0]) == 0
        for result in endless:
            result.cancel()


async def test_a_newcomers_first_job_passes_the_later_jobs_of_others() -> None:
    async with open_pool() as pool:
        done: list[str] = []
        running = submit(pool, blocks=None)
        await anext(running)
        long, short = Lane(), Lane()
        waiting = {name: submit(pool, long) for name in ("long 1", "long 2", "long 3")}
        waiting["short 1"] = submit(pool, short)

        async def follow(name: str, result: Result) -> None:
            await numbers(result)
            done.append(name)

        async with asyncio.TaskGroup() as group:
            for name, result in waiting.items():
                group.create_task(follow(name, result))
            running.cancel()
        assert done == ["long 1", "short 1", "long 2", "long 3"]


async def test_a_job_whose_worker_dies_is_done_again_and_nothing_is_heard_twice(tmp_path: Path) -> None:
    async with open_pool() as pool:
        assert await numbers(submit(pool, blocks=6, die_once=str(tmp_path / "died"))) == [0, 1, 2, 3, 4, 5]
        assert (tmp_path / "died").exists()


async def test_a_job_that_kills_two_workers_fails_and_the_pool_lives() -> None:
    async with open_pool(2) as pool:
        deadly = submit(pool, blocks=6, die=True)
        with pytest.raises(EngineError, match=r"died twice.*SIGKILL"):
            await numbers(deadly)
        with pytest.raises(EngineError):
            await anext(deadly)
        assert await numbers(submit(pool)) == [0, 1, 2]


async def test_a_worker_may_die_of_a_signal_without_a_name(tmp_path: Path) -> None:
    nameless = signal.SIGRTMIN + 5
    async with open_pool() as pool:
        once = submit(pool, blocks=6, die_once=str(tmp_path / "died"), signal=nameless)
        assert await numbers(once) == [0, 1, 2, 3, 4, 5]
        with pytest.raises(EngineError, match=f"was ended by signal {nameless}$"):
            await numbers(submit(pool, blocks=6, die=True, signal=nameless))


async def test_an_unforeseen_fault_of_the_pool_is_logged_and_fails_every_job() -> None:
    with structlog.testing.capture_logs() as log:
        async with open_pool(2, "\ud800") as pool:  # no process can be given that: a ValueError
            with pytest.raises(EngineError, match="the engine has failed"):
                await numbers(submit(pool))
            with pytest.raises(EngineError, match="the engine has failed"):
                await numbers(submit(pool))
    (entry,) = log
    assert entry["event"] == "the worker pool failed in a way nobody foresaw"
    assert isinstance(entry["exc_info"], ExceptionGroup)


async def test_an_idle_worker_that_dies_is_replaced() -> None:
    async with open_pool() as pool:
        await numbers(submit(pool))
        (before,) = pool.pids()
        os.kill(before, signal.SIGKILL)
        assert await numbers(submit(pool)) == [0, 1, 2]
        assert before not in pool.pids()


async def test_a_worker_that_hangs_is_replaced_and_its_job_done_again() -> None:
    # Long enough for a worker to start on a busy machine, short enough to wait for.
    pool = WorkerPool(MODULE, size=1, patience=3.0)
    await numbers(submit(pool))
    (hung,) = pool.pids()
    os.kill(hung, signal.SIGSTOP)
    assert await numbers(submit(pool)) == [0, 1, 2]
    assert pool.pids() != [hung]
    await pool.close()


async def test_a_job_that_fails_says_so_and_costs_no_worker() -> None:
    async with open_pool() as pool:
        await numbers(submit(pool))
        before = pool.pids()
        with pytest.raises(EngineError, match=r"^a worker failed at its work: ValueError$"):
            await numbers(submit(pool, fail=True))
        assert await numbers(submit(pool)) == [0, 1, 2]
        assert pool.pids() == before


async def test_cancelling_frees_the_worker() -> None:
    async with open_pool() as pool:
        endless = submit(pool, blocks=None)
        await anext(endless)
        before = pool.pids()
        endless.cancel()
        assert await numbers(submit(pool)) == [0, 1, 2]
        assert pool.pids() == before


async def test_a_job_cancelled_while_it_waits_is_never_begun(tmp_path: Path) -> None:
    async with open_pool() as pool:
        running = submit(pool, blocks=None)
        await anext(running)
        waiting = submit(pool, blocks=6, die_once=str(tmp_path / "begun"))
        waiting.cancel()
        running.cancel()
        assert await numbers(submit(pool)) == [0, 1, 2]
        assert not (tmp_path / "begun").exists()


async def test_a_listener_who_does_not_listen_holds_no_worker() -> None:
    async with open_pool() as pool:
        unheard = submit(pool, blocks=100, size=40_000)
        assert await numbers(submit(pool)) == [0, 1, 2]
        assert await numbers(unheard) == list(range(100))


async def test_signals_are_left_to_the_server() -> None:
    async with open_pool() as pool:
        await numbers(submit(pool))
        before = pool.pids()
        for pid in before:
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGINT)
        assert await numbers(submit(pool)) == [0, 1, 2]
        assert pool.pids() == before


async def test_what_a_worker_prints_reaches_the_log_and_fills_no_pipe(caplog: pytest.LogCaptureFixture) -> None:
    async with open_pool() as pool:
        with caplog.at_level(logging.WARNING):
            assert await numbers(submit(pool, say="from stdout\n", noise=1_000_000)) == [0, 1, 2]
            await pool.close()
        assert any("from stdout" in line for line in caplog.messages)
        assert max(map(len, caplog.messages)) < 3000


async def test_a_worker_that_never_starts_is_an_error_that_says_why() -> None:
    async with open_pool(2, "broken") as pool:
        with pytest.raises(EngineError, match=r"no worker of .* starts: .*the engine's data is missing"):
            await numbers(submit(pool))
        with pytest.raises(EngineError, match="no worker"):
            await numbers(submit(pool))


async def test_closing_ends_every_worker_and_every_job_and_leaves_nothing_open() -> None:
    process = psutil.Process()
    descriptors = process.num_fds()
    async with open_pool(2) as pool:
        running = [submit(pool, blocks=None), submit(pool, blocks=3, size=200_000)]
        await anext(running[0])
        workers = [psutil.Process(pid) for pid in pool.pids()]
    assert not any(worker.is_running() for worker in workers)
    assert process.num_fds() <= descriptors + 1  # asyncio keeps one for its child watcher
    with pytest.raises(EngineError, match="closed"):
        await numbers(running[0])
    with pytest.raises(EngineError, match="closed"):
        await numbers(submit(pool))


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 5, 10, 20])
async def test_closing_while_workers_start_leaves_none_behind(milliseconds: int) -> None:
    before = set(psutil.Process().children())
    pool = WorkerPool(MODULE, size=4)
    waiting = submit(pool)
    await asyncio.sleep(milliseconds / 1000)
    await pool.close()
    assert set(psutil.Process().children()) <= before
    with pytest.raises(EngineError, match="closed"):
        await numbers(waiting)


def test_workers_end_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.engines.parent"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        assert len(workers) == 2
        parent.kill()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert alive == []
