r"""A caller's regular expression, as far as a grammar can enforce it on a text as a whole. The syntax is Python's.

What it may hold: characters, classes, groups, `|`, `.`, repetition with and without bounds, and `^` and `$` at the
ends, where they say nothing new; a lazy repetition is the same as a greedy one, since the whole text counts. The
classes are Python's, narrowed to what every reader of the expression agrees on: `\d` is 0 to 9 and `\s` is ASCII's,
but `\w` is the letters and numerals of all the scripts that are much written; `\D`, `\S` and `\W` leave out what any
script has of them.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Final, Protocol, cast

from rhapsode.engines.chat.constrain.characters import (
    ANY,
    Ranges,
    common_word_characters,
    complement,
    decimal_digits,
    ranges_of,
    single,
    white_space,
    without,
    word_characters,
)
from rhapsode.engines.chat.constrain.places import NOTHING, Part, Places, TooLarge

LONGEST: Final = 8192
"""characters of one expression"""
_KEPT: Final = 64
"""classes: a repetition reads its own for every time"""


class CannotEnforce(Exception):
    """The message says what it is that a grammar cannot enforce."""


class _Parser(Protocol):
    """`re._parser`: it has no public name, and is the one that knows the syntax."""

    def parse(self, pattern: str, /) -> "_Parsed": ...


class _State(Protocol):
    flags: int


class _Parsed(Protocol):
    state: _State

    def __iter__(self) -> "Iterator[tuple[object, object]]": ...


_PARSER: Final = cast("_Parser", import_module("re._parser"))
_FOREVER: Final = int(cast("int", import_module("re._constants").MAXREPEAT))
_ASCII_DIGITS: Final = ranges_of([(0x30, 0x39)])
_ASCII_SPACE: Final = ranges_of([(0x09, 0x0D), (0x20, 0x20)])
_NO_NEWLINE: Final = without(ANY, single("\n"))


def read_regex(pattern: str, places: Places, *, leading: bool = True, trailing: bool = True) -> Part:
    """The expression in places. Raises `CannotEnforce`, `TooLarge`.

    `leading`, `trailing`: it begins where the text does, and ends where it does; `^` and `$` may stand there only then.
    """
    if len(pattern) > LONGEST:
        raise TooLarge
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a later Python may read otherwise
            parsed = _PARSER.parse(pattern)
            if parsed.state.flags & ~re.UNICODE:
                raise CannotEnforce("a flag")
            return _Reader(places).sequence(_items(parsed), leading=leading, trailing=trailing)
    except (re.error, OverflowError) as fault:
        raise CannotEnforce(f"what is no regular expression ({fault})") from fault
    except RecursionError as fault:
        raise TooLarge from fault


def read_literal(text: str, places: Places) -> Part:
    """The text itself in places. Raises as `read_regex` does."""
    if any(not _usable(single(character)) for character in text):
        raise CannotEnforce("a character that no text may hold")
    return places.sequence([places.character(single(character)) for character in text])


class _Reader:
    """What the parser of Python found, part by part. Its names for things are looked at as texts."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def sequence(self, items: Sequence[tuple[str, object]], *, leading: bool, trailing: bool) -> Part:
        """`leading`: nothing can stand before it; `trailing`: nothing can stand behind it."""
        parts: list[Part] = []
        for index, (kind, detail) in enumerate(items):
            first = leading and not any(part.first for part in parts)
            last = trailing and all(other == "AT" for other, _ in items[index + 1 :])
            parts.append(self._part(kind, detail, leading=first, trailing=last))
        return self._places.sequence(parts)

    def _part(self, kind: str, detail: object, *, leading: bool, trailing: bool) -> Part:
        match kind:
            case "AT":
                return self._anchor(str(detail), leading=leading, trailing=trailing)
            case "BRANCH":
                _, branches = cast("tuple[None, list[_Parsed]]", detail)
                return self._places.choice(
                    self.sequence(_items(branch), leading=leading, trailing=trailing) for branch in branches
                )
            case "SUBPATTERN":
                _, added, removed, inner = cast("tuple[object, int, int, _Parsed]", detail)
                if added or removed:
                    raise CannotEnforce("a flag")
                return self.sequence(_items(inner), leading=leading, trailing=trailing)
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, most, inner = cast("tuple[int, int, _Parsed]", detail)
                items = _items(inner)
                return self._places.repetition(
                    lambda: self.sequence(items, leading=False, trailing=False),
                    int(least),
                    None if int(most) == _FOREVER else int(most),
                )
            case _:
                ranges = _characters(kind, detail)
                if not ranges:
                    raise CannotEnforce("a class without a character in it")
                return self._places.character(ranges)

    def _anchor(self, where: str, *, leading: bool, trailing: bool) -> Part:
        begins = where in {"AT_BEGINNING", "AT_BEGINNING_STRING"} and leading
        ends = where in {"AT_END", "AT_END_STRING"} and trailing
        if not begins and not ends:
            raise CannotEnforce(_NAMES.get(where, "an anchor inside of the text"))
        return NOTHING


