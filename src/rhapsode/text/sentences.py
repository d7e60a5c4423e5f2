"""Text cut into the pieces that are spoken one by one: the first is one clause, so that sound starts early.

Nothing is lost: the pieces joined are the text, white space aside. Every piece holds something to speak.
"""

import re
from typing import Final

from rhapsode.text.pieces import REST_CLAUSE, REST_NONE, REST_SENTENCE, Piece, Pieces, syllables, words

_CLOSERS: Final = re.escape("\"'”’」』》〉】）)]}")
_STRONG: Final = "。！？!?…；;\n\r\u2028\u2029"
_WEAK: Final = "，、：—"
_LETTER: Final = r"[^\W\u2e80-\U0010ffff]"
"""what goes on a word of letters and digits; Chinese characters stand for themselves"""
NOT_SHORTENED: Final = "".join(
    rf"(?<!(?<!{_LETTER}){word})"
    for word in ("[A-Za-z]", "Dr", "Mr", "Mrs", "Ms", "Prof", "St", "vs", "Jr", "Sr", "Fig", "Vol", "approx")
)
"""as a pattern: before a point that may end a sentence, not that of an initial or of Dr."""
# A point, comma or colon of ASCII ends something only before white space: 3.14, 1,000, 12:30, GPT-4.5, example.com; nor
# does the point of Dr. and J. K., nor a mark within an address or a picture of Markdown, nor the colon of 8：30. What
# comes before is whole wherever it matters, and one character after decides, however the text arrives.
_END: Final = re.compile(
    rf"(?P<strong>(?:[。！？…；;\n\r\u2028\u2029]|[?!](?![A-Za-z0-9_/=&#%\[])|{NOT_SHORTENED}\.(?=[\s{_CLOSERS}]|$))"
    rf"[\s.{_STRONG}{_WEAK}{_CLOSERS}]*)"
    rf"|(?:[，、—]|：(?![0-9])|[,:](?=\s|$))[\s{_WEAK}{_CLOSERS}]*"
)
# What may still become longer by what comes next, or decides what a mark behind it is.
_OPEN_WORD: Final = re.compile(rf"{_LETTER}+$")


def cut(text: str, *, continued: bool = False) -> list[Piece]:
    """The pieces in order; none where nothing in `text` can be spoken.

    Signs that are left over at the end belong to the last. `continued`: something was spoken before, so that even the
    first piece may be a long one.
    """
    cutter = Cutter(continued=continued)
    pieces = [*cutter.feed(text), *cutter.finish()]
    if pieces and cutter.left:
        pieces[-1] = Piece(text=pieces[-1].text + cutter.left, rest=pieces[-1].rest)
    return pieces


class Cutter:
    """Cuts text that is still being written, each piece as soon as its end is certain: when the next clause begins.

    However the text arrives, the pieces are those of `cut`, but for the signs that are left over at the end.
    """

    def __init__(self, *, continued: bool = False) -> None:
        self._pieces = Pieces(continued=continued)
        self._clause = ""
        """of the clause that is being written, what was not handed to `_pieces`"""
        self._seen = 0
        """how many characters of it hold no end of a clause"""
        self._length = 0
        """their tenths of syllables"""
        self._entered = False
        """whether words of this clause were handed over before its end was in sight"""

    def feed(self, text: str) -> list[Piece]:
        """The pieces that are complete by now; often none."""
        self._clause += text
        while (end := _END.search(self._clause, self._seen)) and end.end() < len(self._clause):
            self._close(end)
        self._see(end.start() if end else len(self._clause))
        if self._entered or self._pieces.empty:
            self._hand_over()
        return self._pieces.take()

    def finish(self) -> list[Piece]:
        """The last pieces. Nothing may be fed afterwards."""
        while end := _END.search(self._clause, self._seen):
            self._close(end)
        self._see(len(self._clause))
        self._add(self._clause)
        self._pieces.close(REST_NONE)
        return self._pieces.take()

    @property
    def left(self) -> str:
        """After the end: signs that stand in no piece."""
        return self._pieces.left

    def _see(self, end: int) -> None:
        """Take note of more of the clause; one that is too long for the piece before it begins a piece of its own."""
        self._length += syllables(self._clause[self._seen : end])
        self._seen = end
        if not self._entered and self._pieces.too_long_with(self._length):
            self._pieces.close(REST_CLAUSE)

    def _hand_over(self) -> None:
        """Words of a clause that is still being written: its end no longer changes where they stand."""
        whole = self._seen
        if word := _OPEN_WORD.search(self._clause, 0, whole):
            whole = word.start()
        self._add(self._clause[:whole])
        self._clause, self._seen = self._clause[whole:], self._seen - whole
        self._entered = self._entered or whole > 0

    def _close(self, end: re.Match[str]) -> None:
        """The clause ends here, with this mark."""
        self._see(end.end())
        self._add(self._clause[: end.end()])
        strong = end["strong"] is not None
        if strong or not self._pieces.begun:
            self._pieces.close(REST_SENTENCE if strong else REST_CLAUSE)
        self._clause, self._seen, self._length, self._entered = self._clause[end.end() :], 0, 0, False

    def _add(self, text: str) -> None:
        for word in words(text):
            self._pieces.add(word)
