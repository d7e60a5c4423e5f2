"""Text as it is read aloud, and which characters of the original each stretch of it stands for.

What is read is seldom what was written: `5kg` is read 五公斤. Subtitles speak in the caller's own text, so every
rewriting keeps the way back. It is kept as stretches, not as characters: a stretch is either copied, character for
character, or replaced as a whole.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Stretch(NamedTuple):
    """`text[at:until]` of what is read stands for `[begin, end)` of the original.

    `copied`: both are of one length, and go along character by character.
    """

    at: int
    until: int
    begin: int
    end: int
    copied: bool


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """Text that was rewritten: its stretches are in order on both sides, cover `text`, and never overlap."""

    text: str
    stretches: tuple[Stretch, ...]

    def span(self, begin: int, end: int) -> tuple[int, int]:
        """Where `text[begin:end]` comes from, as `[begin, end)` of the original; the two never go backwards.

        An empty range has the place where its first character would be.
        """
        if begin >= end:
            place = self._source(begin)[0] if begin < len(self.text) else self._end
            return place, place
        return self._source(begin)[0], self._source(end - 1)[1]

    def then(self, later: "Spoken") -> "Spoken":
        """`later` was made of `self.text`: the same with the way back to the original of this."""
        writer = Writer()
        for stretch in later.stretches:
            writing = later.text[stretch.at : stretch.until]
            if not stretch.copied:
                writer.write(writing, *self.span(stretch.begin, stretch.end))
                continue
            for mine, low, high in self._within(stretch.begin, stretch.end):
                text = writing[low - stretch.begin : high - stretch.begin]
                if mine.copied:
                    writer.copy(text, mine.begin + low - mine.at)
                else:
                    writer.write(text, mine.begin, mine.end)
        return writer.spoken()

    @property
    def _end(self) -> int:
        return self.stretches[-1].end if self.stretches else 0

    def _within(self, begin: int, end: int) -> Iterator[tuple[Stretch, int, int]]:
        """The stretches of `text[begin:end]`, and what of it each holds."""
        index = self._index(begin)
        while begin < end:
            stretch = self.stretches[index]
            until = min(end, stretch.until)
            yield stretch, begin, until
            begin, index = until, index + 1

    def _source(self, place: int) -> tuple[int, int]:
        stretch = self.stretches[self._index(place)]
        if not stretch.copied:
            return stretch.begin, stretch.end
        origin = stretch.begin + place - stretch.at
        return origin, origin + 1

    def _index(self, place: int) -> int:
        return bisect_right(self.stretches, place, key=lambda stretch: stretch.at) - 1


class Writer:
    """Writes what is read, from the beginning to the end of the original. What is never mentioned is not read."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._stretches: list[Stretch] = []
        self._at = 0

    def copy(self, text: str, begin: int) -> None:
        """What is read as it stands in the original from `begin` on, or at least one character for one."""
        self._add(text, begin, begin + len(text), copied=True)

    def write(self, text: str, begin: int, end: int) -> None:
        """What is read for `[begin, end)` of the original."""
        self._add(text, begin, end, copied=False)

    def put(self, spoken: Spoken, begin: int) -> None:
        """What was made of the stretch of the original that begins at `begin`."""
        for stretch in spoken.stretches:
            text = spoken.text[stretch.at : stretch.until]
            self._add(text, begin + stretch.begin, begin + stretch.end, copied=stretch.copied)

    def spoken(self) -> Spoken:
        """The whole."""
        return Spoken(text="".join(self._texts), stretches=tuple(self._stretches))

    def _add(self, text: str, begin: int, end: int, *, copied: bool) -> None:
        if not text:
            return
        at, self._at = self._at, self._at + len(text)
        self._texts.append(text)
        last = self._stretches[-1] if self._stretches else None
        if last and last.copied and copied and last.end == begin:
            self._stretches[-1] = last._replace(until=self._at, end=end)
        elif last and not last.copied and not copied and (last.begin, last.end) == (begin, end):
            self._stretches[-1] = last._replace(until=self._at)
        else:
            self._stretches.append(Stretch(at, self._at, begin, end, copied))


def as_written(text: str) -> Spoken:
    """Text that is read as it stands."""
    writer = Writer()
    writer.copy(text, 0)
    return writer.spoken()
