"""What a caller is told whose call finds no room, and when there will be some."""

from math import isinf
from typing import Final, NoReturn

from rhapsode.accounts.quota.ask import Ask, Window
from rhapsode.core.errors import ParallelLimited, RequestsLimited, UnitsLimited

_SOON: Final = 1.0
"""Seconds until it is worth trying for a place: nobody knows when a call ends."""


def refuse_requests(window: Window, seconds: float) -> NoReturn:
    """`seconds` until there is room; infinite where there never is."""
    rule = f"{window.whose} may make {window.limit} requests a minute"
    raise RequestsLimited(rule, retry_after=None if isinf(seconds) else seconds)


def refuse_units(window: Window, ask: Ask, seconds: float) -> NoReturn:
    """`seconds` until there is room; infinite where there never is."""
    rule = f"{window.whose} may take {window.limit} {ask.unit.value} a minute"
    if isinf(seconds):
        raise UnitsLimited(f"{rule}, and this call alone takes at least {ask.needed}")
    raise UnitsLimited(rule, retry_after=seconds)


def refuse_at_once(window: Window) -> NoReturn:
    """Somebody must end first."""
    rule = f"{window.whose} may make {window.limit} requests at once"
    raise ParallelLimited(rule, retry_after=_SOON if window.limit else None)
