"""How a text tells who speaks, as in a script: `Ann:`, `**Ann**：`, `[Ann]`, `小红（笑）：`, `Bob said:`, `Ann - `.

An automaton over characters. A reply must not begin with a label, of which `grammar.py` makes a grammar, and ends where
a later line or sentence begins with one, for which `cut.py` reads along.
"""

from collections.abc import Iterable, Iterator
from enum import Enum, auto
from string import punctuation
from typing import Final, TypeAlias

from rhapsode.engines.chat.visible import is_visible

LINE_ENDS: Final = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
SENTENCE_ENDS: Final = frozenset(".!?。！？…")

_SPACES: Final = frozenset(" \t\u00a0\u3000")
COLONS: Final = frozenset(":：")
_MARKS: Final = (
    frozenset(punctuation)
    | frozenset(map(chr, (*range(0x2010, 0x2028), *range(0x2030, 0x205F), *range(0x3001, 0x3021), 0xB7)))
    | frozenset("！＂＃＄％＆＇（）＊＋，－．／；＜＝＞？＠［＼］＾＿｀｛｜｝～｟｠｡｢｣､･")
) - COLONS
"""the punctuation of ASCII, Unicode's general block, Chinese, and full width; a model mixes them up: `[Rex}:`"""
_BEFORE: Final = LINE_ENDS | SENTENCE_ENDS | _SPACES | _MARKS | frozenset("\u200b\u200c\u200d\u2060\ufeff")
"""what may stand before a name"""
_BETWEEN: Final = _SPACES | _MARKS
"""what may stand between a name and its colon"""
_CLOSING: Final = frozenset("]】")
_BRACKETS: Final = _CLOSING | frozenset(">)）")
"""which make a label of the name inside, without a colon; all but the first ones right behind it only"""
_AROUND: Final = _BEFORE | COLONS | _BRACKETS
"""what is no part of a name at its ends"""
_ASIDES: Final = {"(": ")", "（": "）"}
"""how a speaker looks or sounds: `Ann (whispering):`"""
_DASHES: Final = frozenset("-–")
_VERBS: Final = (
    "said", "says", "asked", "asks", "replied", "replies", "answered", "answers",
    "说", "说道", "道", "问", "问道", "答", "答道", "回答", "回答道",
)  # fmt: skip


class _Point(Enum):
    """Where in a label a text has arrived, outside of the names."""

    BEFORE = auto()
    NAMED = auto()
    SPACED = auto()
    DASHED = auto()
    SAID = auto()
    LABEL = auto()


class _Node:
    """Where in the tree of names, or of verbs, a text has arrived. `end` is where a whole one leads."""

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.end: _Point | None = None
        self.is_inside = False
        """whether a bracket behind the whole one is its own"""

    def add(self, text: str, end: _Point) -> None:
        node = self
        for character in text:
            following = node.next.get(character)
            if following is None:
                following = node.next[character] = _Node()
            node = following
        # A name that is cut is a label by itself, also where it is another one's whole.
        node.end = end if node.end is not _Point.LABEL else node.end
        node.is_inside = any(text.rfind(opening) > text.rfind(closing) for opening, closing in _ASIDES.items())

    def after(self, character: str) -> "Iterator[_Node]":
        """A name may be written in capitals, or without."""
        for each in _cases(character):
            if each in self.next:
                yield self.next[each]

    def characters(self) -> set[str]:
        """All that lead on."""
        return {case for character in self.next for case in _cases(character)}


def _tree_of_verbs() -> _Node:
    tree = _Node()
    for verb in _VERBS:
        tree.add(verb, _Point.SAID)
    return tree


_VERB_TREE: Final = _tree_of_verbs()
"""the same for all names: it takes a hundred microseconds to grow"""


def _cases(character: str) -> set[str]:
    """The character, small and as a capital, where that is one character, and leads back."""
    small, capital = character.lower(), character.upper()
    return {character, *(case for case in (small, capital) if case.lower() == small and case.upper() == capital)}


