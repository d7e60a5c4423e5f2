"""A native call, played by a thread that does as llama.cpp does: it reports, and ends when a report says so."""

import asyncio
import subprocess
import sys
import threading

import pytest

from rhapsode.core.errors import EngineError
from rhapsode.engines.chat.bridge import Listener, NativeCall


async def test_chunks_come_in_order_and_the_end_is_told() -> None:
    ended: list[bool] = []

    def count(listener: Listener) -> None:
        for number in range(1000):
            listener(b"%d" % number)

    call = NativeCall(count, on_end=lambda: ended.append(True))
    assert [int(chunk) async for chunk in call] == list(range(1000))
    assert ended == [True]


async def test_closing_ends_the_native_call_before_it_returns() -> None:
    inside = threading.Event()

    def forever(listener: Listener) -> None:
        inside.set()
        while not listener(b"more"):
            pass
        inside.clear()

    async with NativeCall(forever, on_end=lambda: None) as call:
        await anext(call)
        assert inside.is_set()
    assert not inside.is_set()


async def test_a_second_cancellation_does_not_wait_and_the_end_is_told_all_the_same() -> None:
    let_go, ended = threading.Event(), asyncio.Event()

    def stubborn(listener: Listener) -> None:
        listener(b"x")
        let_go.wait()

    call = NativeCall(stubborn, on_end=ended.set)
    reader = asyncio.create_task(_read(call))
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.sleep(0)  # the first one is felt: the reader now waits for the native code
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert not ended.is_set()
    let_go.set()
    await ended.wait()


async def _read(call: NativeCall) -> list[bytes]:
    async with call:
        return [chunk async for chunk in call]


@pytest.mark.parametrize("foreign", [RuntimeError("secret words"), ValueError("secret words"), MemoryError()])
async def test_native_errors_become_ours_and_quote_nothing(foreign: Exception) -> None:
    def fail(listener: Listener) -> None:
        listener(b"x")
        raise foreign

    call = NativeCall(fail, on_end=lambda: None)
    with pytest.raises(EngineError) as caught:
        await _read(call)
    assert caught.value.__cause__ is foreign
    assert "secret" not in caught.value.message


HOLDING = """
import asyncio, threading
from rhapsode.engines.chat.bridge import NativeCall

def forever(listener):
    while not listener(b"more"):
        pass

async def first():
    call = NativeCall(forever, on_end=lambda: None)
    keep.append(call)
    await anext(call)

keep = []
loop = asyncio.new_event_loop()
loop.run_until_complete(first())
{end}
print("out", flush=True)
"""


@pytest.mark.parametrize("end", ["", "loop.close()"], ids=["loop open", "loop closed"])
def test_the_interpreter_ends_with_a_call_under_way(end: str) -> None:
    program = HOLDING.format(end=end)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "out\n")
