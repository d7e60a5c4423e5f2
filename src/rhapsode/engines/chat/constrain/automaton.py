"""A regular language, character by character, with one state at a time.

One state at a time is what keeps llama.cpp quick: it holds a stack for every way that is open, and where a caller's
expression keeps n ways open, it may try every path through them for every token of its vocabulary.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from rhapsode.engines.chat.constrain.characters import ANY, LAST, Ranges, ranges_of
from rhapsode.engines.chat.constrain.gbnf import Rules, characters
from rhapsode.engines.chat.constrain.places import NOTHING, Part, Places, TooLarge
from rhapsode.engines.chat.constrain.regex import read_literal, read_regex

MOST_STATES: Final = 4000
MOST_ARROWS: Final = 40_000
"""from a state to another: 1 MB of a grammar"""
MOST_WORK: Final = 2_000_000
"""steps while the states are found: 1 s"""
_KEPT: Final = 64
"""automata: a conversation has the same ones turn after turn"""
_SHORT: Final = 8
"""ranges of a class that is written where it is used"""


class Automaton:
    """State 0 is the beginning. From every state some end can be reached. `work` is what it took, of `MOST_WORK`."""

    def __init__(self, places: Places, whole: Part) -> None:
        """Raises `TooLarge`."""
        self._starts, self._kinds, self._ranges, work = _partition(places.characters)
        self.work = places.work + work
        self._accepting: list[bool] = []
        self._steps: list[dict[int, int]] = []
        self._find_states(places, whole)

    def accepts(self, state: int) -> bool:
        """Whether what led to it is a text of the language."""
        return self._accepting[state]

    def is_last(self, state: int) -> bool:
        """Whether nothing can follow."""
        return not self._steps[state]

    def step(self, state: int, character: str) -> int | None:
        """The state after a character; None where no text of the language goes on like that."""
        return self._steps[state].get(self._kinds[bisect_right(self._starts, ord(character)) - 1])

    def accepted(self, text: str) -> Iterator[int]:
        """The length of every beginning of `text` that is a text of the language, in order."""
        state: int | None = 0
        for length in range(len(text) + 1):
            if self._accepting[state]:
                yield length
            if length == len(text) or (state := self.step(state, text[length])) is None:
                return

    def write(self, rules: Rules) -> str:
        """Adds the rules of the language, and returns the name of the first."""
        names = [rules.reserve() for _ in self._steps]
        classes: dict[tuple[int, ...], str] = {}  # most states have the same few
        for name, steps, accepting in zip(names, self._steps, self._accepting, strict=True):
            targets: dict[int, list[int]] = {}
            for kind, target in steps.items():
                targets.setdefault(target, []).append(kind)
            ways: list[str] = []
            for target, listed in targets.items():
                kinds = tuple(sorted(listed))
                if kinds not in classes:
                    classes[kinds] = _class(ranges_of(pair for kind in kinds for pair in self._ranges[kind]), rules)
                ways.append(f"{classes[kinds]} {names[target]}")
            rules.write(name, " | ".join([*ways, '""'] if accepting else ways))
        return names[0]

    def _find_states(self, places: Places, whole: Part) -> None:
        kinds_in = {ranges: self._kinds_in(ranges) for ranges in set(places.characters)}
        kinds_at = [kinds_in[ranges] for ranges in places.characters]
        last = frozenset(whole.last)
        states: dict[tuple[frozenset[int], bool], int] = {}
        found: list[frozenset[int]] = []
        arrows = 0

        def state_of(following: Iterable[int], accepting: bool) -> int:  # noqa: FBT001
            key = frozenset(following), accepting
            if key not in states:
                if len(states) >= MOST_STATES:
                    raise TooLarge
                states[key] = len(found)
                found.append(key[0])
                self._accepting.append(accepting)
                self._steps.append({})
            return states[key]

        state_of(whole.first, whole.empty)
        todo = 0
        while todo < len(found):
            following = found[todo]
            taken: dict[int, list[int]] = {}
            for place in following:
                for kind in kinds_at[place]:
                    taken.setdefault(kind, []).append(place)
            for kind, reached in taken.items():
                self.work += sum(1 + len(places.following[place]) for place in reached)
                if self.work > MOST_WORK:
                    raise TooLarge
                after = set[int]().union(*(places.following[place] for place in reached))
                self._steps[todo][kind] = state_of(after, not last.isdisjoint(reached))
            arrows += len(set(self._steps[todo].values()))
            if arrows > MOST_ARROWS:
                raise TooLarge
            todo += 1

    def _kinds_in(self, ranges: Ranges) -> list[int]:
        """Those that a class is made of."""
        runs = (range(bisect_left(self._starts, low), bisect_right(self._starts, high)) for low, high in ranges)
        return list(dict.fromkeys(self._kinds[place] for run in runs for place in run))


@lru_cache(_KEPT)
def automaton_of(patterns: tuple[str, ...], *, literal: bool = False, ending: str = "") -> Automaton:
    """The texts that match one of `patterns`, or that are one of them if `literal`.

    With an `ending`, also such a text with a match of it and anything more behind. Raises `CannotEnforce`, `TooLarge`.
    """
    places = Places()
    read = read_literal if literal else read_regex
    whole = places.choice([read(pattern, places) for pattern in patterns])
    if ending:
        tail = [read_regex(ending, places), places.repetition(lambda: places.character(ANY), 0, None)]
        whole = places.sequence([whole, places.choice([NOTHING, places.sequence(tail)])])
    return Automaton(places, whole)


def _partition(classes: Iterable[Ranges]) -> tuple[list[int], list[int], list[Ranges], int]:
    """Kinds of characters that no class tells apart.

    Where each run of one kind begins, the kind of the run, and the characters of each kind; what work it was. -1: in no
    class.
    """
    changes: dict[int, set[int]] = {0: set()}
    for number, ranges in enumerate(dict.fromkeys(classes)):
        for low, high in ranges:
            changes.setdefault(low, set()).symmetric_difference_update((number,))
            changes.setdefault(high + 1, set()).symmetric_difference_update((number,))
    starts = sorted(changes)
    inside: frozenset[int] = frozenset()
    numbers: dict[frozenset[int], int] = {frozenset(): -1}
    kinds: list[int] = []
    members: list[list[tuple[int, int]]] = []
    work = 0
    for start, end in zip(starts, [*starts[1:], LAST + 1], strict=True):
        inside ^= changes[start]
        work += len(inside)
        if work > MOST_WORK:
            raise TooLarge
        if inside not in numbers:
            numbers[inside] = len(members)
            members.append([])
        kinds.append(numbers[inside])
        if inside:
            members[numbers[inside]].append((start, end - 1))
    return starts, kinds, [ranges_of(pairs) for pairs in members], work


def _class(ranges: Ranges, rules: Rules) -> str:
    text = characters(ranges)
    return rules.add(text) if len(ranges) > _SHORT else text
