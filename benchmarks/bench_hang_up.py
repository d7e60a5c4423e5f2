"""How soon a caller who leaves is gone from llama.cpp: waiting, in prompt evaluation, in mid-reply.

Reference: what is promised, 0.2 s, and 0.5 s in prompt evaluation. Measured is how long the caller's cancelled task
takes to end, which it does when the native call has returned.

    python benchmarks/bench_hang_up.py [rounds]
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from report import finish, median, table

from rhapsode.core.chat import Bot, ChatRequest, ChatText, Role, Sampling, Turn
from rhapsode.engines.chat.llama import LlamaEngine, open_engine
from rhapsode.models.catalogue import find_model

PROMISE, IN_EVALUATION = 0.2, 0.5
BOT = Bot(name="Homer", description="Homer counts.")

numbers = itertools.count()


def ask(text: str, max_tokens: int = 3000) -> ChatRequest:
    """One turn."""
    turn = Turn(role=Role.USER, speaker="Li", text=text)
    sampling = Sampling(temperature=0.1, top_p=0.95)
    return ChatRequest(
        model="", bots=(BOT,), turns=(turn,), reply_as=BOT.name, max_tokens=max_tokens, sampling=sampling
    )


def long_prompt() -> ChatRequest:
    """4,000 tokens that no cache knows."""
    number = next(numbers)
    return ask(" ".join(f"{number}-{word}" for word in range(1000)))


class Caller:
    """A task that reads a reply."""

    def __init__(self, engine: LlamaEngine, request: ChatRequest) -> None:
        self.heard = asyncio.Event()
        self.task = asyncio.create_task(self._read(engine, request))

    async def _read(self, engine: LlamaEngine, request: ChatRequest) -> None:
        async for event in engine.reply(request):
            if isinstance(event, ChatText):
                self.heard.set()


async def leave(*callers: Caller) -> float:
    """Seconds until all are gone."""
    started = time.perf_counter()
    for caller in callers:
        caller.task.cancel()
    await asyncio.wait([caller.task for caller in callers])
    return time.perf_counter() - started


async def until(condition: Callable[[], bool]) -> None:
    """Looks often."""
    while not condition():  # noqa: ASYNC110 - of what has no event
        await asyncio.sleep(0.005)


async def in_mid_reply(engine: LlamaEngine) -> float:
    """One call that decodes."""
    caller = Caller(engine, ask("Count to one thousand: 1, 2, 3, 4, 5, 6, 7, 8, 9"))
    await caller.heard.wait()
    return await leave(caller)


async def in_mid_reply_beside_a_prompt(engine: LlamaEngine) -> float:
    """One call that decodes, while another's prompt is evaluated."""
    caller = Caller(engine, ask("Count to one thousand: 1, 2, 3, 4, 5, 6, 7, 8, 9"))
    await caller.heard.wait()
    other = Caller(engine, long_prompt())
    await asyncio.sleep(0.7)
    gap = await leave(caller)
    await leave(other)
    return gap


async def in_evaluation(engine: LlamaEngine) -> float:
    """One long prompt, at some point of it."""
    caller = Caller(engine, long_prompt())
    await until(lambda: engine.running == 1)
    await asyncio.sleep(0.2 + 0.37 * (next(numbers) % 10))
    return await leave(caller)


async def in_evaluation_four(engine: LlamaEngine) -> float:
    """Four long prompts at once; all leave."""
    callers = [Caller(engine, long_prompt()) for _ in range(4)]
    await until(lambda: engine.running == 1)
    await asyncio.sleep(0.5)
    return await leave(*callers)


async def waiting(engine: LlamaEngine) -> float:
    """A short call behind a long prompt."""
    first = Caller(engine, long_prompt())
    await until(lambda: engine.running == 1)
    second = Caller(engine, ask("hello"))
    await until(lambda: engine.waiting == 1)
    gap = await leave(second)
    await leave(first)
    return gap


STATES: dict[str, tuple[Callable[[LlamaEngine], Awaitable[float]], float]] = {
    "waiting": (waiting, PROMISE),
    "in prompt evaluation": (in_evaluation, IN_EVALUATION),
    "four in prompt evaluation": (in_evaluation_four, IN_EVALUATION),
    "in mid-reply": (in_mid_reply, PROMISE),
    "in mid-reply, beside a prompt in evaluation": (in_mid_reply_beside_a_prompt, PROMISE),
}


async def main(rounds: int) -> None:
    """Every state, so many times."""
    engine = await open_engine({}, find_model=lambda name: find_model(name, directory=Path("models")))
    gaps: dict[str, list[float]] = {state: [] for state in STATES}
    for _ in range(rounds):
        for state, (measure, _) in STATES.items():
            gaps[state].append(await measure(engine))
    await engine.close()
    table(
        f"A caller leaves, {rounds} times in each state",
        ("state", "ms p50", "largest", "promised"),
        [
            (state, f"{median(values) * 1e3:.0f}", f"{max(values) * 1e3:.0f}", f"{STATES[state][1] * 1e3:.0f}")
            for state, values in gaps.items()
        ],
    )
    finish([(f"{state}: within the promise", max(values) <= STATES[state][1]) for state, values in gaps.items()])


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
