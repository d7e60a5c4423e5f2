"""A pool of worker processes: native code that may crash, or that has one global state, kept out of the server.

Each worker does one job at a time. What it makes is taken from it at once, however slowly the listener listens, so a
slow listener holds no worker; who submits keeps the jobs small and few, and that bounds the memory. A worker that
dies is replaced, and its job is done once more by another: jobs make the same blocks each time, so what was
delivered already is left out.
"""

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence

import structlog

from rhapsode.core.errors import EngineError
from rhapsode.engines.fair_queue import Entry, FairQueue, Lane
from rhapsode.engines.worker_messages import Block, Cancel, Done, Failed, Job
from rhapsode.engines.worker_process import WorkerDied, WorkerProcess, running_worker
from rhapsode.telemetry.readings import Name

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.engines")

_ATTEMPTS = 2
_PATIENCE = 60.0
_FALSE_STARTS = 3
"""in a row, with no worker running: then calls fail at once instead of waiting for the next try"""
_LONGEST_REST = 30.0
"""seconds between two tries to start a worker; the first are closer"""
_BROKEN = "the engine has failed; its log says why"


class Result:
    """A job's blocks, as they come. Who asked for it ends it with `cancel`, in every case."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.attempts = 0
        self.delivered = 0
        self.ended = False
        self.stop_worker: Callable[[], None] | None = None
        self._blocks: asyncio.Queue[bytes | EngineError | None] = asyncio.Queue()

    def __aiter__(self) -> "Result":
        return self

    async def __anext__(self) -> bytes:
        """Raises `EngineError` when the job failed."""
        item = await self._blocks.get()
        if isinstance(item, bytes):
            return item
        self._blocks.put_nowait(item)  # the end stays the end
        if item is None:
            raise StopAsyncIteration
        raise item

    @property
    def waits(self) -> bool:
        """No worker has begun it yet."""
        return not self.attempts and not self.ended

    def cancel(self) -> None:
        """Free the worker: it stops before its next block. Does nothing to a job that has ended."""
        self.end(None)
        if self.stop_worker is not None:
            self.stop_worker()

    def deliver(self, block: bytes) -> None:
        """For the pool: the next block."""
        self.delivered += 1
        if not self.ended:
            self._blocks.put_nowait(block)

    def end(self, error: EngineError | None) -> None:
        """For the pool: no more blocks come."""
        if not self.ended:
            self.ended = True
            self._blocks.put_nowait(error)


class WorkerPool:
    """`size` processes of `module`, started beside whatever the server does meanwhile."""

    def __init__(self, module: str, *, size: int, arguments: Sequence[str] = (), patience: float = _PATIENCE) -> None:
        """Must be made inside a running event loop, in a thread that outlives the pool.

        `patience` is how many seconds a worker may be silent, at its start or in a job, before it counts as dead.
        """
        self._module, self._arguments, self._patience = module, tuple(arguments), patience
        self._queue: FairQueue[Result] = FairQueue()
        self._open: set[Result] = set()
        self._numbers = itertools.count()
        self._free = self._size = size
        self._deaths = 0
        self._workers: set[WorkerProcess] = set()
        self._fault = ""
        self._closed = False
        self._running = asyncio.create_task(self._run(size))
        self._running.add_done_callback(self._mourn)

    def pids(self) -> list[int]:
        """The process ids of the workers that are ready."""
        return sorted(worker.pid for worker in self._workers)

    @property
    def free(self) -> int:
        """How many workers have no job; one that starts counts."""
        return self._free

    def readings(self) -> Mapping[Name, float]:
        """For whoever watches."""
        waiting = sum(result.waits for result in self._open)
        return {
            "waiting": waiting,
            "running": self._size - self._free,
            "places": self._size,
            "worker_deaths": self._deaths,
        }

    def submit(self, body: bytes, lane: Lane) -> Result:
        """Put a job in line. `lane` is the caller's: one a request."""
        result = Result(body)
        if self._closed:
            result.end(EngineError("the engine is closed"))
        elif self._running.done():
            result.end(EngineError(_BROKEN))
        elif self._fault and not self._workers:
            result.end(EngineError(self._fault))
        else:
            self._open.add(result)
            self._queue.put(result, lane)
        return result

    async def close(self) -> None:
        """End every worker; jobs that are not done fail."""
        self._closed = True
        self._running.cancel()
        await asyncio.wait((self._running,))
        self._fail_open("the engine was closed")

    async def _run(self, size: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(size):
                group.create_task(self._keep_one())

    def _mourn(self, running: asyncio.Task[None]) -> None:
        """The keepers have ended. Unless that was asked for, no job would ever be done, so each fails."""
        if self._closed:
            return
        if not running.cancelled():  # else the event loop ends, and all with it
            _log.error(
                "the worker pool failed in a way nobody foresaw", module=self._module, exc_info=running.exception()
            )
        self._fail_open(_BROKEN)

    def _fail_open(self, fault: str) -> None:
        for result in self._open:
            result.end(EngineError(fault))
        self._open.clear()

    async def _keep_one(self) -> None:
        """One worker after the other, for ever."""
        false_starts = 0
        while True:
            started = False
            try:
                async with running_worker(self._module, self._arguments, patience=self._patience) as worker:
                    started, false_starts, self._fault = True, 0, ""
                    self._workers.add(worker)
                    try:
                        await self._employ(worker)
                    finally:
                        self._workers.discard(worker)
            except (WorkerDied, OSError) as death:
                self._deaths += 1
                _log.warning("a worker died", module=self._module, how=str(death))
                if not started:
                    false_starts += 1
                    self._lament(false_starts, str(death))
                    await asyncio.sleep(min(0.1 * 2**false_starts, _LONGEST_REST))

    def _lament(self, false_starts: int, death: str) -> None:
        if false_starts >= _FALSE_STARTS and not self._workers:
            self._fault = f"no worker of {self._module} starts: {death}"
            for result in self._queue.take_all():
                self._end(result, EngineError(self._fault))

    async def _employ(self, worker: WorkerProcess) -> None:
        """Job after job, until the worker dies (`WorkerDied`)."""
        while True:
            entry = await self._next_job(worker)
            result = entry.work
            if result.ended:
                self._open.discard(result)
                continue
            try:
                await self._do(worker, result)
            except WorkerDied as death:
                if result.attempts < _ATTEMPTS and not result.ended:
                    self._queue.put_back(entry)
                else:
                    self._end(result, EngineError(f"the worker died twice at the same work; the last one {death}"))
                raise

    async def _next_job(self, worker: WorkerProcess) -> Entry[Result]:
        """Raises `WorkerDied` when the worker dies while it waits."""
        coming = asyncio.create_task(self._queue.get())
        try:
            await asyncio.wait((coming, worker.exited), return_when=asyncio.FIRST_COMPLETED)
            if worker.exited.done():
                if coming.done():
                    self._queue.put_back(coming.result())
                raise WorkerDied("ended while it was idle")
            return coming.result()
        finally:
            coming.cancel()

    async def _do(self, worker: WorkerProcess, result: Result) -> None:
        number = next(self._numbers)
        result.attempts += 1
        self._free -= 1
        known = result.delivered
        result.stop_worker = lambda: worker.send(Cancel(number))
        try:
            worker.send(Job(number, result.body))
            while True:
                match await worker.receive():
                    case Block(body):
                        if known:
                            known -= 1
                        else:
                            result.deliver(body)
                    case Done():
                        return self._end(result, None)
                    case Failed(fault):
                        return self._end(result, EngineError(f"a worker failed at its work: {fault}"))
                    case _:
                        raise WorkerDied("spoke out of turn")
        finally:
            result.stop_worker = None
            self._free += 1

    def _end(self, result: Result, error: EngineError | None) -> None:
        result.end(error)
        self._open.discard(result)
