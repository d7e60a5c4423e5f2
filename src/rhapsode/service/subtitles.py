"""Subtitles: the caller's own text, sentence by sentence, and when each is heard.

The times are the engine's own marks on the sound itself, so nothing can drift. Where a mark stands for more than one
subtitle, the time between is shared out by characters.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from rhapsode.core.speech import Pause, Subtitle
from rhapsode.text.sentences import NOT_SHORTENED

LONGEST: Final = 50
"""characters of a subtitle (the contract's section 3.1)"""

_CLOSERS: Final = re.escape("\"'”’」』》〉】）)]}")
_STRONG: Final = "。！？!?…；;\n\r\u2028\u2029"
_SENTENCE: Final = re.compile(
    rf".*?(?:[{_STRONG}]|{NOT_SHORTENED}\.(?=[\s{_CLOSERS}\u2e80-\u9fff]|$))[\s.{_STRONG}{_CLOSERS}]*|.+", re.DOTALL
)
_CLAUSE_END: Final = re.compile(rf"[，、：—]+[{_CLOSERS}]*|[,:](?=\s)|\s")
_JOINERS: Final = frozenset("\u200d\ufe0e\ufe0f")


class Begun(NamedTuple):
    """From so many seconds on, the sound speaks `[begin, end)` of the text."""

    seconds: float
    begin: int
    end: int


def write_subtitles(script: Sequence[str | Pause], begun: Sequence[Begun], seconds: float) -> tuple[Subtitle, ...]:
    """The subtitles of a speech of so many seconds, in order, none beginning before the last has ended.

    One lasts until the next begins, or until the pause that the caller put between them.
    """
    clock = _Clock(begun, _pauses(script), seconds)
    lines: list[tuple[str, float, float]] = []
    place, pause = 0, 0.0
    for part in script:
        if isinstance(part, Pause):
            pause += part.milliseconds / 1000
            continue
        for begin, until in _cut(part):
            start = clock.at(place + begin)
            if lines:
                before, since, _ = lines[-1]
                lines[-1] = before, since, max(since, start - pause)
            lines.append((part[begin:until], start, seconds))
            pause = 0.0
        place += len(part)
    return tuple(
        Subtitle(text=text, begin=round(1000 * start), end=round(1000 * max(start, end))) for text, start, end in lines
    )


def _pauses(script: Sequence[str | Pause]) -> Iterator[tuple[int, float]]:
    """Where in the text each pause stands, and how many seconds it lasts."""
    place = 0
    for part in script:
        if isinstance(part, Pause):
            yield place, part.milliseconds / 1000
        else:
            place += len(part)


class _Clock:
    """When a character is heard; never earlier than one before it."""

    def __init__(self, begun: Sequence[Begun], pauses: Iterable[tuple[int, float]], seconds: float) -> None:
        self._begun = begun
        self._until = [mark.seconds for mark in begun[1:]] + [seconds]
        for place, pause in pauses:
            if before := bisect_left(begun, place, key=lambda mark: mark.begin):
                self._until[before - 1] -= pause
        self._latest = 0.0

    def at(self, place: int) -> float:
        """Seconds from the beginning. Asked in the order of the text."""
        self._latest = max(self._latest, self._at(place))
        return self._latest

    def _at(self, place: int) -> float:
        index = bisect_right(self._begun, place, key=lambda mark: mark.begin) - 1
        if index < 0:
            return 0.0
        mark, until = self._begun[index], self._until[index]
        if place >= mark.end:  # it is not spoken itself
            return until
        return mark.seconds + (until - mark.seconds) * (place - mark.begin) / (mark.end - mark.begin)


def _cut(text: str) -> list[tuple[int, int]]:
    """Where the subtitles of a stretch of text begin and end.

    None is blank; signs alone go with what is before them, and those at the beginning with what comes next.
    """
    spans: list[tuple[int, int]] = []
    for sentence in _SENTENCE.finditer(text):
        begin, end = sentence.span()
        while begin < end:
            until = _until(text, begin, end)
            low, high = _stripped(text, begin, until)
            begin = until
            if low == high:
                continue
            joins = spans and (_signs(text, low, high) or _signs(text, *spans[-1]))
            if joins and high - spans[-1][0] <= LONGEST:
                spans[-1] = spans[-1][0], high
            else:
                spans.append((low, high))
    return spans


def _signs(text: str, begin: int, end: int) -> bool:
    return not any(map(str.isalnum, text[begin:end]))


def _stripped(text: str, begin: int, end: int) -> tuple[int, int]:
    """The same without the white space at its ends."""
    while begin < end and text[begin].isspace():
        begin += 1
    while begin < end and text[end - 1].isspace():
        end -= 1
    return begin, end


def _until(text: str, begin: int, end: int) -> int:
    """Where the subtitle ends that begins here: with the sentence, else at a clause, else at a blank, else anywhere."""
    begin, last = _stripped(text, begin, end)
    if last - begin <= LONGEST:
        return end
    most = begin + LONGEST
    ends = [found.end() for found in _CLAUSE_END.finditer(text, begin, most + 1) if found.end() <= most]
    clauses = [place for place in ends if not text[place - 1].isspace()]
    if clauses or ends:
        return (clauses or ends)[-1]
    whole = most
    while whole > begin + 1 and (_joins(text[whole]) or text[whole - 1] in _JOINERS):
        whole -= 1
    return whole if whole > begin + 1 else most  # a heap of accents stands on no letter


def _joins(character: str) -> bool:
    """Whether it belongs to the character before it."""
    return character in _JOINERS or unicodedata.category(character)[0] == "M"
