"""How many threads a model is given, and how many workers speak: the physical cores that this process may use.

Two threads on one core's hyperthreads decode no faster than one, and threads beyond a container's share of the
processor stop each other, so both are counted out.
"""

import os
from pathlib import Path
from typing import Final

_CPUS: Final = Path("/sys/devices/system/cpu")
_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(*, cpus: Path = _CPUS, quota: Path = _QUOTA) -> int:
    """At least 1."""
    return max(1, min(_physical_cores(cpus), _share(quota)))


def _physical_cores(cpus: Path) -> int:
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if allowed is None:
        return os.cpu_count() or 1
    # Hyperthreads of one core have the same list of siblings.
    siblings = {_read(cpus / f"cpu{cpu}/topology/thread_siblings_list") or str(cpu) for cpu in allowed}
    return len(siblings)


def _share(quota: Path) -> int:
    """`cpu.max` of control groups, version 2: microseconds of processor time in each period, or `max`."""
    match _read(quota).split():
        case [allowance, period] if allowance.isdigit() and period.isdigit() and int(period):
            return max(1, int(allowance) // int(period))
        case _:
            return os.cpu_count() or 1


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
