"""Home addresses as Chinese writes them: 北京市朝阳区建国路88号3号楼1201室, 阳光小区3栋2单元501室, 李家村12号.

Places before, a street (or an estate, or a village) with a number, and the building behind. Each character is turned
into its class first, so that the patterns are short.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Final, Protocol, cast


class _Found(Protocol):
    """Of google-re2."""

    def span(self) -> tuple[int, int]: ...


class _Pattern(Protocol):
    """Of google-re2, which no text makes slow."""

    def search(self, text: str, pos: int, /) -> _Found | None: ...


_compile = cast("Callable[[str], _Pattern]", import_module("re2").compile)

_STOPS: Final = (
    "的了是在我你他她它们这那哪谁什么怎吗呢吧啊呀嘛就也还很最更没请把被给跟让使要想能着过到住址于说但而因为所以虽与及或"
    "从又再只才已曾不会可应该去往找看见吃喝买卖做写听走跑坐觉爱您咱别每些个件样位有叫对像比已便却仍并且如此其"
)
"""Characters of prose that hardly any place is named with: no name reaches across them."""
_CLASSES: Final = {
    "a": "省市区县旗州盟镇乡",
    "v": "村屯庄寨",
    "s": "路街巷",
    "d": "道段同",
    "e": "园寓厦苑",
    "n": "一二三四五六七八九十百零〇两",
    "g": "号號",
    "w": "弄",
    "b": "栋幢座元",
    "l": "楼",
    "z": "组",
    "u": "室层户房院",
    "0": "0123456789０１２３４５６７８９",
    "x": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "-": "-－—",
    " ": " ",
    ".": _STOPS,
}
"""What ends the name of a place: a; of a village: v; of a street: s, d, w; of an estate: e. A figure: n.

What a number counts: g, w, b, l, z, u.
"""
_PLAIN: Final = "人"
_OTHERWISE: Final = re.compile(
    "(?<=[线电道铁思套回网走迷出])路"  # circuits, roads, railways, ways of thinking
    "|(?<![大东西南北中街])道|(?<!胡)同|(?<![东西南北中一二三四五六])段"  # 知道, 同学, 阶段
    "|(?<![花家庄])园|(?<!公)寓|(?<!大)厦|(?<!单)元|号(?=线)"
)
"""where one of these characters does not mean what its class says"""
_WORDS: Final = {"小区": "小苑", "社区": "社苑", "内蒙古": "内蒙省", "黑龙江": "黑龙省", "新疆": "新省"}
"""Words of a class that their last character is not of: two kinds of estates; provinces that often stand without a word
for their kind, and have long names, or cities with long names."""


STREET_ENDS: Final = "".join(_CLASSES[name] for name in "sdwev") + "区"
"""Characters of which every address has one, before its first number."""


_OTHERS: Final = dict.fromkeys(range(0x4E00, 0xA000), "h")
"""the basic block of Chinese; what stands in none of the classes is no part of an address"""


class _Classes(dict[int, str]):
    """Of each character: h is any other Chinese one, and the point what no address holds."""

    def __missing__(self, point: int) -> str:
        del point
        return "."


_CLASS: Final = _Classes(_OTHERS | {ord(character): name for name, of in _CLASSES.items() for character in of})

_ANY: Final = "avsdengwblzuh"
_H: Final = f"[{_ANY}]"
_PLACES: Final = f"(?:{_H}{{1,5}}[av] ?|{_H}{{0,4}}sd ?){{0,6}}"
_NUMBER: Final = " ?(?:[0x]{1,6}(?:-0{1,5}){0,3}|n{1,5}) ?"
_NUMBERED: Final = f"(?:[sdw]{_NUMBER}[gw][lu]?|[ev]{_NUMBER}(?:gl|h?b)|v{_NUMBER}[gz])"
_ADDRESS: Final = _compile(f"{_PLACES}{_H}{{1,5}}{_NUMBERED}(?:{_H}{{0,6}}{_NUMBER}(?:h?[gwblzu]){{1,2}}){{0,6}}")
# Broader than the address behind its first number, and so quick on any text.
_OPEN: Final = _compile(rf"{_PLACES}{_H}{{0,6}}(?:[sdwev] ?(?:[0xn][{_ANY}0x -]*)?)?\z")
_ROOM: Final = re.compile(" ?0{3,4}(?![0x-])")
_LONGEST: Final = 320


class ChineseStreets:
    """Of `Kind`."""

    def find(self, text: str, start: int, /) -> tuple[int, int] | None:
        """Of `Kind`."""
        if text.isascii():
            return None
        classes = _classes(text)
        found = _ADDRESS.search(classes, start)
        return (found.span()[0], _end(text, classes, found.span()[1])) if found else None

    def open_from(self, text: str, start: int, /) -> int:
        """Of `Kind`."""
        if text.isascii():
            return len(text)
        begun = _OPEN.search(_classes(text), max(start, len(text) - _LONGEST))
        return begun.span()[0] if begun else len(text)


@lru_cache(maxsize=1)  # a text is looked at again behind each address that is found in it
def _classes(text: str) -> str:
    for word, stand_in in _WORDS.items():
        text = text.replace(word, stand_in)
    return _OTHERWISE.sub(_PLAIN, text).translate(_CLASS)


def _end(text: str, classes: str, end: int) -> int:
    """Behind the room's number, where one follows: 3单元402, but not 3号楼2024年."""
    room = _ROOM.match(classes, end) if classes[end - 1] in "bl" else None
    return room.end() if room and text[room.end() : room.end() + 1] != "年" else end
