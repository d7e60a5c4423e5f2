"""The pieces of a text and where each stands in it, cut as far as they are asked for.

Cutting a book takes seconds, more where it is cut at once. Whoever speaks it needs the next piece alone.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from rhapsode.text.pieces import Piece
from rhapsode.text.sentences import Cutter

_SLICE: Final = 500
"""characters that are cut at a time: 3 ms of work at most"""


class Located(NamedTuple):
    """A piece of a text, which is `[begin, end)` of it; the last one's signs at the end included."""

    piece: Piece
    begin: int
    end: int


def locate_pieces(text: str, *, continued: bool = False) -> Iterator[Located]:
    """The pieces of `cut` in order, and where they stand: together they are the text, white space aside."""
    place = 0
    last: Located | None = None
    for piece in _pieces(text, continued=continued):
        if last:
            yield last
        while text[place].isspace():
            place += 1
        last = Located(piece, place, place + len(piece.text))
        place = last.end
    if last:
        yield last._replace(end=len(text.rstrip()))


def _pieces(text: str, *, continued: bool) -> Iterator[Piece]:
    """The pieces as they become certain, without the signs that are left over at the end."""
    cutter = Cutter(continued=continued)
    for place in range(0, len(text), _SLICE):
        yield from cutter.feed(text[place : place + _SLICE])
    yield from cutter.finish()
