"""The inside of a worker process: one job at a time, until its parent goes.

A worker is `python -m MODULE rhapsode-worker ...`, whose module calls `serve_jobs`. It leaves SIGINT and SIGTERM to its
parent, which ends it by closing its standard input; should the parent be killed, the same pipe ends, and on Linux
the kernel kills the worker too. Both hold in the middle of a long native call.
"""

import os
import queue
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import BinaryIO

from rhapsode.engines.worker_messages import (
    PREFIX,
    Block,
    Cancel,
    Done,
    Failed,
    FromWorker,
    Job,
    Ready,
    pack,
    read_to_worker,
)
from rhapsode.link.child import die_with_parent, take_standard_output

Stop = Callable[[], bool]
"""Whether the listener has gone: ask it wherever stopping is possible."""
Work = Callable[[bytes, Stop], Iterator[bytes]]
"""A job's body in, its blocks out; it must make the same blocks of the same body, in any worker."""


def serve_jobs(prepare: Callable[[], Work]) -> None:
    """Never returns. `prepare` loads what the work needs, and warms it up."""
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop_signal, signal.SIG_IGN)
    die_with_parent()
    out = take_standard_output()
    inbox = _Inbox()
    threading.Thread(target=inbox.read, name="inbox", daemon=True).start()
    work = prepare()
    _send(out, Ready())
    while True:
        job = inbox.jobs.get()
        _send(out, _do(work, job, inbox, out))


def _do(work: Work, job: Job, inbox: "_Inbox", out: BinaryIO) -> Done | Failed:
    def stop() -> bool:
        return inbox.cancelled == job.number

    try:
        for block in work(job.body, stop):
            if stop():
                break
            _send(out, Block(block))
    except Exception as fault:  # noqa: BLE001 - the boundary of a job: the worker outlives what its job does
        traceback.print_exc()
        return Failed(type(fault).__name__)
    return Done()


class _Inbox:
    """Reads the parent's messages beside the work, so that a cancellation is seen between two blocks."""

    def __init__(self) -> None:
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.cancelled = -1

    def read(self) -> None:
        """Until the parent closes the pipe, or is gone: then the process ends on the spot, whatever it does."""
        while (prefix := _read(PREFIX.size)) and (body := _read(PREFIX.unpack(prefix)[0])):
            match read_to_worker(body):
                case Job() as job:
                    self.jobs.put(job)
                case Cancel(number):
                    self.cancelled = number
        os._exit(0)


def _read(size: int) -> bytes:
    """Exactly so much from standard input, or nothing at its end.

    Past Python's own buffer: that has a lock, and a process that ends while a thread waits in it aborts.
    """
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            return b""
        data += part
    return data


def _send(out: BinaryIO, message: FromWorker) -> None:
    try:
        out.write(pack(message))
        out.flush()
    except BrokenPipeError:
        os._exit(0)  # the parent reads no more
