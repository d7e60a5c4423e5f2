"""A real HTTP server that plays SearXNG, and misbehaves when it is told to."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Answers = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def playing_searxng(answers: Answers, path: str = "/search") -> AsyncGenerator[str]:
    """Its address, on a free port."""
    app = web.Application()
    app.router.add_get(path, answers)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port: int = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def never(request: web.Request) -> web.StreamResponse:
    """Takes the question and says nothing."""
    del request
    await asyncio.Event().wait()
    raise AssertionError
