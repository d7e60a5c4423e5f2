"""How often processes were started anew, told by the parent of many: it takes no call, and writes beside those that do.

The parent's own metrics are nobody's to ask for. It writes one file among theirs, as they do, which whichever process
is asked adds to the rest.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, cast

from prometheus_client.mmap_dict import MmapedDict, mmap_key

from rhapsode.telemetry.metrics import PROCESS_RESTARTS

Process = Literal["server", "engine"]

_KINDS: Final[tuple[Process, ...]] = ("server", "engine")


class Restarts:
    """For one parent. `directory` is the processes' `PROMETHEUS_MULTIPROC_DIR`."""

    def __init__(self, directory: Path) -> None:
        file = MmapedDict(str(directory / f"counter_{os.getpid()}.db"))
        self._put = cast("Callable[[str, float, float], None]", getattr(file, "write_value"))  # noqa: B009  it has no types
        self._counts: dict[Process, int] = dict.fromkeys(_KINDS, 0)
        for process in _KINDS:
            self._write(process)

    def count(self, process: Process) -> None:
        """One more was started."""
        self._counts[process] += 1
        self._write(process)

    def _write(self, process: Process) -> None:
        (family,) = PROCESS_RESTARTS.describe()
        key = mmap_key(family.name, f"{family.name}_total", ["process"], [process], family.documentation)
        self._put(key, float(self._counts[process]), time.time())
