"""The grammar (GBNF) that every free reply keeps: it begins with something visible, and not with anybody's label.

The model may put one space before it, which the vocabulary of many models glues to a first word. Neither an end nor
a broken character is possible before the first visible character is complete; U+FFFD and NUL are never possible, and
llama.cpp reads bytes that are no UTF-8 as NUL.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from rhapsode.engines.chat.constrain.characters import ANY, Ranges, ranges_of, without
from rhapsode.engines.chat.constrain.gbnf import characters, quote
from rhapsode.engines.chat.label import NOWHERE, Labels, State
from rhapsode.engines.chat.visible import is_visible, visible_ranges

_UNUSABLE: Final = frozenset("\0\ufffd")
_KEPT: Final = 64
"""grammars, of 15 kB and more: every turn of a conversation has the same"""
_MOST: Final = 1024
"""Characters of all names: each is a rule. Where there are more, each name is known by its beginning."""
_LONGEST: Final = 64


@lru_cache(_KEPT)
def reply_grammar(names: tuple[str, ...], *, name: str = "root", tag: str = "", then: str = "") -> str:
    """The grammar of a reply that does not begin with a label of one of `names`, as the rule `name`.

    Behind `tag`, wherever it comes but at the beginning, the rule `then` is all that may follow; of the characters of
    the tag, the first must be in it once. The names of all other rules begin with `name`.
    """
    # In brackets, the tag's inside is a label by itself.
    labels = Labels((*names, tag), longest=_fitting(names))
    return _Writer(labels, name, tag, then).text()


class _Writer:
    """A rule for each state: what leads away from all labels, or one step further into them."""

    def __init__(self, labels: Labels, name: str, tag: str, then: str) -> None:
        self._labels = labels
        self._name = name
        self._tag, self._then = tag, then
        self._rules: dict[State, str] = {NOWHERE: f"{name}-any"}
        self._states: list[State] = []

    def text(self) -> str:
        first = f'{self._name} ::= " "? ({self._ways(self._labels.start, first=True)})'
        # The list of states grows while it is read.
        others = (f'{self._rules[state]} ::= {self._ways(state)} | ""' for state in self._states)
        return "\n".join((first, *self._anything(), *others))

    def _anything(self) -> Iterator[str]:
        """The rules of what no label can begin with."""
        name, tag = self._name, self._tag
        if not tag:
            yield f"{name}-any ::= {_all_but(())}*"
            return
        yield f"{name}-any ::= {_all_but(tag[0])}* ({quote(tag[0])} {name}-tag-1)?"
        for place, character in enumerate(tag[1:], 1):
            on = self._then if place == len(tag) - 1 else f"{name}-tag-{place + 1}"
            yield (
                f"{name}-tag-{place} ::= {quote(character)} {on} | {quote(tag[0])} {name}-tag-1"
                f' | {_all_but((character, tag[0]))} {name}-any | ""'
            )

    def _ways(self, state: State, *, first: bool = False) -> str:
        known = self._labels.characters(state)
        usual = self._labels.step(state, _other_than(known))
        ways: dict[str, set[str]] = {}
        forbidden: set[str] = set()
        for character in {*known, *self._tag[:1]}:
            target = self._labels.step(state, character)
            if self._labels.is_label(target):
                forbidden.add(character)
            elif (rule := self._rule(target, character)) != self._rule(usual):
                ways.setdefault(rule, set()).add(character)
        led = forbidden.union(*ways.values())
        usually = characters(without(visible_ranges(), _set(led))) if first else _all_but(led)
        found = [f"{usually} {self._rule(usual)}"]
        for rule, by in ways.items():
            if usable := set(filter(is_visible, by)) if first else by - _UNUSABLE:
                found.append(f"{characters(_set(usable))} {rule}")
        return " | ".join(found)

    def _rule(self, state: State, by: str = "") -> str:
        if not state and by and by == self._tag[:1]:
            return f"{self._name}-tag-1"
        if state not in self._rules:
            self._rules[state] = f"{self._name}-{len(self._states)}"
            self._states.append(state)
        return self._rules[state]


def _fitting(names: tuple[str, ...]) -> int:
    """How many characters of each name can be known."""
    longest = _LONGEST
    while longest > 1 and sum(min(len(name), longest) for name in names) > _MOST:
        longest -= 1
    return longest


def _other_than(known: set[str]) -> str:
    return next(other for code in range(0xE000, 0xF8FF) if (other := chr(code)) not in known)


def _set(those: Iterable[str]) -> Ranges:
    return ranges_of((ord(character), ord(character)) for character in those)


def _all_but(those: Iterable[str]) -> str:
    return characters(without(ANY, _set(those)))
