"""Figures in Chinese words: 1299.5 is 一千二百九十九点五, and 2 before a measure word 两."""

from typing import Final

DIGITS: Final = "零一二三四五六七八九"
_PLACES: Final = ("", "十", "百", "千")
_GROUPS: Final = ("", "万", "亿", "万亿")
_LONGEST: Final = 4 * len(_GROUPS)
"""digits; beyond, they are read one by one"""
_TEENS: Final = range(10, 20)


def digits(figures: str, *, one: str = "一") -> str:
    """One by one, what is no digit left out. `one` is 幺 in phone numbers, where 一 and 七 would be confused."""
    return "".join(DIGITS[int(figure)] for figure in figures if figure.isdecimal()).replace("一", one)


def cardinal(figures: str, *, counting: bool = False) -> str:
    """A whole number without sign. With a leading zero, or too long to be said, it is read one by one.

    `counting`: a measure word follows, so that 2 alone is 两.
    """
    if figures == "2" and counting:
        return "两"
    if len(figures) > _LONGEST or (figures[0] == "0" and len(figures) > 1):
        return digits(figures)
    if figures == "0":
        return DIGITS[0]
    size = (len(figures) + 3) // 4
    padded = figures.zfill(size * 4)
    groups = [padded[at : at + 4] for at in range(0, size * 4, 4)]
    words = ""
    for index, group in enumerate(groups):
        name = _GROUPS[size - 1 - index]
        if not int(group):
            # 10000_0000_0001: the 亿 of 万亿 must be said even where nothing stands before it.
            words += "亿" if name == "亿" and words.endswith("万") else ""
            continue
        zero = words and (group[0] == "0" or groups[index - 1][3] == "0")
        said = _four(group)
        said = "两" + said[1:] if said == "二" and name and not words else said
        unit = "万" if name == "万亿" else name  # its 亿 comes with the next group
        words += ("零" if zero and not words.endswith("零") else "") + said + unit
    if size == len(_GROUPS) and "亿" not in words:
        words += "亿"
    return words[1:] if int(figures[:2]) in _TEENS and len(figures) % 4 == 2 else words  # noqa: PLR2004 - 十二, not 一十二


def decimal(figures: str, *, counting: bool = False) -> str:
    """A number without sign, with or without a fraction; thousands may be parted by commas."""
    whole, _, fraction = figures.replace(",", "").partition(".")
    said = cardinal(whole or "0", counting=counting and not fraction)
    return f"{said}点{digits(fraction)}" if fraction else said


def _four(group: str) -> str:
    words, gap = "", False
    for figure, place in zip(group, reversed(_PLACES), strict=True):
        if figure == "0":
            gap = bool(words)
            continue
        value = "两" if figure == "2" and place == "千" else DIGITS[int(figure)]
        words += ("零" if gap else "") + value + place
        gap = False
    return words
