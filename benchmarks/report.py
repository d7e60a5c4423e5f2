"""What every benchmark prints: the machine, a table, and whether each figure reaches what was promised."""

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path


def hardware() -> str:
    """One line on the machine."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line[:10] == "model name"
        ]
        model = names[0] if names else model
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{model}, {os.cpu_count()} CPUs{load}, Python {platform.python_version()}, {platform.system()}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of all are at or below, between neighbours if need be."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(values: Sequence[float]) -> float:
    """The middle."""
    return percentile(values, 0.5)


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns under a title and the machine."""
    print(f"\n{title}\n{hardware()}")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def finish(checks: Sequence[tuple[str, bool]]) -> None:
    """Print each promise and whether it was kept; exit with 1 when one was not."""
    for promise, kept in checks:
        print(f"{'kept  ' if kept else 'BROKEN'}  {promise}")
    sys.exit(not all(kept for _, kept in checks))
