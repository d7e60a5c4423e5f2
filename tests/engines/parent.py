"""A server that opens a pool, names its workers, gives one an endless job, and waits to be killed."""

import asyncio
import sys

from rhapsode.engines.fair_queue import Lane
from rhapsode.engines.workers import WorkerPool


async def main() -> None:
    pool = WorkerPool("tests.engines.obedient_worker", size=2)
    endless = pool.submit(b'{"blocks": null}', Lane())
    await anext(endless)
    await anext(pool.submit(b'{"blocks": 1}', Lane()))
    print(*pool.pids(), flush=True)  # noqa: T201
    async for _ in endless:
        pass


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
