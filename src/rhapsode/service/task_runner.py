"""The server's own work between calls: long texts, so many at a time, each under a lease."""

import asyncio
from contextlib import suppress

import structlog

from rhapsode.core.errors import EngineMissing, Overloaded, RequestError, ServiceError
from rhapsode.jobs.tasks import LEASE_SECONDS, Lease, Tasks
from rhapsode.service.long_text import LeaseLost, LongText

POLL_SECONDS = 2.0
"""How often it is looked for tasks that another process took in, or left behind."""

RENEW_SECONDS = LEASE_SECONDS / 3

ATTEMPTS = 5
"""How often a task is begun without getting any further; then something in it, perhaps, ends the process."""

TRIES = 3
"""How often it is begun where an engine or the disk failed."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.tasks")


class TaskRunner:
    """Works on tasks until `run` is cancelled; what was under way can then be gone on with by anybody."""

    def __init__(self, *, tasks: Tasks, long_text: LongText, parallel: int) -> None:
        self._tasks = tasks
        self._long_text = long_text
        self._parallel = parallel
        self._new = asyncio.Event()

    def wake(self) -> None:
        """There is a new task."""
        self._new.set()

    async def run(self) -> None:
        """Work, for ever."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._parallel):
                group.create_task(self._serve())

    async def _serve(self) -> None:
        while True:
            self._new.clear()
            try:
                lease = await self._tasks.claim()
                if lease is not None:
                    await self._hold(lease)
                    continue
            except ServiceError as error:  # the database is busy: the lease ends by itself
                _log.warning("a task was left", error=error.message)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._new.wait()

    async def _hold(self, lease: Lease) -> None:
        """Do the task for as long as the lease is ours; let go of it, whatever ends the work."""
        work = asyncio.create_task(self._work(lease))
        try:
            while not (await asyncio.wait({work}, timeout=RENEW_SECONDS))[0]:
                if not await self._renew(lease):
                    work.cancel()
            await asyncio.wait({work})
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait({work})
                await self._tasks.release(lease, uncounted=True)
        if not work.cancelled():
            work.result()

    async def _renew(self, lease: Lease) -> bool:
        try:
            return await self._tasks.renew(lease)
        except ServiceError:  # the next time, perhaps
            return True

    async def _work(self, lease: Lease) -> None:
        log = _log.bind(task_id=lease.task.id)
        if lease.task.attempts > ATTEMPTS:
            await self._fail(lease, f"it was begun {ATTEMPTS} times and broke off each time")
            return
        try:
            await self._long_text.work(lease)
        except LeaseLost:
            log.warning("another process works on the task")
        except RequestError as error:
            await self._fail(lease, error.message)
        except (Overloaded, EngineMissing):  # it waits, for its turn or for an engine
            await self._tasks.release(lease, seconds=LEASE_SECONDS, uncounted=True)
        except ServiceError as error:
            log.warning("a task broke off", error=error.message, cause=repr(error.__cause__))
            task = await self._tasks.find(lease.task.group_id, lease.task.id)
            if task and task.attempts < TRIES:
                await self._tasks.release(lease, seconds=1 << task.attempts)
            else:
                await self._fail(lease, error.message)
        except Exception:  # nobody waits who could be told: it is kept in the task
            log.exception("a task failed in a way nobody foresaw")
            await self._fail(lease, "unknown error")
        else:
            log.info("a task is done")

    async def _fail(self, lease: Lease, reason: str) -> None:
        if await self._tasks.fail(lease, reason):
            await self._long_text.forget(lease.task.id)
