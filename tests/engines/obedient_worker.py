"""A worker that does what its jobs say: for the tests of the pool.

A job is JSON: `blocks` numbered blocks, `size` bytes each, or endless where `blocks` is null. `die_once` names a file:
the worker kills itself before its third block unless the file is there, and leaves it. `die`, `fail`, `say`;
`signal` is the one it dies of.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from rhapsode.engines.worker_main import Stop, Work, serve_jobs


def _prepare() -> Work:
    if "broken" in sys.argv:
        raise RuntimeError("the engine's data is missing")
    return _work


def _work(body: bytes, _stop: Stop) -> Iterator[bytes]:
    job = json.loads(body)
    if text := job.get("say"):
        os.write(1, text.encode())
        os.write(2, b"x" * int(job.get("noise", 0)) + b"\n")
    for number in count() if job["blocks"] is None else range(job["blocks"]):
        if number == 2:
            _perhaps_die(job)
        yield b"%d " % number + bytes(job.get("size", 0))


def _perhaps_die(job: dict[str, object]) -> None:
    if job.get("fail"):
        raise ValueError("a caller's text")
    if job.get("die") or (job.get("die_once") and not Path(str(job["die_once"])).exists()):
        if job.get("die_once"):
            Path(str(job["die_once"])).touch()
        os.kill(os.getpid(), int(str(job.get("signal", signal.SIGKILL.value))))


if __name__ == "__main__":
    serve_jobs(_prepare)