def _characters(kind: str, detail: object) -> Ranges:
    match kind:
        case "LITERAL":
            return _usable(_code(detail))
        case "NOT_LITERAL":
            return without(ANY, _code(detail))
        case "ANY":
            return _NO_NEWLINE
        case "IN":
            members = cast("list[tuple[object, object]]", detail)
            return _class(tuple((str(name), inside) for name, inside in members))
        case _:
            raise CannotEnforce(_NAMES.get(kind, "what only a match in a given text can tell"))


@lru_cache(_KEPT)
def _class(members: tuple[tuple[str, object], ...]) -> Ranges:
    negated = members[:1] == (("NEGATE", None),)
    found = [_member(name, inside, wide=negated) for name, inside in (members[1:] if negated else members)]
    ranges = ranges_of(pair for ranges in found for pair in ranges)
    return without(ANY, ranges) if negated else _usable(ranges)


def _member(kind: str, detail: object, *, wide: bool) -> Ranges:
    """`wide`: the set is left out, and nobody may take what is left for a member of it."""
    match kind:
        case "LITERAL":
            return _code(detail)
        case "RANGE":
            low, high = cast("tuple[int, int]", detail)
            return ((low, high),)
        case _:
            return (_WIDE if wide else _NARROW)[str(detail)]()


_NARROW: Final[dict[str, Callable[[], Ranges]]] = {
    "CATEGORY_DIGIT": lambda: _ASCII_DIGITS,
    "CATEGORY_NOT_DIGIT": lambda: complement(decimal_digits()),
    "CATEGORY_SPACE": lambda: _ASCII_SPACE,
    "CATEGORY_NOT_SPACE": lambda: complement(white_space()),
    "CATEGORY_WORD": common_word_characters,
    "CATEGORY_NOT_WORD": lambda: complement(word_characters()),
}
_WIDE: Final[dict[str, Callable[[], Ranges]]] = {
    **_NARROW,
    "CATEGORY_DIGIT": decimal_digits,
    "CATEGORY_NOT_DIGIT": lambda: complement(_ASCII_DIGITS),
    "CATEGORY_SPACE": white_space,
    "CATEGORY_NOT_SPACE": lambda: complement(_ASCII_SPACE),
    "CATEGORY_WORD": word_characters,
    "CATEGORY_NOT_WORD": lambda: complement(common_word_characters()),
}
_NAMES: Final = {
    "AT_BOUNDARY": r"\b",
    "AT_NON_BOUNDARY": r"\B",
    "ASSERT": "a lookahead or lookbehind",
    "ASSERT_NOT": "a lookahead or lookbehind",
    "GROUPREF": "a reference to a group",
    "GROUPREF_EXISTS": "a reference to a group",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive repetition",
}


def _items(parsed: _Parsed) -> list[tuple[str, object]]:
    return [(str(kind), detail) for kind, detail in parsed]


def _code(detail: object) -> Ranges:
    return ((cast("int", detail), cast("int", detail)),)


def _usable(ranges: Ranges) -> Ranges:
    """Of them, the ones that a text may hold."""
    return without(ranges, complement(ANY))
