"""Identity numbers of China, and phone numbers.

GB 11643-1999: 6 digits of the place, 8 of the date of birth, 3 of the order, and a check character by ISO 7064 MOD
11-2; before it 15 digits: a year of two digits, and no check character. Phone numbers: China's, those of North America
as they are written there, and any that begins with `+` and a country code (E.164: 8 to 15 digits).
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

_PLACES: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
"""how one begins: provinces, municipalities, autonomous and special regions"""
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_FIRST_YEAR: Final = 1880
_LAST_YEAR: Final = 2099


class Numbers:
    """All of them, as they are written: with blanks or hyphens between groups, or without."""

    def find(self, text: str, start: int, /) -> tuple[int, int] | None:
        """Of `Kind`."""
        spans = (_first(text, start, shape, holds) for shape, holds in _SHAPES)
        return min((span for span in spans if span), key=lambda span: (span[0], -span[1]), default=None)

    def open_from(self, text: str, start: int, /) -> int:
        """Of `Kind`."""
        trailing = max(start, len(text.rstrip(_CHARACTERS)), len(text) - _LONGEST)
        begun = _STARTER.search(text, trailing)
        return begun.start() if begun else len(text)


def _is_identity(found: str) -> bool:
    number = re.sub("[ -]", "", found).upper()
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return bool(_PLACES.match(number)) and _is_birth(number[6:14]) and number[-1] == _CHECKS[total % 11]


def _is_old_identity(found: str) -> bool:
    return bool(_PLACES.match(found)) and _is_birth("19" + found[6:12])


def _is_birth(digits: str) -> bool:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return _FIRST_YEAR <= born.year <= _LAST_YEAR


def _is_phone(_found: str) -> bool:
    return True


# Not within a longer number, a decimal, a word or an amount of money.
_BEFORE: Final = r"(?<![0-9A-Za-z_+¥￥$€£])(?<![0-9][.,-])"
_AFTER: Final = r"(?![0-9A-Za-z_]|[.,-][0-9]|[ ]?[元万亿%])"
_AREA: Final = "0(?:10|2[0-9]|[3-9][0-9]{2})"
_SHAPES: Final[Sequence[tuple[re.Pattern[str], Callable[[str], bool]]]] = tuple(
    (re.compile(_BEFORE + shape + _AFTER), holds)
    for shape, holds in (
        ("[0-9]{6}[ -]?[0-9]{8}[ -]?[0-9]{3}[0-9Xx]", _is_identity),
        ("[0-9]{15}", _is_old_identity),
        (r"(?:(?:\+|00)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}", _is_phone),
        (rf"(?:[(（]{_AREA}[)）][ ]?|{_AREA}[ -])[1-9][0-9]{{6,7}}(?:[-转][0-9]{{1,6}})?", _is_phone),
        (rf"{_AREA}[2-8][0-9]{{6,7}}(?:[-转][0-9]{{1,6}})?", _is_phone),
        (r"(?:\+?1[ .-]?)?(?:\([2-9][0-9]{2}\)[ ]?|[2-9][0-9]{2}-)[2-9][0-9]{2}-[0-9]{4}", _is_phone),
        (r"\+[1-9](?:[ ().-]{0,2}[0-9]){7,14}", _is_phone),
    )
)
_CHARACTERS: Final = "0123456789Xx +().,-（）转"
_STARTER: Final = re.compile("[0-9+(（]")
_LONGEST: Final = 48
"""characters of the longest shape, and of what stands behind it and decides"""


def _first(text: str, start: int, shape: re.Pattern[str], holds: Callable[[str], bool]) -> tuple[int, int] | None:
    while found := shape.search(text, start):
        if holds(found[0]):
            return found.span()
        start = found.start() + 1
    return None
