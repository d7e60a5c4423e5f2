"""What the server does between calls: it goes on until the server ends, whatever happens to it on the way."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

AGAIN_SECONDS = 5.0
"""How long work rests that failed in a way nobody foresaw."""

Job = Callable[[], Awaitable[None]]

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.background")


@asynccontextmanager
async def in_background(*jobs: Job) -> AsyncGenerator[None]:
    """Do the jobs beside what stands inside; leaving cancels them and waits until they have let go."""
    tasks = [asyncio.create_task(_keep_at(job)) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _keep_at(job: Job) -> None:
    while True:
        try:
            await job()
        except Exception:  # noqa: BLE001 - nobody waits who could be told
            _log.exception("work in the background failed in a way nobody foresaw")
        await asyncio.sleep(AGAIN_SECONDS)
