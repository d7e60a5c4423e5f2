"""The machine: processor, memory, room on the disk, clock, and the programs beside us."""

import platform
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Fact, Finding, fail, ok, warn
from rhapsode.engines.cores import usable_cores

_V2: Final = frozenset({"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"})
_V3: Final = frozenset({"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"})
_V4: Final = frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})
_GIB: Final = 1024**3
_SERVER_BYTES: Final = _GIB // 2
"""of the server itself and its workers of speech"""
_LITTLE_DISK: Final = 2 * _GIB
_NO_DISK: Final = 200 * 1024**2
_SANE: Final = (1_767_225_600.0, 4_102_444_800.0)
"""from 2026, when this was written, to 2100"""

CPUINFO: Final = Path("/proc/cpuinfo")
MEMINFO: Final = Path("/proc/meminfo")
MEMORY_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")


def check_python() -> Finding:
    """Which one runs."""
    return ok("python", words.PYTHON, version=platform.python_version(), system=platform.platform(terse=True))


def check_processor(*, llama: bool, machine: str | None = None, cpuinfo: Path = CPUINFO) -> Finding:
    """What it can do. `llama`: an engine is used whose code is compiled for x86-64-v3."""
    machine, cores = (machine or platform.machine()).lower(), usable_cores()
    if machine not in {"x86_64", "amd64"}:
        return ok("processor", words.PROCESSOR, level=machine, cores=cores)
    flags = _flags(cpuinfo)
    if not flags:
        return ok("processor", words.PROCESSOR_UNKNOWN, cores=cores)
    lacking = ", ".join(sorted(_V3 - flags))
    level = _level(flags)
    if lacking:
        tell = fail if llama else warn
        return tell("processor", words.PROCESSOR_OLD, words.PROCESSOR_OLD_FIX, level=level, lacking=lacking)
    return ok("processor", words.PROCESSOR, level=level, cores=cores)


def check_memory(needed: int, *, meminfo: Path = MEMINFO, limit: Path = MEMORY_LIMIT) -> Finding:
    """Whether models that take `needed` bytes fit."""
    total, free = _memory(meminfo)
    if not total:
        return ok("memory", words.MEMORY_UNKNOWN)
    allowed = _limit(limit)
    if allowed is not None:
        total, free = min(total, allowed), min(free, allowed)
    wanted = needed + _SERVER_BYTES
    facts: dict[str, Fact] = {
        "total_gb": _gb(total),
        "free_gb": _gb(free),
        "needed_gb": _gb(wanted),
    }
    if wanted > total:
        return fail("memory", words.MEMORY_SHORT, words.MEMORY_SHORT_FIX, **facts)
    if wanted > free:
        return warn("memory", words.MEMORY_BUSY, words.MEMORY_BUSY_FIX, **facts)
    return ok("memory", words.MEMORY, **facts)


def check_disk(home: Path) -> Finding:
    """Whether there is room where the home is, or will be."""
    place = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(place).free
    facts: dict[str, Fact] = {"path": str(place), "free_gb": _gb(free)}
    if free < _NO_DISK:
        return fail("disk", words.DISK_FULL, words.DISK_FIX, **facts)
    if free < _LITTLE_DISK:
        return warn("disk", words.DISK_SHORT, words.DISK_FIX, **facts)
    return ok("disk", words.DISK, **facts)


def check_clock(now: Callable[[], float] = time.time) -> Finding:
    """Whether the year can be right: links, keys and leases end by the clock."""
    first, last = _SANE
    told = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(now()))
    if first <= now() < last:
        return ok("clock", words.CLOCK, time=told)
    return fail("clock", words.CLOCK_WRONG, words.CLOCK_FIX, time=told)


def check_ffmpeg(which: Callable[[str], str | None] = shutil.which) -> Finding:
    """Whether AAC can be packed."""
    if found := which("ffmpeg"):
        return ok("ffmpeg", words.FFMPEG, path=found)
    return warn("ffmpeg", words.FFMPEG_ABSENT, words.FFMPEG_FIX)


def _level(flags: frozenset[str]) -> str:
    rungs: Sequence[tuple[str, frozenset[str]]] = (("v2", _V2), ("v3", _V3), ("v4", _V4))
    level = "v1"
    for name, wanted in rungs:
        if not wanted <= flags:
            break
        level = name
    return f"x86-64-{level}"


def _flags(cpuinfo: Path) -> frozenset[str]:
    for line in _read(cpuinfo).splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return frozenset(value.split())
    return frozenset()


def _memory(meminfo: Path) -> tuple[int, int]:
    """All of it and what is available, in bytes; zeros where there is no telling."""
    told: dict[str, int] = {}
    for line in _read(meminfo).splitlines():
        name, _, value = line.partition(":")
        amount = value.split()
        if amount and amount[0].isdigit():
            told[name] = int(amount[0]) * 1024
    return told.get("MemTotal", 0), told.get("MemAvailable", 0)


def _limit(limit: Path) -> int | None:
    """What a container may have, in bytes."""
    told = _read(limit).strip()
    return int(told) if told.isdigit() else None


def _gb(size: int) -> float:
    return round(size / 1e9, 1)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
