"""A caller who leaves is gone from llama.cpp: waiting, in prompt evaluation, or in mid-reply.

What is measured is how long `aclose`, or the cancelled task, takes: it returns when the native call has returned. The
promise is 0.2 s, and 0.5 s in prompt evaluation; `benchmarks/bench_hang_up.py` shows that it is kept. Here the machine
may be busy with other tests, so the limit is ten times that, which still tells a call that was stopped from one that
ran to its end.
"""

import asyncio
import time
from contextlib import aclosing

import pytest

from rhapsode.core.chat import collect
from rhapsode.engines.chat.llama import LlamaEngine
from tests.engines.chat.requests import chat

pytestmark = pytest.mark.xdist_group("llama")

PROMISE, IN_EVALUATION = 0.2, 0.5
MARGIN = 10

COUNT = chat("Count to one thousand: 1, 2, 3, 4, 5, 6, 7, 8, 9", max_tokens=3000, temperature=0.1)


def long_prompt(number: int) -> str:
    """4,000 tokens that no cache knows: about 20 s of evaluation."""
    return " ".join(f"{number}-{word}" for word in range(1000))


async def until_running(llama: LlamaEngine, count: int) -> None:
    """Sees to it that so many calls are inside llama.cpp."""
    while llama.running < count:
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)


async def leave(*callers: "asyncio.Task[object]") -> float:
    """Seconds until all are gone."""
    started = time.monotonic()
    for caller in callers:
        caller.cancel()
    await asyncio.wait(callers)
    return time.monotonic() - started


async def test_in_mid_reply(llama: LlamaEngine) -> None:
    async with aclosing(llama.reply(COUNT)) as events:
        await anext(events)
        started = time.monotonic()
    assert time.monotonic() - started < PROMISE * MARGIN
    assert llama.running == 0


async def test_in_prompt_evaluation(llama: LlamaEngine) -> None:
    caller = asyncio.create_task(collect(llama.reply(chat(long_prompt(1)))))
    await until_running(llama, 1)
    assert await leave(caller) < IN_EVALUATION * MARGIN
    assert (llama.running, llama.waiting) == (0, 0)


async def test_waiting(llama: LlamaEngine) -> None:
    evaluating = asyncio.create_task(collect(llama.reply(chat(long_prompt(2)))))
    await until_running(llama, 1)
    waiting = asyncio.create_task(collect(llama.reply(chat("hello"))))
    while not llama.waiting:
        await asyncio.wait((waiting,), timeout=0)
    assert await leave(waiting) < PROMISE * MARGIN
    assert (llama.running, llama.waiting) == (1, 0)
    await leave(evaluating)


async def test_four_long_prompts_at_once(llama: LlamaEngine) -> None:
    callers = [asyncio.create_task(collect(llama.reply(chat(long_prompt(number))))) for number in range(3, 7)]
    await until_running(llama, 1)
    assert await leave(*callers) < IN_EVALUATION * MARGIN
    assert (llama.running, llama.waiting) == (0, 0)
    assert (await collect(llama.reply(chat("hello", max_tokens=2)))).text


async def test_in_mid_reply_while_another_prompt_is_evaluated(llama: LlamaEngine) -> None:
    async with aclosing(llama.reply(COUNT)) as events:
        await anext(events)
        evaluating = asyncio.create_task(collect(llama.reply(chat(long_prompt(7)))))
        await until_running(llama, 2)
        await anext(events)
        started = time.monotonic()
    assert time.monotonic() - started < PROMISE * MARGIN
    await leave(evaluating)
