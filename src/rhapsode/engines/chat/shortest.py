"""A shortest text that a grammar (GBNF) takes: what an engine without a model writes where a form is demanded.

It reads the grammars that this project makes: one rule a line, no comments, no class that is negated.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|[\w-]+|\{\d+(?:,\d*)?\}|[()|?*+]')
_CHARACTER: Final = re.compile(r"\\U([0-9A-Fa-f]{8})|\\(.)|(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}
_LIKED: Final = "a0A"
"""what a class of characters becomes, if it may"""


@dataclass(frozen=True)
class _Words:
    text: str


@dataclass(frozen=True)
class _Rule:
    name: str


@dataclass(frozen=True)
class _Times:
    part: "_Part"
    least: int


@dataclass(frozen=True)
class _Sequence:
    parts: tuple["_Part", ...]


@dataclass(frozen=True)
class _Choice:
    ways: tuple["_Part", ...]


_Part = _Words | _Rule | _Times | _Sequence | _Choice


def shortest(grammar: str) -> str:
    """A text of the rule `root`, of the fewest characters. Raises ValueError where there is none."""
    rules = {
        name: _choice(_TOKEN.findall(body))
        for name, body in (re.split(r"\s*::=\s*", line, maxsplit=1) for line in grammar.splitlines() if line)
    }
    known: dict[str, str] = {}
    changed = True
    while changed:  # a rule's text is made of shorter ones, so that it settles after as many rounds as rules are nested
        changed = False
        for name, part in rules.items():
            text = _text(part, known)
            if text is not None and (name not in known or len(text) < len(known[name])):
                known[name], changed = text, True
    if "root" not in known:
        raise ValueError("the grammar takes no text at all")
    return known["root"]


def _text(part: _Part, known: dict[str, str]) -> str | None:
    """The shortest text as far as the rules are known."""
    match part:
        case _Words():
            return part.text
        case _Rule():
            return known.get(part.name)
        case _Times():
            once = _text(part.part, known) if part.least else ""
            return None if once is None else once * part.least
        case _Sequence():
            texts = [_text(each, known) for each in part.parts]
            return None if None in texts else "".join(filter(None, texts))
        case _Choice():
            return min((text for way in part.ways if (text := _text(way, known)) is not None), key=len, default=None)


def _choice(tokens: list[str]) -> _Part:
    """Takes its tokens off the list, up to a closing bracket."""
    ways = [_Sequence(tuple(_sequence(tokens)))]
    while tokens and tokens[0] == "|":
        del tokens[0]
        ways.append(_Sequence(tuple(_sequence(tokens))))
    return _Choice(tuple(ways))


def _sequence(tokens: list[str]) -> Iterator[_Part]:
    while tokens and tokens[0] not in "|)":
        word = tokens.pop(0)
        if word == "(":
            part = _choice(tokens)
            del tokens[0]
        elif word[0] == '"':
            part = _Words("".join(_characters(word[1:-1])))
        elif word[0] == "[":
            part = _Words(_one_of(word[1:-1]))
        else:
            part = _Rule(word)
        yield _Times(part, _least(tokens.pop(0))) if tokens and tokens[0][0] in "?*+{" else part


def _least(repetition: str) -> int:
    return {"?": 0, "*": 0, "+": 1}.get(repetition) or int(re.sub(r"\D.*", "", repetition.strip("{}")) or 0)


def _one_of(inside: str) -> str:
    ranges = list(_ranges(inside))
    for character in _LIKED:
        if any(low <= character <= high for low, high in ranges):
            return character
    return ranges[0][0]


def _ranges(inside: str) -> Iterator[tuple[str, str]]:
    dashes = [found.start() for found in _CHARACTER.finditer(inside) if found[3] == "-"]
    characters: Sequence[tuple[str, int]] = [(_read(found), found.start()) for found in _CHARACTER.finditer(inside)]
    place = 0
    while place < len(characters):
        low = characters[place][0]
        if place + 2 < len(characters) and characters[place + 1][1] in dashes:
            yield low, characters[place + 2][0]
            place += 3
        else:
            yield low, low
            place += 1


def _characters(text: str) -> Iterator[str]:
    return map(_read, _CHARACTER.finditer(text))


def _read(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return _ESCAPES.get(found[2], found[2]) if found[2] else found[3]
