"""Rules by which stretches of a text are read: a pattern each, and what is said for what it finds."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rhapsode.text.spoken import Spoken, Writer

Read = Callable[[re.Match[str]], str | None]
"""What is said for a find; None where it is none after all. Nothing at all is said for an empty text."""

NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
"""with or without commas between the thousands"""
ALONE = r"(?<![0-9A-Za-z.,])(?<![0-9][-/:])"
"""in front of a figure: it does not go on with another"""
OVER = r"(?![0-9A-Za-z])(?!\.[0-9])"
"""behind a figure: nothing goes on with it"""
HAN = "\u3400-\u9fff\uf900-\ufaff"
"""for a set of characters in a pattern"""


@dataclass(frozen=True)
class Rule:
    """Finds are sought in the text as it was written, so that a pattern may look around."""

    pattern: re.Pattern[str]
    read: Read


def rule(pattern: str, read: Read, flags: int = 0) -> Rule:
    """Compiled."""
    return Rule(re.compile(pattern, flags), read)


def rewrite(text: str, rules: Iterable[Rule]) -> Spoken:
    """What the rules say, earlier ones first: what one has claimed no later one reads."""
    claims: dict[int, tuple[int, str]] = {}
    taken = bytearray(len(text))
    for each in rules:
        place = 0
        while found := each.pattern.search(text, place):
            begin, end = found.span()
            free = begin < end and not any(taken[begin:end])
            place = end if free else begin + 1  # what is left of it may be a find too: the 7 of 1-7
            if free and (said := each.read(found)) is not None:
                claims[begin] = (end, said)
                taken[begin:end] = b"\1" * (end - begin)
    return _written(text, sorted(claims.items()))


def _written(text: str, claims: Iterable[tuple[int, tuple[int, str]]]) -> Spoken:
    writer, place = Writer(), 0
    for begin, (end, said) in claims:
        writer.copy(text[place:begin], place)
        writer.write(said, begin, end)
        place = end
    writer.copy(text[place:], place)
    return writer.spoken()
