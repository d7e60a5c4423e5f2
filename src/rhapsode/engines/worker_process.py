"""One worker process, seen from the server: its pipes, its log lines, its end."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress

import msgspec

from rhapsode.engines.worker_messages import (
    LARGEST,
    PREFIX,
    FromWorker,
    Ready,
    ToWorker,
    pack,
    read_from_worker,
)

_log = logging.getLogger(__name__)

_GRACE = 2.0
"""seconds that a worker has to end by itself"""
_LONGEST_LINE = 2000
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""A worker is one core's work: numeric libraries shall not start a thread a core in each."""


class WorkerDied(Exception):
    """The process ended, or was killed as hung. The message says how; no caller's text is in it."""


class WorkerProcess:
    """A worker that is ready. Made by `running_worker`."""

    def __init__(self, process: asyncio.subprocess.Process, patience: float) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("a worker process needs all three pipes")
        self._process = process
        self._patience = patience
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self.last_line = ""
        self.exited = asyncio.create_task(process.wait())
        """done when the process is gone, in a job or idle"""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def send(self, message: ToWorker) -> None:
        """Messages to a worker are small: none waits. To a dead one they are lost, which `receive` tells."""
        if not self._stdin.is_closing():
            self._stdin.write(pack(message))

    async def receive(self) -> FromWorker:
        """The next message. Raises `WorkerDied`."""
        try:
            async with asyncio.timeout(self._patience):
                length: int = PREFIX.unpack(await self._stdout.readexactly(PREFIX.size))[0]
                return read_from_worker(await self._stdout.readexactly(min(length, LARGEST)))
        except (asyncio.IncompleteReadError, ConnectionError) as lost:
            raise WorkerDied(_how_it_ended(await asyncio.shield(self.exited))) from lost
        except TimeoutError as silent:
            self._kill()
            raise WorkerDied(f"said nothing for {self._patience:.0f} s") from silent
        except msgspec.MsgspecError as garbled:
            self._kill()
            raise WorkerDied("sent what is no message") from garbled

    async def end(self) -> None:
        """Close its input, which ends it; kill it if that does not."""
        self._stdin.close()
        # What it was about to say must be read: a pipe that holds something would never be closed.
        gone = (self.exited, asyncio.create_task(self._read_to_end()))
        _, waiting = await asyncio.wait(gone, timeout=_GRACE)
        if waiting:
            self._kill()
            await asyncio.wait(gone)

    async def wait_until_ready(self) -> None:
        """Raises `WorkerDied`."""
        if not isinstance(await self.receive(), Ready):
            raise WorkerDied("spoke before it was ready")

    async def follow_errors(self) -> None:
        """Its standard error into the log, line by line, until it ends."""
        rest = b""
        while chunk := await self._stderr.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in (*lines, rest) if len(rest) > _LONGEST_LINE else lines:
                self._report(line)
            rest = b"" if len(rest) > _LONGEST_LINE else rest
        self._report(rest)

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()

    async def _read_to_end(self) -> None:
        while await self._stdout.read(65536):
            pass

    def _report(self, line: bytes) -> None:
        if text := line[:_LONGEST_LINE].decode(errors="replace").strip():
            self.last_line = text
            _log.warning("worker %d: %s", self.pid, text)


@asynccontextmanager
async def running_worker(module: str, arguments: Sequence[str], *, patience: float) -> AsyncGenerator[WorkerProcess]:
    """A process of `module` that has said it is ready; it is gone when the block ends. Raises `WorkerDied`.

    `patience` is how many seconds it may say nothing, at the start or within a job; then it is taken for hung.
    """
    process = await _spawned(module, arguments)
    worker = WorkerProcess(process, patience)
    errors = asyncio.create_task(worker.follow_errors())
    try:
        await worker.wait_until_ready()
        yield worker
    except WorkerDied as death:
        await worker.end()
        await errors
        raise WorkerDied(f"{death}: {worker.last_line}" if worker.last_line else str(death)) from death
    finally:
        await worker.end()
        await errors


async def _spawned(module: str, arguments: Sequence[str]) -> asyncio.subprocess.Process:
    """Cancelled in mid-spawn, it waits until there is a process that it can end, and ends it.

    uvloop alone would leave the process running for a moment after the cancellation.
    """
    spawning = asyncio.create_task(_spawn(module, arguments))
    try:
        return await asyncio.shield(spawning)
    except asyncio.CancelledError:
        await asyncio.wait((spawning,))
        if not spawning.cancelled() and spawning.exception() is None:
            process = spawning.result()
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
        raise


async def _spawn(module: str, arguments: Sequence[str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # what lies in the working directory is not ours to import
        "-m",
        module,
        "rhapsode-worker",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **dict.fromkeys(_THREADS, "1")},
        start_new_session=True,  # the terminal's Ctrl-C is for the server
        limit=2**20,
    )


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal: most have no name
        return f"was ended by signal {-status}"
