"""How much a text is: what is billed, its words, and how much of it nobody can see."""

import re
import unicodedata
from typing import Final

from rhapsode.core.speech import TextCount

MOST_INVISIBLE: Final = 0.1
"""share of invisible characters that a text may have; above it the platform refuses (the contract's code 1042)"""

_INVISIBLE: Final = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""control, without a width, half a character, private, unassigned"""
_SPACES: Final = frozenset("\t\n\r")
_HAN: Final = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_CHARACTER: Final = re.compile(f"[{_HAN}]")
_WORD: Final = re.compile(rf"[{_HAN}\u3040-\u30ff\uac00-\ud7a3]|\d+|[^\W\d_{_HAN}\u3040-\u30ff\uac00-\ud7a3]+")


def count(text: str) -> TextCount:
    """The figures of a text without its pause marks.

    As the platform bills, a Chinese character counts two and any other character, blanks and signs included, one. A
    word is a character of Chinese, Japanese or Korean, a run of digits, or a run of other letters. The share of
    invisible characters leaves out tabs and line breaks; it is 0 where there is no text.
    """
    strange = (character for character in text if not (character.isprintable() or character in _SPACES))
    invisible = sum(unicodedata.category(character) in _INVISIBLE for character in strange)
    return TextCount(
        characters=billed(text),
        words=len(_WORD.findall(text)),
        invisible=invisible / len(text) if text else 0.0,
    )


def billed(text: str) -> int:
    """The characters that are billed for a text, as `count` has them, for a tenth of its work."""
    return len(text) if text.isascii() else len(text) + len(_HAN_CHARACTER.findall(text))
