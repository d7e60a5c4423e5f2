"""Text cut into the pieces that are spoken one by one: the first is one clause, so that sound starts early.

Nothing is lost: the pieces joined are the text, white space aside. Every piece holds something to speak.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from rhapsode.text.speakable import speakable

_LONGEST_WORD = 16
FIRST_PIECE, LATER_PIECE = 24.0, 40.0
"""syllables, about: the longest first piece (5 s of speech) and the longest later one (9 s)"""

_CLOSERS = re.escape("\"'”’」』》〉】）)]}")
_STRONG = "。！？!?…；;\n\r\u2028\u2029"
_WEAK = "，、：—"
# A point, comma or colon of ASCII ends something only before white space: 3.14, 1,000, 12:30, GPT-4.5, example.com.
_CLAUSE = re.compile(
    rf".*?(?:(?P<strong>(?:[{_STRONG}]|\.(?=[\s{_CLOSERS}]|$))[\s.{_STRONG}{_WEAK}{_CLOSERS}]*)"
    rf"|(?P<weak>(?:[{_WEAK}]|[,:](?=\s|$))[\s{_WEAK}{_CLOSERS}]*)"
    rf"|$)",
    re.DOTALL,
)
_WORD = re.compile(r"[^\W\d_\u2e80-\U0010ffff]+|\d+|.", re.DOTALL)

_REST_SENTENCE, _REST_CLAUSE, _REST_NONE = 0.4, 0.16, 0.0
"""seconds, as an unhurried reader makes them"""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch to be spoken at once. `rest` is the silence that belongs after it, in seconds at the natural pace."""

    text: str
    rest: float


def cut(text: str) -> list[Piece]:
    """The pieces in order; none where nothing in `text` can be spoken."""
    pieces = _Pieces()
    for clause, rest in _clauses(text):
        if pieces.too_long_with(sum(map(_syllables, clause))):
            pieces.close(_REST_CLAUSE)
        for word in _words(clause):
            pieces.add(word)
        if rest == _REST_SENTENCE or not pieces.closed:
            pieces.close(rest)
    return pieces.finish()


class _Pieces:
    """Words gathered into pieces, each character looked at once."""

    def __init__(self) -> None:
        self.closed: list[Piece] = []
        self._held: list[str] = []
        self._length = 0.0
        self._speakable = False

    def too_long_with(self, syllables: float) -> bool:
        return self._speakable and self._length + syllables > (LATER_PIECE if self.closed else FIRST_PIECE)

    def add(self, word: str) -> None:
        syllables = sum(map(_syllables, word))
        if self.too_long_with(syllables):
            self.close(_REST_NONE)
        self._held.append(word)
        self._length += syllables
        self._speakable = self._speakable or speakable(word)

    def close(self, rest: float) -> None:
        """End a piece here, unless it would hold nothing to speak."""
        if self._speakable:
            self.closed.append(Piece(text="".join(self._held).strip(), rest=rest))
            self._held, self._length, self._speakable = [], 0.0, False

    def finish(self) -> list[Piece]:
        """All pieces; signs that are left over belong to the last."""
        self.close(_REST_NONE)
        if self.closed and (left := "".join(self._held).strip()):
            last = self.closed[-1]
            self.closed[-1] = Piece(text=last.text + left, rest=last.rest)
        return self.closed


def _clauses(text: str) -> Iterator[tuple[str, float]]:
    for clause in _CLAUSE.finditer(text):
        if clause[0]:
            rest = _REST_SENTENCE if clause["strong"] else _REST_CLAUSE if clause["weak"] else _REST_NONE
            yield clause[0], rest


def _words(clause: str) -> Iterator[str]:
    """Words, figures and single characters; a word too long for a piece comes letter by letter."""
    for word in _WORD.findall(clause):
        yield from (word,) if len(word) <= _LONGEST_WORD else word


def _syllables(character: str) -> float:
    """Of one character, about, as a Chinese reader would speak it."""
    kind = unicodedata.category(character)
    if kind[0] == "N":
        return 1.5
    if kind[0] == "L":
        if "\u4e00" <= character <= "\u9fff":
            return 1.0
        if character < "\u0250":
            return 1.0 if character.isupper() else 0.4
        return 3.0  # a letter of another script is named: "Japanese letter ..."
    return 2.0 if kind in {"Sc", "Sm"} else 0.0
