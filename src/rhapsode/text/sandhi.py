"""What tones do to each other in Mandarin speech, as far as the speaker does not do it by itself: 一 and 不.

一 is yi4 before the first three tones and yi2 before the fourth (一天, 一个), but keeps its own where it is a figure or
ends a word: 第一, 十一, 一九九五, 统一. 不 is bu2 before the fourth tone. Between two of the same both are toneless:
看一看.
"""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

_FIGURES: Final = frozenset("〇零一二两三四五六七八九十百千万亿点幺")
_COUNTS: Final = frozenset("百千万亿")
_RANKS: Final = frozenset("第初之周期拜")
"""before 一: it says which, and not how many"""
_NAMED: Final = frozenset("月号楼")
"""behind 一, as the first of them"""
_DECIMAL: Final = re.compile("点[〇零一二三四五六七八九]+(?![十分刻])")


def with_sandhi(
    text: str, sounds: Sequence[str | None], *, ends: AbstractSet[int], given: AbstractSet[int]
) -> list[str | None]:
    """The sounds as they are said. `ends`: where words of several characters end; at the places `given` they stay."""
    changed = list(sounds)
    for place, character in enumerate(text):
        sound = sounds[place]
        if place in given or sound is None:
            continue
        following = sounds[place + 1] if place + 1 < len(text) else None
        if character == "一" and sound.startswith("yi"):
            changed[place] = _one(text, place, following, last=place in ends)
        elif character == "不" and sound in {"bu2", "bu4"}:
            changed[place] = _not(text, place, following)
    return changed


def _one(text: str, place: int, following: str | None, *, last: bool) -> str:
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if following is None or last or before in _RANKS:
        return "yi1"
    if before == after and before not in _FIGURES:
        return "yi5"
    if after == "点":
        figure = before in _FIGURES or _DECIMAL.match(text, place + 1) is not None
    elif after == "刻":
        figure = False
    elif after in _COUNTS:
        figure = before in _FIGURES and before not in _COUNTS
    else:
        figure = before in _FIGURES or after in _FIGURES or after in _NAMED or (before, after) == ("月", "日")
    if figure:
        return "yi1"
    return "yi2" if following[-1] == "4" or following == "ge5" else "yi4"


def _not(text: str, place: int, following: str | None) -> str:
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if before and before == after:
        return "bu5"
    return "bu2" if following and following[-1] == "4" else "bu4"
