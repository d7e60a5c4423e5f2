"""What of a text can be spoken, and what must not reach a speech engine."""

import unicodedata

_NEVER = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""control (NUL ends a C string), invisible, lone surrogate (no UTF-8), private, unassigned"""
_VARIANTS = range(0xFE00, 0xFE10)
_ARROWS_TO_DINGBATS = range(0x2190, 0x2C00)
_FIRST_EMOJI = 0x1F000


def speakable(text: str) -> bool:
    """Whether there is a letter or a digit of any script."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)


def clean(text: str) -> str:
    """The text with a space for each character that is none to a speaker: controls, pictographs, broken ones."""
    return "".join(" " if _unspoken(character) else character for character in text)


def _unspoken(character: str) -> bool:
    category, point = unicodedata.category(character), ord(character)
    pictograph = category in {"So", "Sk"} and (point >= _FIRST_EMOJI or point in _ARROWS_TO_DINGBATS)
    return category in _NEVER or pictograph or point in _VARIANTS
