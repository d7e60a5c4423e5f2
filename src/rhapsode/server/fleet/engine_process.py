"""The process that holds the engines of a server of many processes, so that each model is loaded once.

`python -m rhapsode.server.fleet.engine_process rhapsode-engines`, started by the parent of all.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from rhapsode.core.chat import ChatEngine
from rhapsode.core.embedding import EmbedEngine
from rhapsode.core.errors import EngineMissing, RhapsodeError
from rhapsode.core.speech import SpeechEngine
from rhapsode.engines.remote.answering import Engines
from rhapsode.link.host import hosting
from rhapsode.server.engine_opener import OwnEngines
from rhapsode.server.event_loop import loop_factory
from rhapsode.server.fleet.inside import Inside
from rhapsode.server.fleet.orders import Answer, EngineOrder, EnginesOrder, answer_of
from rhapsode.server.settled_memory import settle_memory
from rhapsode.server.watched_engines import WatchedEngines
from rhapsode.telemetry.logs import configure_logs
from rhapsode.telemetry.sampling import Sampler


def main() -> int:
    """Answer until the parent says that it is over, or goes."""
    inside = Inside()
    order = inside.order(EnginesOrder)
    configure_logs(json=order.json_logs, level=order.log_level)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_serve(order, inside))


async def _serve(order: EnginesOrder, inside: Inside) -> int:
    over = asyncio.Event()
    inside.follow(lambda _end: over.set())
    try:
        async with _opened(order) as (engines, missing), hosting(order.socket, lambda: (engines.answer, _nothing)):
            settle_memory()
            inside.answer(Answer(missing=missing))
            await over.wait()
    except RhapsodeError as fault:
        inside.answer(answer_of(fault))
        return 1
    return 0


@asynccontextmanager
async def _opened(order: EnginesOrder) -> AsyncGenerator[tuple[Engines, str | None]]:
    """The engines, and what is missing for speech: chat is worth serving without."""
    sampler = Sampler()
    opener = WatchedEngines(OwnEngines(Path(order.models)), sampler)
    missing: str | None = None
    async with AsyncExitStack() as stack:
        chat: dict[str, ChatEngine] = {}
        for name, kind, options in _each(order.chat):
            chat[name] = await opener.chat(name, kind, options)
            stack.push_async_callback(chat[name].close)
        embed: dict[str, EmbedEngine] = {}
        for name, kind, options in _each(order.embed):
            embed[name] = await opener.embed(name, kind, options)
            stack.push_async_callback(embed[name].close)
        speech: dict[str, SpeechEngine] = {}
        for name, kind, options in _each(order.speech):
            try:
                speech[name] = await opener.speech(name, kind, options)
            except EngineMissing as error:
                missing = error.message
            else:
                stack.push_async_callback(speech[name].close)
        await stack.enter_async_context(sampler.looking())
        yield Engines(chat=chat, speech=speech, embed=embed), missing


def _each(orders: Mapping[str, EngineOrder]) -> list[tuple[str, str, Mapping[str, object]]]:
    return [(name, order.kind, order.options) for name, order in orders.items()]


def _nothing() -> None:
    """Nothing is held for a server beyond its calls."""


if __name__ == "__main__":
    sys.exit(main())
