"""Which characters of a piece are being spoken: the reference speaker's words, taken back to the caller's own text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from rhapsode.engines.speech.frames import Floats
from rhapsode.text.spoken import Spoken


@dataclass(frozen=True)
class Utterance:
    """`sound` is within -1 to 1. `words`: at which sample each begins, and at which character of what was given."""

    sound: Floats
    words: tuple[tuple[int, int], ...]


class Word(NamedTuple):
    """From sample `at` on, `[begin, end)` of the piece is spoken."""

    at: int
    begin: int
    end: int


def place_words(words: Iterable[tuple[int, int]], spoken: Spoken, *, text: str) -> list[Word]:
    """The words in order, from sample 0 on; together they are all of `text`, what stands between them included.

    `words`: at which sample each begins, and at which character of `spoken.text`. What was rewritten as a whole is one
    word. What is not read belongs to the word before it, and at the beginning to the first.
    """
    begun: list[tuple[int, int]] = [(0, 0)]
    latest = spoken.span(0, 1)[0] if spoken.text else 0
    for sample, place in sorted(words):
        if 0 <= place < len(spoken.text):
            begin = spoken.span(place, place + 1)[0]
            if begin > latest:
                begun.append((max(sample, 0), begin))
                latest = begin
    ends = [begin for _, begin in begun[1:]] + [len(text)]
    return [Word(at, begin, end) for (at, begin), end in zip(begun, ends, strict=True)]


class Following:
    """Hands words out with the blocks in which they begin."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._words = list(words)
        self._done = 0

    def take(self, count: int) -> Iterator[Word]:
        """Those that begin in the next `count` samples, counted from their first."""
        until = self._done + count
        while self._words and self._words[0].at < until:
            word = self._words.pop(0)
            yield word._replace(at=max(0, word.at - self._done))
        self._done = until
