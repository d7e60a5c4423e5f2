"""How far another machine's clock is from this one's."""

from typing import Final

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, ok, warn

MOST: Final = 2.5
"""Seconds: leases of long texts last 4, and a date in HTTP is told in whole ones."""


def check_skew(check: str, seconds: float) -> Finding:
    """`seconds`: how far the other one is ahead."""
    if abs(seconds) > MOST:
        return warn(check, words.SKEW, words.CLOCK_FIX, seconds=round(seconds, 1))
    return ok(check, words.NO_SKEW, seconds=round(seconds, 1))
