"""The callers of `bench_relay.py`, in a process of their own: raw bytes over kept connections, nothing decoded.

    python benchmarks/relay_load.py < JOB

A job, and what comes out, is a line of JSON. It counts events by `data: ` and finds an answer's end by the length that
its head announces, or by the last chunk; that takes about a tenth of the CPU that the fastest server here takes.
"""

import asyncio
import sys
import time
from typing import cast

import msgspec
import uvloop


class Target(msgspec.Struct):
    """Where to, and what: a whole HTTP request."""

    host: str
    port: int
    request: str


class Job(msgspec.Struct):
    """`clients` at once for `seconds`; or one client, which makes `pairs` calls to each target in turn."""

    targets: list[Target]
    clients: int = 0
    seconds: float = 0.0
    pairs: int = 0


class Outcome(msgspec.Struct):
    """Of a load: answers and events a second, for each target. Of pairs: the seconds of every call, for each target."""

    requests: list[float] = []
    events: list[float] = []
    seconds: list[list[float]] = []


class Caller(asyncio.Protocol):
    """One connection, one call after the other."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._rest = b""
        self._missing: int | None = None
        self._answered: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self.events = 0
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    async def call(self) -> None:
        """One call, until the last byte of its answer is here."""
        assert self._transport is not None
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(self._request)
        await self._answered

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer. An event that two blocks share is counted with the second."""
        seen = self._rest + data
        self.events += (self._rest[-5:] + data).count(b"data: ")
        if not self._rest and self._missing is None:
            head, _, _ = seen.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"an answer that is none: {seen[:300]!r}")
            _, announced, length = head.lower().partition(b"content-length: ")
            self._missing = int(length.split(b"\r\n")[0]) + len(head) + 4 if announced else None
        if self._missing is not None:
            self._missing -= len(data)
            ended = self._missing == 0
        else:
            ended = seen.endswith(b"\r\n0\r\n\r\n")
        self._rest = b"" if ended else seen[-6:]
        if ended:
            self._missing = None
            self.answers += 1
            if self._answered is not None:
                self._answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """It ended too early, or at the end."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionResetError("the server hung up"))


async def connect(target: Target) -> Caller:
    """A caller."""
    _, caller = await asyncio.get_running_loop().create_connection(
        lambda: Caller(target.request.encode()), target.host, target.port
    )
    return caller


async def pairs(job: Job) -> Outcome:
    """One call to each target in turn, so that what else the machine does meets both."""
    callers = [await connect(target) for target in job.targets]
    outcome = Outcome(seconds=[[] for _ in callers])
    for turn in range(job.pairs + 20):
        for caller, seconds in zip(callers, outcome.seconds, strict=True):
            started = time.perf_counter()
            await caller.call()
            if turn >= 20:
                seconds.append(time.perf_counter() - started)
    return outcome


async def load(job: Job) -> Outcome:
    """All clients at one target, then at the next."""
    outcome = Outcome()
    for target in job.targets:
        callers = [await connect(target) for _ in range(job.clients)]
        started = time.perf_counter()
        until = started + job.seconds

        async def keep_calling(caller: Caller, until: float = until) -> None:
            while time.perf_counter() < until:
                await caller.call()

        await asyncio.gather(*map(keep_calling, callers))
        seconds = time.perf_counter() - started
        outcome.requests.append(sum(caller.answers for caller in callers) / seconds)
        outcome.events.append(sum(caller.events for caller in callers) / seconds)
    return outcome


async def main() -> None:
    """Jobs, one a line, until there are no more."""
    for line in sys.stdin:
        job = msgspec.json.decode(line, type=Job)
        outcome = await (pairs(job) if job.pairs else load(job))
        print(msgspec.json.encode(outcome).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
