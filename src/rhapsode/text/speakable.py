"""What of a text can be spoken, and what must not reach a speech engine."""

import unicodedata
from collections.abc import Iterator

from rhapsode.text.spoken import Spoken, Writer

_NEVER = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""control (NUL ends a C string), invisible, lone surrogate (no UTF-8), private, unassigned"""
_VARIANTS = range(0xFE00, 0xFE10)
_ACCENTS = range(0x0300, 0x0370)
_FRACTION = "\u2044"
"""in the plain form of ½, which is read as it is"""
_ARROWS_TO_DINGBATS = range(0x2190, 0x2C00)
_FIRST_EMOJI = 0x1F000
_JAMO = range(0x1100, 0x1200)
_HANGUL = range(0xAC00, 0xD7A4)


def speakable(text: str) -> bool:
    """Whether there is a letter or a digit of any script."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)


def clean(text: str) -> str:
    """The text as a speaker reads it.

    Letters and digits in their plain form (full-width, circled; powers stay), composed where they can be, and without
    the accents that are left over. A space for each character that is none to a speaker: controls, pictographs, broken
    ones.
    """
    return cleaned(text).text


def cleaned(text: str) -> Spoken:
    """`clean`, with the way back: what is composed into one character, or parted into several, belongs together."""
    writer = Writer()
    for begin, sequence in _sequences(text):
        plain = "".join(map(_plain, unicodedata.normalize("NFC", sequence)))
        if len(plain) == len(sequence) == 1:
            writer.copy(plain, begin)
        else:
            writer.write(plain, begin, begin + len(sequence))
    return writer.spoken()


def _sequences(text: str) -> Iterator[tuple[int, str]]:
    """Characters with the marks upon them, and jamo that make a Hangul syllable: what may compose into one."""
    begin = 0
    for place in range(1, len(text)):
        if not (unicodedata.category(text[place])[0] == "M" or _goes_on(text[place - 1], text[place])):
            yield begin, text[begin:place]
            begin = place
    if text:
        yield begin, text[begin:]


def _goes_on(before: str, after: str) -> bool:
    return ord(after) in _JAMO and (ord(before) in _JAMO or ord(before) in _HANGUL)


def _plain(character: str) -> str:
    if _unspoken(character):
        return " "
    if ord(character) in _ACCENTS:  # on a letter that has no such accent: it would be spelt out
        return ""
    if unicodedata.category(character)[0] in "LN":
        if unicodedata.decomposition(character).startswith("<super>") and unicodedata.category(character) == "No":
            return character  # 3² is not 32
        plain = unicodedata.normalize("NFKC", character)
        return character if _FRACTION in plain else plain
    return character


def _unspoken(character: str) -> bool:
    category, point = unicodedata.category(character), ord(character)
    pictograph = category in {"So", "Sk"} and (point >= _FIRST_EMOJI or point in _ARROWS_TO_DINGBATS)
    return category in _NEVER or pictograph or point in _VARIANTS
