"""What a caller is told whose call finds no room, and when there will be some."""

from math import ceil
from typing import Final

from rhapsode.accounts.quota.ask import MINUTE, Ask, Window
from rhapsode.core.errors import ParallelLimited, RequestsLimited, UnitsLimited

_SOON: Final = 1.0
"""Seconds until it is worth trying for a place: nobody knows when a call ends."""


def too_many_requests(window: Window, *, seconds: float) -> RequestsLimited:
    """`seconds` until the oldest of them no longer counts."""
    rule = f"{window.whose} may make {window.limit} requests a minute"
    return RequestsLimited(rule, retry_after=max(0.0, seconds))


def too_many_units(window: Window, ask: Ask, *, seconds: float) -> UnitsLimited:
    """`seconds` until there is room."""
    rule = f"{window.whose} may take {window.limit} {ask.unit.value} a minute"
    if ask.amount > window.limit:
        return UnitsLimited(f"{rule}, and this call alone takes at least {ask.amount}")
    return UnitsLimited(rule, retry_after=max(0.0, seconds))


def too_many_at_once(window: Window) -> ParallelLimited:
    """Somebody must end first."""
    return ParallelLimited(f"{window.whose} may make {window.limit} requests at once", retry_after=_SOON)


def seconds_until_room(
    window: Window, amount: int, *, before: int, before_seconds: float, now: int, now_seconds: float
) -> float:
    """How long until a sliding window has room for `amount`, if nothing else comes.

    Of the window before this one counts as much as is left of it: `before` times `before_seconds` of a minute. This
    one holds `now`, and goes on for `now_seconds`; then it is the one before.
    """
    room = window.limit - amount
    if before and now <= room:
        return before_seconds - (room - now) * MINUTE / before
    if not now:
        return 0.0
    return now_seconds + ceil(MINUTE * (1 - room / now))
