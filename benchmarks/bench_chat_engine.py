"""How much of llama.cpp's speed our chat engine passes on, and whether a long conversation stays quick.

Reference: llama.cpp called directly through xllamacpp, with the same model, messages and sampling, but without our
grammar, line and bridge. The runs alternate, so that what else the machine does meets both.

    python benchmarks/bench_chat_engine.py [rounds]
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
from report import finish, median, percentile, table

from rhapsode.core.chat import Bot, ChatEnd, ChatEngine, ChatRequest, ChatText, Role, Sampling, Turn, collect
from rhapsode.engines.chat.chunks import read_chunk
from rhapsode.engines.chat.llama import open_engine
from rhapsode.engines.chat.markers import Markers
from rhapsode.engines.chat.native import NativeServer, Size, load
from rhapsode.engines.chat.render import render
from rhapsode.engines.cores import usable_cores
from rhapsode.models.catalogue import find_model

MODEL = find_model("default", directory=Path("models"))
BOT = Bot(name="Homer", description="Homer is a poet who tells long stories of the sea and its heroes.")
TOKENS = 160
ENOUGH = 80
"""A reply that ended by itself earlier is asked for again."""
SPEED = 0.95
"""of the reference's tokens a second, at least"""
TENTH = 1.5
"""times the second turn's first token, at most"""


@dataclass(frozen=True)
class Run:
    """One reply: seconds to the first piece, then tokens and the seconds in which they came."""

    first: float
    tokens: int
    seconds: float

    @property
    def rate(self) -> float:
        """Tokens a second, the first one not counted."""
        return (self.tokens - 1) / self.seconds


Subject = Callable[[ChatRequest], Awaitable[Run]]
"""What is measured: a request in, a run out. The same scaffolding can measure a server."""


async def through_engine(engine: ChatEngine, request: ChatRequest) -> Run:
    """By our engine."""
    started = time.perf_counter()
    first = 0.0
    async with aclosing(engine.reply(request)) as events:
        async for event in events:
            now = time.perf_counter()
            if isinstance(event, ChatText):
                first = first or now
            elif isinstance(event, ChatEnd):
                return Run(first - started, event.usage.reply_tokens, now - first)
    raise AssertionError("no end")


async def through_llama(server: NativeServer, request: ChatRequest) -> Run:
    """By llama.cpp itself, with the same messages."""
    messages = [{"role": m.role, "content": m.content} for m in render(request, markers=Markers(())).messages]
    body = {
        "messages": messages,
        "max_tokens": request.max_tokens,
        "temperature": request.sampling.temperature,
        "top_p": request.sampling.top_p,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return await asyncio.to_thread(_call, server, msgspec.json.encode(body))


def _call(server: NativeServer, body: bytes) -> Run:
    started = time.perf_counter()
    first, last, tokens = 0.0, 0.0, 0

    def listen(data: bytes) -> bool:
        nonlocal first, last, tokens
        chunk = read_chunk(data)
        last = time.perf_counter()
        if chunk.text:
            first = first or last
        if chunk.usage is not None:
            tokens = chunk.usage.completion_tokens
        return False

    server.handle_chat_completions(body, listen)
    return Run(first - started, tokens, last - first)


def ask(*texts: str, max_tokens: int) -> ChatRequest:
    """A conversation of one user: what they said and what they heard, in turn."""
    roles = [(Role.USER, "Li"), (Role.BOT, BOT.name)] * len(texts)
    turns = tuple(
        Turn(role=role, speaker=speaker, text=text) for (role, speaker), text in zip(roles, texts, strict=False)
    )
    sampling = Sampling(temperature=0.9, top_p=0.95)
    return ChatRequest(model="", bots=(BOT,), turns=turns, reply_as=BOT.name, max_tokens=max_tokens, sampling=sampling)


async def long_run(subject: Subject) -> Run:
    """A reply that is long enough to be timed."""
    while True:
        run = await subject(ask("Tell me a very long story about Odysseus and the sea.", max_tokens=TOKENS))
        if run.tokens >= ENOUGH:
            return run


@asynccontextmanager
async def open_llama() -> AsyncGenerator[Subject]:
    """The reference."""
    size = Size(slots=4, context=8192, batch=32, threads=usable_cores())
    held = [await asyncio.to_thread(load, MODEL, size, template="")]
    yield partial(through_llama, held[0])
    await asyncio.to_thread(held.clear)


@asynccontextmanager
async def open_ours() -> AsyncGenerator[Subject]:
    """Our engine."""
    engine = await open_engine({}, find_model=lambda _: MODEL)
    yield partial(through_engine, engine)
    await engine.close()


async def compare(rounds: int) -> tuple[str, bool]:
    """Decoding speed against the reference.

    One model is loaded at a time: with two in one process, libgomp sees more threads than cores, and both decode at
    half their speed.
    """
    subjects = {"llama.cpp, direct": open_llama, "our engine": open_ours}
    rates: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, opened in subjects.items():
            async with opened() as subject:
                await long_run(subject)  # warm
                rates[name].append((await long_run(subject)).rate)
    direct, ours = (median(values) for values in rates.values())
    table(
        f"Decoding, one stream, {rounds} runs each",
        ("", "tokens/s p50", "p5", "p95"),
        [
            (name, f"{median(values):.1f}", f"{percentile(values, 0.05):.1f}", f"{percentile(values, 0.95):.1f}")
            for name, values in rates.items()
        ],
    )
    ratio = ours / direct
    return f"{ratio:.2f} of llama.cpp's speed, at least {SPEED}", ratio >= SPEED


async def converse(engine: ChatEngine, rounds: int) -> tuple[str, bool]:
    """Ten turns, several times: the first token of each turn."""
    waits: dict[int, list[float]] = {turn: [] for turn in range(1, 11)}
    for number in range(rounds):
        said: list[str] = []
        for turn, values in waits.items():
            said.append(f"This is question {turn} of talk {number}: what happened then to the ship and its crew?")
            values.append((await through_engine(engine, ask(*said, max_tokens=1))).first)
            said.append((await collect(engine.reply(ask(*said, max_tokens=48)))).text)
    table(
        f"First token of each turn of a conversation, {rounds} conversations",
        ("turn", "ms p50", "p95"),
        [
            (str(turn), f"{median(values) * 1e3:.0f}", f"{percentile(values, 0.95) * 1e3:.0f}")
            for turn, values in waits.items()
        ],
    )
    ratio = median(waits[10]) / median(waits[2])
    return f"turn 10 takes {ratio:.2f} times what turn 2 takes, at most {TENTH}", ratio <= TENTH


async def main(rounds: int) -> None:
    """Both questions."""
    checks = [await compare(rounds)]
    engine = await open_engine({}, find_model=lambda _: MODEL)
    try:
        checks.append(await converse(engine, max(5, rounds // 2)))
    finally:
        await engine.close()
    finish(checks)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9))
