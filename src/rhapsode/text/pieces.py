"""Words gathered into the pieces that are spoken one by one, each bounded by how long it takes to say."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rhapsode.text.speakable import speakable

FIRST_PIECE, LATER_PIECE = 240, 400
"""tenths of a syllable, about: the longest first piece (5 s of speech) and the longest later one (9 s)"""
REST_SENTENCE, REST_CLAUSE, REST_NONE = 0.4, 0.16, 0.0
"""seconds, as an unhurried reader makes them"""

LONGEST_WORD: Final = 16
"""letters or digits in a row"""

_SYLLABIC: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
"""kana, Chinese characters, Hangul"""
_ALPHABETIC: Final = re.compile("[\u0370-\u052f\u0590-\u06ff\u0900-\u097f\u0b80-\u0bff\u0e00-\u0e7f\u1e00-\u1eff]")
"""Greek, Cyrillic, Hebrew, Arabic, Devanagari, Tamil, Thai, Vietnamese"""
_WORD: Final = re.compile(r"[^\W\d_\u2e80-\U0010ffff]+|\d+|.", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch to be spoken at once. `rest` is the silence that belongs after it, in seconds at the natural pace."""

    text: str
    rest: float


class Pieces:
    """Gathers words, each character looked at once. `continued`: even the first piece is a later one of a speech."""

    def __init__(self, *, continued: bool = False) -> None:
        self.begun = continued
        """whether a piece was closed already"""
        self._closed: list[Piece] = []
        self._held: list[str] = []
        self._length = 0
        self._speakable = False

    @property
    def empty(self) -> bool:
        """Whether the piece that is gathered holds nothing to speak yet."""
        return not self._speakable

    def too_long_with(self, more: int) -> bool:
        """Whether so much more, in tenths of a syllable, should stand in a piece of its own."""
        return self._speakable and self._length + more > (LATER_PIECE if self.begun else FIRST_PIECE)

    def add(self, word: str) -> None:
        """Put a word into the piece, or into the next where it no longer fits."""
        length = syllables(word)
        if self.too_long_with(length):
            self.close(REST_NONE)
        self._held.append(word)
        self._length += length
        self._speakable = self._speakable or speakable(word)

    def close(self, rest: float) -> None:
        """End a piece here, unless it would hold nothing to speak."""
        if self._speakable:
            self._closed.append(Piece(text="".join(self._held).strip(), rest=rest))
            self._held, self._length, self._speakable, self.begun = [], 0, False, True

    def take(self) -> list[Piece]:
        """The pieces that were closed since this was last asked."""
        closed, self._closed = self._closed, []
        return closed

    @property
    def left(self) -> str:
        """What stands in no piece yet."""
        return "".join(self._held).strip()


def words(text: str) -> Iterator[str]:
    """Words, figures and single characters; a word too long for a piece comes letter by letter."""
    for word in _WORD.findall(text):
        yield from (word,) if len(word) <= LONGEST_WORD else word


def syllables(text: str) -> int:
    """In tenths, about, as a Chinese reader would speak it. Whole numbers: their sum does not depend on the order."""
    return sum(map(_syllables, text))


def _syllables(character: str) -> int:
    kind = unicodedata.category(character)
    if kind[0] == "N":
        return 15
    if kind[0] == "L":
        if character < "\u0250":
            return 10 if character.isupper() else 4
        if _SYLLABIC.match(character):
            return 10
        return 5 if _ALPHABETIC.match(character) else 30  # what nobody reads is named: "Georgian letter ..."
    return 20 if kind in {"Sc", "Sm"} else 0
