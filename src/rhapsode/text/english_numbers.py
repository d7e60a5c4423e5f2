"""Figures in English words: 1299.5 is "one thousand two hundred ninety-nine point five"."""

from typing import Final

_ONES: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS: Final = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_GROUPS: Final = ("", " thousand", " million", " billion", " trillion")
_LONGEST: Final = 3 * len(_GROUPS)
"""digits; beyond, they are read one by one"""
_ORDINALS: Final = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_CENTURY: Final = 100


def digits(figures: str) -> str:
    """One by one, what is no digit left out."""
    return " ".join(_ONES[int(figure)] for figure in figures if figure.isdecimal())


def cardinal(figures: str) -> str:
    """A whole number without sign. With a leading zero, or too long to be said, it is read one by one."""
    if len(figures) > _LONGEST or (figures[0] == "0" and len(figures) > 1):
        return digits(figures)
    value = int(figures)
    words: list[str] = []
    for name in _GROUPS:
        value, group = divmod(value, 1000)
        if group:
            words.insert(0, _hundreds(group) + name)
    return " ".join(words) or _ONES[0]


def decimal(figures: str) -> str:
    """A number without sign, with or without a fraction; thousands may be parted by commas."""
    whole, _, fraction = figures.replace(",", "").partition(".")
    said = cardinal(whole or "0")
    return f"{said} point {digits(fraction)}" if fraction else said


def ordinal(figures: str) -> str:
    """22 as "twenty-second"."""
    said = cardinal(figures)
    at = max(said.rfind(" "), said.rfind("-")) + 1
    last = said[at:]
    return said[:at] + (_ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th"))


def year(figures: str) -> str:
    """Four digits as a year: 1995 "nineteen ninety-five", 2005 "two thousand five", 1900 "nineteen hundred"."""
    century, rest = int(figures[:2]), int(figures[2:])
    if century % 10 == 0 and rest < 10:  # noqa: PLR2004 - 2005
        return cardinal(figures)
    if not rest:
        return f"{_below_hundred(century)} hundred"
    return f"{_below_hundred(century)} {_below_hundred(rest) if rest >= 10 else 'oh ' + _ONES[rest]}"  # noqa: PLR2004 - 1905


def plural(words: str) -> str:
    """Of the last word: "nineties"."""
    return words[:-1] + "ies" if words.endswith("y") else words + ("es" if words.endswith("x") else "s")


def _hundreds(value: int) -> str:
    hundreds, rest = divmod(value, _CENTURY)
    said = f"{_ONES[hundreds]} hundred" if hundreds else ""
    return f"{said} {_below_hundred(rest)}".strip() if rest else said


def _below_hundred(value: int) -> str:
    if value < len(_ONES):
        return _ONES[value]
    tens, ones = divmod(value, 10)
    return f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENS[tens]
