"""One of many processes, seen from their parent: started, heard once, told words, and ended."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec

from rhapsode.core.errors import EngineError
from rhapsode.server.fleet.orders import PING, Answer, EnginesOrder, ServerOrder

_GOODBYE = 5.0
"""seconds that a process has to end by itself once it shall"""
_LONGEST_ANSWER = 2**20
_PARTS: Final = 10
"""Of the time that a process may say nothing: it is waited for in so many waits."""


class Child:
    """A process that has its order. Made by `running_child`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a process needs both pipes")
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self.ended = asyncio.create_task(process.wait())
        """done when it has gone; its exit status"""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def ready(self) -> Answer:
        """What it answered. Raises what it says that it failed of, and `EngineError` when it ended without a word."""
        line = await self._stdout.readline()
        if not line:
            raise EngineError(f"a process of the server {how_it_ended(await self.ended)} before it was ready")
        return msgspec.json.decode(line, type=Answer).check()

    def say(self, word: str) -> None:
        """Words are short: none waits. To one that has gone they are lost, which `ended` tells."""
        if not self._stdin.is_closing():
            self._stdin.write(word.encode() + b"\n")

    async def silent(self, seconds: float) -> None:
        """Return when one that was ready has answered nothing for so long: its event loop stands still.

        What counts is how often this process has waited for it, and not the clock: a machine that was suspended, or
        this process that was, has waited once.
        """
        part = seconds / _PARTS
        heard: asyncio.Task[bytes] | None = None
        waits = 0
        try:
            while waits < _PARTS:
                await asyncio.sleep(part)
                if heard is None or heard.done():
                    if heard is not None and not heard.result():  # it has ended, or closed its ears
                        await asyncio.wait((self.ended,))
                    waits, heard = 0, asyncio.create_task(self._stdout.readline())
                    self.say(PING)
                else:
                    waits += 1
        finally:
            if heard is not None:
                heard.cancel()

    def kill(self) -> None:
        """End it, whatever it is at."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def gone(self, *, within: float) -> None:
        """Wait so many seconds for its end; then kill it."""
        _, waiting = await asyncio.wait((self.ended,), timeout=within)
        if waiting:
            self.kill()
            await asyncio.wait((self.ended,))
        self._stdin.close()


@asynccontextmanager
async def running_child(
    module: str,
    name: str,
    order: EnginesOrder | ServerOrder,
    *,
    inherits: Sequence[int] = (),
    environment: Mapping[str, str],
    last_word: str = "",
) -> AsyncGenerator[Child]:
    """A process of `module` that works on `order`; it is gone when the block ends, gently after the `last_word`.

    `inherits`: the file descriptors that it shall have too.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # what lies in the working directory is not ours to import
        "-m",
        module,
        name,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=inherits,
        env={**os.environ, **environment},
        start_new_session=True,  # the terminal's Ctrl-C is for the parent
        limit=_LONGEST_ANSWER,
    )
    child = Child(process)
    try:
        child.say(msgspec.json.encode(order).decode())
        yield child
    finally:
        if last_word:
            child.say(last_word)
        await child.gone(within=_GOODBYE if last_word else 0)


def how_it_ended(status: int) -> str:
    """In words."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal: most have no name
        return f"was ended by signal {-status}"