Place: TypeAlias = "_Point | _Node | str"
"""A text of one character: inside an aside, which that bracket ends."""
State: TypeAlias = frozenset[Place]
"""All places where a text may have arrived; none: it is no label."""

NOWHERE: Final[State] = frozenset()


class Labels:
    """All labels with one of `names`, in any case of their letters.

    The first `longest` characters of a name are a label by themselves.
    """

    def __init__(self, names: Iterable[str], *, longest: int | None = None) -> None:
        cores = {name: core_of(name) for name in names if name}
        self._names, self._verbs = _Node(), _VERB_TREE
        for core in filter(None, cores.values()):
            is_cut = longest is not None and len(core) > longest
            self._names.add(core[:longest], _Point.LABEL if is_cut else _Point.NAMED)
        self._has_bare = not all(cores.values())  # names of nothing but marks
        self.start: State = frozenset({_Point.BEFORE}) if cores else NOWHERE

    def step(self, state: State, character: str) -> State:
        """Where one more character leads."""
        return frozenset(place for each in state for place in self._from(each, character))

    def is_label(self, state: State) -> bool:
        """Whether the text so far is a label."""
        return any((place.end if isinstance(place, _Node) else place) is _Point.LABEL for place in state)

    def characters(self, state: State) -> set[str]:
        """Those that may lead elsewhere than all others lead."""
        found = set(LINE_ENDS)
        for place in state:
            if isinstance(place, _Node):
                found |= place.characters()
            if place is _Point.BEFORE:
                found |= _BEFORE | COLONS | self._names.characters()
            elif isinstance(place, str):
                found.add(place)
            elif not isinstance(place, _Node) or place.end:
                found |= COLONS | _BETWEEN | _BRACKETS | _ASIDES.keys() | _DASHES | self._verbs.characters()
        return found

    def _from(self, place: Place, character: str) -> Iterator[Place]:
        if isinstance(place, _Point):
            yield from self._from_point(place, character)
        elif isinstance(place, str):
            if character == place:
                yield _Point.NAMED
            elif character not in LINE_ENDS:
                yield place
        else:
            yield from place.after(character)
            if place.end is not None:
                yield from self._from_point(place.end, character)
            if place.end is _Point.NAMED and character in _BRACKETS and not place.is_inside:
                yield _Point.LABEL

    def _from_point(self, point: _Point, character: str) -> Iterator[Place]:
        match point:
            case _Point.BEFORE:
                yield from self._before_name(character)
            case _Point.NAMED:
                yield from self._after_name(character)
            case _Point.SPACED if character in _DASHES:
                yield _Point.DASHED
            case _Point.DASHED if character in _SPACES:
                yield _Point.LABEL
            case _Point.SAID if character in COLONS:
                yield _Point.LABEL
            case _Point.SAID if character in _SPACES:
                yield point
            case _:
                pass

    def _before_name(self, character: str) -> Iterator[Place]:
        if character in _BEFORE:
            yield _Point.BEFORE
        elif character in COLONS and self._has_bare:
            yield _Point.LABEL
        yield from self._names.after(character)

    def _after_name(self, character: str) -> Iterator[Place]:
        if character in COLONS or character in _CLOSING:
            yield _Point.LABEL
        if character in _BETWEEN:
            yield _Point.NAMED
        if character in _SPACES:
            yield _Point.SPACED
        if character in _ASIDES:
            yield _ASIDES[character]
        yield from self._verbs.after(character)


def core_of(name: str) -> str:
    """The name without marks at its ends, as far as it has something else."""
    start, end = 0, len(name)
    while start < end and _is_mark(name[start]):
        start += 1
    while start < end and _is_mark(name[end - 1]):
        end -= 1
    return name[start:end]


def _is_mark(character: str) -> bool:
    return character in _AROUND or not is_visible(character)
