"""The grammar (GBNF) that every reply keeps: it begins with something visible, and not with anybody's name.

The model may put one space before it, which the vocabulary of many models glues to a first word. Neither an end nor
a broken character is possible before the first visible character is complete; U+FFFD and NUL are never possible, and
llama.cpp reads bytes that are no UTF-8 as NUL.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from rhapsode.engines.chat.visible import is_visible, visible_ranges

_ANY: Final = r"any ::= [^\x00\uFFFD]*"
_COLONS: Final = (":", "：")
_KEPT: Final = 64
"""grammars, of 15 kB and more: every turn of a conversation has the same"""


class _Branch:
    """A node of the tree of openings that are forbidden."""

    def __init__(self) -> None:
        self.next: dict[str, _Branch] = {}

    def add(self, text: str) -> None:
        node = self
        for character in text:
            node = node.next.setdefault(character, _Branch())

    def reachable(self) -> "Iterator[_Branch]":
        """This node and all below it that have one below them."""
        todo: list[_Branch] = [self]
        while todo:
            if (node := todo.pop()).next:
                yield node
                todo.extend(node.next.values())


@lru_cache(_KEPT)
def reply_grammar(names: tuple[str, ...]) -> str:
    """The grammar of a reply that does not begin with one of `names` and a colon, as in a script of a play."""
    root = _Branch()
    for name in names:
        if name and is_visible(name[0]):
            for colon in _COLONS:
                root.add(name + colon)
    numbers = {id(node): number for number, node in enumerate(root.reachable())}
    rules = ['root ::= " "? ' + (f"o{numbers[id(root)]}" if root.next else "visible any"), _ANY]
    if not root.next:
        rules.append(f"visible ::= [{_characters(visible_ranges())}]")
    rules += [_rule(node, numbers, first=node is root) for node in root.reachable()]
    return "\n".join(rules)


def _rule(node: _Branch, numbers: dict[int, int], *, first: bool) -> str:
    """What may follow at a node: what leads away from all forbidden openings, or one step further into them."""
    codes = sorted(map(ord, node.next))
    if first:
        ways = [f"[{_characters(_without(visible_ranges(), codes))}] any"]
    else:
        ways = [f"[^\\x00\\uFFFD{_characters((code, code) for code in codes)}] any", '""']
    ways += [
        f"[{_characters([(ord(character), ord(character))])}] o{numbers[id(below)]}"
        for character, below in node.next.items()
        if below.next
    ]
    return f"o{numbers[id(node)]} ::= " + " | ".join(ways)


def _without(ranges: Iterable[tuple[int, int]], codes: list[int]) -> Iterator[tuple[int, int]]:
    for low, high in ranges:
        start = low
        for code in codes:
            if start <= code <= high:
                if start < code:
                    yield start, code - 1
                start = code + 1
        if start <= high:
            yield start, high


def _characters(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(_escape(low) if low == high else f"{_escape(low)}-{_escape(high)}" for low, high in ranges)


def _escape(code: int) -> str:
    return f"\\U{code:08X}"
