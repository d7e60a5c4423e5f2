"""Which characters a reader sees: a reply begins with one."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

_SEEN: Final = frozenset("LNPS")
"""first letters of the Unicode categories of letters, numbers, punctuation and symbols"""
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffd")
"""of those categories, but blank: Hangul fillers, the empty Braille pattern; and the sign of a broken character"""
_END: Final = 0x32400
"""Beyond stand no characters but tags, selectors and private ones."""


def is_visible(character: str) -> bool:
    """Whether a reader sees this character."""
    return unicodedata.category(character)[0] in _SEEN and character not in _BLANK


@cache
def visible_ranges() -> tuple[tuple[int, int], ...]:
    """All visible characters as ranges of code points, both ends included; about 700. Takes 50 ms, once."""
    return tuple(_ranges())


def _ranges() -> Iterator[tuple[int, int]]:
    start: int | None = None
    for code in range(_END + 1):
        seen = code < _END and is_visible(chr(code))
        if seen and start is None:
            start = code
        elif not seen and start is not None:
            yield start, code - 1
            start = None
