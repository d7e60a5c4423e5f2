"""What identifies people, replaced by `*`, one a character: mail, links, hosts, identity and phone numbers, addresses.

It works on text that is still being written, and the outcome does not depend on how the text arrives: what is let
through can no longer become part of anything. Prose flows word by word.
"""

import re
from collections.abc import Sequence
from typing import Final, Protocol

from rhapsode.text.mask_chinese_streets import STREET_ENDS, ChineseStreets
from rhapsode.text.mask_links import Links, Names, certain, link_until, may_go_on
from rhapsode.text.mask_numbers import Numbers
from rhapsode.text.mask_streets import Streets

Span = tuple[int, int]


class Kind(Protocol):
    """One kind of what is masked."""

    def find(self, text: str, start: int, /) -> Span | None:
        """The first one that begins at `start` or later. What stands before `start` is context.

        So what is found is also what is found from any later place up to where it begins, names aside, of which none
        begins within what was a longer one; of `open_from` the same.
        """
        ...

    def open_from(self, text: str, start: int, /) -> int:
        """The first place, not before `start`, where one may begin that text to come could complete or change.

        The length of the text where there is none. It may be too early, at the price of text that is held back.
        """
        ...


_KINDS: Final[Sequence[Kind]] = (Links(), Names(), Numbers(), Streets(), ChineseStreets())
_MAY_HOLD: Final = re.compile(rf"[0-9]|://|\.[A-Za-z]|[{STREET_ENDS}]")
"""something of what each kind has in it: most texts have nothing, and need no closer look"""
_CONTEXT: Final = 4
"""characters before a place that decide whether something may begin there"""
_NAMES: Final = 1
"""their place among the kinds"""
_UNKNOWN: Final[Span] = (-1, -1)
_STRETCH: Final = 256
"""characters looked at together: a long text would be searched anew for all that is found in it"""


def mask(text: str) -> str:
    """The whole text, masked."""
    if not _MAY_HOLD.search(text):
        return text
    masked = Mask()
    return masked.feed(text) + masked.finish()


class Mask:
    """Masks one text."""

    def __init__(self) -> None:
        self._text = ""
        """what is held back, behind some of what was let through already"""
        self._start = 0
        """where the former begins"""
        self._in_link = False
        """whether what is held back goes on with a link"""
        self._forget()

    def feed(self, text: str) -> str:
        """What can be shown by now; often empty."""
        return "".join(self._feed(text[place : place + _STRETCH]) for place in range(0, len(text), _STRETCH))

    def finish(self) -> str:
        """The rest. Nothing may be fed afterwards."""
        self._forget()
        shown = [self._settle()]
        while found := self._first():
            shown += self._pass(found[0]), self._hide(found[1])
        shown.append(self._pass(len(self._text)))
        return "".join(shown)

    def _feed(self, text: str) -> str:
        self._text += text
        self._forget()
        shown = self._settle()
        context = max(0, self._start - _CONTEXT)
        self._text, self._start = self._text[context:], self._start - context
        return shown

    def _forget(self) -> None:
        """The text is another one. What is known of a kind holds until `_start` has passed it."""
        self._found: list[Span | None] = [_UNKNOWN] * len(_KINDS)
        self._open = [-1] * len(_KINDS)

    def _settle(self) -> str:
        shown: list[str] = []
        if self._in_link:
            shown.append(self._go_on_with_link())
        while not self._in_link and self._start < len(self._text):
            held = self._held()
            found = self._first()
            if found and found[0] < held:
                shown += self._pass(found[0]), self._hide(found[1])
                continue
            shown.append(self._pass(held))
            if not (link := certain(self._text, self._start)):
                break
            shown += self._pass(link[0]), self._hide(link[1]), self._go_on_with_link()
        return "".join(shown)

    def _go_on_with_link(self) -> str:
        end = link_until(self._text, self._start)
        hidden = self._hide(end)
        self._in_link = may_go_on(self._text, end)
        return hidden

    def _held(self) -> int:
        """From where on nothing may be let through yet."""
        for place, known in enumerate(self._open):
            if known < self._start:
                self._open[place] = _KINDS[place].open_from(self._text, self._start)
        return min(self._open)

    def _first(self) -> Span | None:
        """The first of all kinds, and of those that begin together the longest."""
        for place, known in enumerate(self._found):
            if known and known[0] < self._start:
                self._found[place] = _KINDS[place].find(self._text, self._start)
        spans = [span for span in self._found if span]
        return min(spans, key=lambda span: (span[0], -span[1]), default=None)

    def _pass(self, end: int) -> str:
        passed, self._start = self._text[self._start : end], end
        return passed

    def _hide(self, end: int) -> str:
        hidden, self._start = "*" * (end - self._start), end
        self._found[_NAMES] = _UNKNOWN
        return hidden
