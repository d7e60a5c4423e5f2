"""What of a text can be spoken, and what must not reach a speech engine."""

import unicodedata

_NEVER = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""control (NUL ends a C string), invisible, lone surrogate (no UTF-8), private, unassigned"""
_VARIANTS = range(0xFE00, 0xFE10)
_ACCENTS = range(0x0300, 0x0370)
_FRACTION = "\u2044"
"""in the plain form of ½, which is read as it is"""
_ARROWS_TO_DINGBATS = range(0x2190, 0x2C00)
_FIRST_EMOJI = 0x1F000


def speakable(text: str) -> bool:
    """Whether there is a letter or a digit of any script."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)


def clean(text: str) -> str:
    """The text as a speaker reads it.

    Letters and digits in their plain form (full-width, circled), composed where they can be, without the accents that
    are left over; and a space for each character that is none to a speaker: controls, pictographs, broken ones.
    """
    composed = unicodedata.normalize("NFC", text)
    return "".join(_plain(character) for character in composed)


def _plain(character: str) -> str:
    if _unspoken(character):
        return " "
    if ord(character) in _ACCENTS:  # on a letter that has no such accent: it would be spelt out
        return ""
    if unicodedata.category(character)[0] in "LN":
        plain = unicodedata.normalize("NFKC", character)
        return character if _FRACTION in plain else plain
    return character


def _unspoken(character: str) -> bool:
    category, point = unicodedata.category(character), ord(character)
    pictograph = category in {"So", "Sk"} and (point >= _FIRST_EMOJI or point in _ARROWS_TO_DINGBATS)
    return category in _NEVER or pictograph or point in _VARIANTS
