"""Text as espeak-ng is to be given it: Mandarin as pinyin, so that every reading is ours.

Its own dictionary of Mandarin (1.52) knows few words and some characters wrongly, and traditional ones hardly; of
pinyin it speaks every syllable but those in -iong, which are given as phonemes. It changes a third tone before another
one by itself.
"""

import re
from collections.abc import Mapping
from typing import Final

from rhapsode.text.pinyin import syllables
from rhapsode.text.pronounce import TONED, shown
from rhapsode.text.spoken import Spoken, Writer

_MANDARIN: Final = frozenset({"zh", "cmn"})
_HAN: Final = "〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN: Final = re.compile(rf"(?:[{_HAN}]|{TONED.pattern})+|\[\[|\bA\b|(?<=[{_HAN}])A(?![A-Za-z])|A(?=[{_HAN}])")
_ONE: Final = re.compile(rf"{TONED.pattern}|.")
_BREAK: Final = "\u200b"
"""ends a word without a pause"""
_IONG: Final = re.compile("([jqx])iong([1-5])")
_INITIALS: Final = {"j": "tS;", "q": "tS;h", "x": "S;"}
"""as espeak-ng writes the first sounds of 姜, 强 and 香"""
_TONES: Final = {"1": "55", "2": "35", "3": "214", "4": "51", "5": "11"}
_LETTER_A: Final = {
    True: re.compile(r"(?<![A-Za-z0-9'’])A(?![A-Za-z0-9'’]| [a-z])"),
    False: re.compile(r"(?<=\b[A-Z] )A\b|\bA(?= [A-Z]\b)"),
}
"""where it is a letter and no article, in Mandarin and in English"""
_A: Final = "eigh"
"""what espeak-ng's English reads as the letter's name"""
_UNREAD: Final = "〇"
_ZERO: Final = "零"


def respell(text: str, language: str) -> Spoken:
    """What espeak-ng reads in `language` (BCP 47) with `espeakPHONEMES` set; double brackets of the text are broken up.

    Where the language is not Mandarin little else changes: the name of the letter A, where it is no article of English.
    """
    primary = language.partition("-")[0]
    mandarin = primary in _MANDARIN
    letters = {found.start() for found in _LETTER_A[mandarin].finditer(text)} if mandarin or primary == "en" else ()
    writer, place = Writer(), 0
    for found in _RUN.finditer(text):
        if found.start() in letters:
            writer.copy(text[place : found.start()], place)
            writer.write(_A, *found.span())
        elif found[0] == "[[":
            writer.copy(text[place : found.start()], place)
            writer.write(f"[{_BREAK}[", *found.span())
        elif mandarin and found[0] != "A":
            writer.copy(text[place : found.start()], place)
            _write(writer, found[0], found.start())
        else:
            continue
        place = found.end()
    writer.copy(text[place:], place)
    return writer.spoken()


def _write(writer: Writer, run: str, begin: int) -> None:
    """A run of characters and hidden syllables; what nobody can read stays as it is."""
    places: list[tuple[int, int]] = []
    characters = ""
    given: dict[int, str] = {}
    for one in _ONE.finditer(run):
        if len(one[0]) > 1:
            given[len(characters)] = shown(one[0])
        characters += _UNREAD if len(one[0]) > 1 else one[0]
        places.append((begin + one.start(), begin + one.end()))
    for (low, high), said, character in zip(places, _read(characters, given), characters, strict=True):
        writer.write(said or character, low, high)


def _read(characters: str, given: Mapping[int, str]) -> list[str]:
    """Each syllable with the blank that belongs before it: words stand apart."""
    said: list[str] = []
    plain = "".join(_ZERO if one == _UNREAD and at not in given else one for at, one in enumerate(characters))
    for place, syllable in enumerate(syllables(plain, given)):
        if syllable is None:
            said.append(f" {characters[place]} ")
            continue
        iong = _IONG.fullmatch(syllable.sound)
        if iong:
            said.append(f" [[{_INITIALS[iong[1]]}'io{_TONES[iong[2]]}N]] ")
        else:
            said.append(f" {syllable.sound}" if syllable.begins else syllable.sound)
    return [*said[:-1], said[-1] + " "]
