"""Japanese as kana: what characters, figures and particles are read, in words that stand apart.

espeak-ng reads kana alone. Words and their readings come from Sudachi's dictionary.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Final, Protocol, cast

from rhapsode.text.japanese_numbers import read_number
from rhapsode.text.spoken import Spoken, Writer

_FIGURES: Final = r"(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]+))?(?P<counter>[日月時人年分])?"
_PARTICLES: Final = {"は": "ワ", "へ": "エ", "を": "オ"}
_CLINGING: Final = frozenset({"助詞", "助動詞", "接尾辞"})
"""particles, auxiliaries and suffixes: they are said with the word before"""
_SIGNS: Final = frozenset({"補助記号", "空白"})
"""which the dictionary would name"""
_INFLECTED: Final = frozenset({"動詞", "形容詞"})
_OWN: Final = {
    "私": "ワタシ",
    "こんにちは": "コンニチワ",
    "こんばんは": "コンバンワ",
    "お父さん": "オトーサン",
    "お母さん": "オカーサン",
    "お兄さん": "オニーサン",
    "お姉さん": "オネーサン",
    "二十日": "ハツカ",
    "二十歳": "ハタチ",
}
"""what the dictionary reads too formally, as it is written, or takes apart"""
_GIVEN: Final = re.compile(rf"{'|'.join(_OWN)}|{_FIGURES}")
_O_ROW: Final = "オコソトノホモヨロゴゾドボポョォ"
_E_ROW: Final = "エケセテネヘメレゲゼデベペェ"
_LONG_O: Final = re.compile(f"(?<=[{_O_ROW}])ウ")
_LONG_E: Final = re.compile(f"(?<=[{_E_ROW}])イ")
_KANA: Final = re.compile("[\u30a1-\u30fa\u30fc]+")
# What espeak-ng (1.52) has no sound or a wrong one for; in double brackets are its own phonemes.
_SMALL: Final = {"ヵ": "カ", "ヶ": "ケ", "ヮ": "ワ"}
_GLIDES: Final = {"ャ": "a", "ュ": "u", "ョ": "o"}
_SOUND: Final = re.compile("リ([ャュョ])(ー?)|[ヵヶヮ]")


class _Morpheme(Protocol):
    def surface(self) -> str: ...
    def begin(self) -> int: ...
    def end(self) -> int: ...
    def reading_form(self) -> str: ...
    def part_of_speech(self) -> Sequence[str]: ...


class _Tokenizer(Protocol):
    def tokenize(self, text: str) -> Iterator[_Morpheme]: ...


class _Dictionary(Protocol):
    def tokenizer(self) -> _Tokenizer: ...


class _Sudachi(Protocol):
    """What the untyped package `sudachipy` offers."""

    def Dictionary(self, *, dict: str) -> _Dictionary: ...  # noqa: A002, N802 - Sudachi's


def as_kana(text: str) -> Spoken:
    """What is read of a Japanese `text`, for espeak-ng with `espeakPHONEMES` set.

    What the dictionary does not know stays as it is.
    """
    writer, place = Writer(), 0
    for found in _GIVEN.finditer(text):
        _write_words(writer, text[place : found.start()], place)
        number = read_number(found["whole"], found["part"] or "", found["counter"] or "") if found["whole"] else ""
        kana = number or _OWN[found[0]]
        writer.write(f" {_spelt(kana)}", *found.span())
        place = found.end()
    _write_words(writer, text[place:], place)
    return writer.spoken()


def _write_words(writer: Writer, text: str, begin: int) -> None:
    for word in _tokenizer().tokenize(text) if text else ():
        kind = word.part_of_speech()[0]
        kana = _kana(word.surface(), word.reading_form(), kind)
        if kind in _SIGNS or not _KANA.fullmatch(kana):
            writer.copy(text[word.begin() : word.end()], begin + word.begin())
            continue
        apart = "" if kind in _CLINGING else " "
        writer.write(apart + _spelt(kana), begin + word.begin(), begin + word.end())


def _kana(surface: str, reading: str, kind: str) -> str:
    """Katakana, with long vowels as they are said; whatever else where the dictionary knows no reading."""
    if kind == "助詞" and surface in _PARTICLES:
        return _PARTICLES[surface]
    if kind in _INFLECTED and surface.endswith("う"):
        return _LONG_O.sub("ー", reading[:-1]) + reading[-1:]  # 思う ends in a syllable of its own
    reading = _LONG_O.sub("ー", reading)
    return _LONG_E.sub("ー", reading) if kind == "名詞" else reading


def _spelt(kana: str) -> str:
    return _SOUND.sub(_sound, kana.lstrip("ー"))


def _sound(found: re.Match[str]) -> str:
    if not found[1]:
        return _SMALL[found[0]]
    return f" [[r`_j{_GLIDES[found[1]]}{':' if found[2] else ''}]] "


@cache
def _tokenizer() -> _Tokenizer:
    # Some 40 ms and, mapped from its file, 70 MB: only where Japanese is spoken.
    return cast("_Sudachi", import_module("sudachipy")).Dictionary(dict="small").tokenizer()
