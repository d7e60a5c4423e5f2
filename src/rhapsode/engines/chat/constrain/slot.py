"""What one slot may hold, where it ends, and the grammar that lets the model write it.

Without a pattern, a slot begins with something visible, before which the model may write one blank, and does not end
with blanks. Where nothing says how it ends, it ends before the word, the sign or the line break that the text after it
begins with, and with the model's turn in any case. A pattern always holds: it ends at a stop, or at the text after it,
only where it may end.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Final

from rhapsode.core.constraint import Gen, Select
from rhapsode.core.errors import InvalidField
from rhapsode.engines.chat.constrain.automaton import Automaton, automaton_of
from rhapsode.engines.chat.constrain.gbnf import Rules
from rhapsode.engines.chat.constrain.places import TooLarge
from rhapsode.engines.chat.constrain.regex import CannotEnforce
from rhapsode.engines.chat.constrain.stop import StopPattern, read_stop

FREE: Final = r"\S[^\x00]*"
"""what a slot without a pattern holds"""
_LONGEST_OPENING: Final = 16
"""characters of a word that ends the slot before it"""
_KEPT: Final = 64
"""grammars: a conversation has the same ones turn after turn"""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """`holds` is what it may hold, `written` the same with what may follow and shows that it has ended.

    `free`: it has no pattern. `need` is about how many tokens it takes. Not `keeps_blank`: a blank before the first
    word is dropped, since a blank would end the slot.
    """

    holds: Automaton
    written: Automaton
    ending: Automaton | None = None
    stop: StopPattern | None = None
    free: bool = False
    keeps_blank: bool = True
    need: int
    temperature: float | None = None
    max_tokens: int | None = None

    @property
    def open_ended(self) -> bool:
        """Whether all that comes belongs to it, but blanks at the end."""
        return self.free and self.ending is None and self.stop is None

    @property
    def work(self) -> int:
        """What it took to find what it may hold, of `MOST_WORK`."""
        return sum(one.work for one in {self.holds, self.written, self.ending} if one is not None)

    def grammar(self, lead: str) -> str:
        """Of all that the model writes: `lead` first, a blank or nothing. Before free text there may always be one.

        Takes up to 0.3 s for the first time.
        """
        return _grammar(self.written, '" "? ' if self.free else '" " ' if lead else "")


@lru_cache(_KEPT)
def _grammar(written: Automaton, blank: str) -> str:
    rules = Rules("slot")
    rules.write("root", f"{blank}{written.write(rules)}")
    return rules.text()


def slot_of(part: Gen | Select, *, after: str, field: str) -> Slot:
    """The slot of a glyph, before the literal text `after`. Takes up to a second. Raises `InvalidField`."""
    try:
        if isinstance(part, Select):
            return _select(part, after)
        return _gen(part, after)
    except CannotEnforce as fault:
        raise InvalidField(field, f"slot {part.name!r}: cannot be enforced: {fault}") from fault
    except TooLarge as fault:
        raise InvalidField(field, f"slot {part.name!r}: too large to be enforced") from fault


def match_of(pattern: str, *, ending: str) -> Slot:
    """A match of a pattern, which ends before a match of `ending` if there is one, or where nothing can follow."""
    return Slot(
        holds=automaton_of((pattern,)),
        written=automaton_of((pattern,), ending=ending),
        ending=automaton_of((ending,)) if ending else None,
        need=NEED,
    )


NEED: Final = 32
"""tokens, of a slot that may be of any length"""


def _select(part: Select, after: str) -> Slot:
    ending, literal = _opening(after), not part.is_regex
    longest = max(len(option.encode()) for option in part.options) if literal else NEED
    return Slot(
        holds=automaton_of(part.options, literal=literal),
        written=automaton_of(part.options, literal=literal, ending=ending),
        ending=automaton_of((ending,)) if ending else None,
        need=min(longest, NEED),
    )


def _gen(part: Gen, after: str) -> Slot:
    pattern = part.pattern or FREE
    ending = "" if part.stop else _opening(after)
    stop = read_stop(part.stop) if part.stop else None
    holds = written = automaton_of((pattern,))
    if part.pattern and part.stop:
        # Where a grammar cannot say what the stop is, the model ends its turn instead, or stops where both hold.
        with suppress(CannotEnforce, TooLarge):
            written = automaton_of((pattern,), ending=part.stop)
            ending, stop = part.stop, None
    elif part.pattern:
        written = automaton_of((pattern,), ending=ending)
    return Slot(
        holds=holds,
        written=written,
        ending=automaton_of((ending,)) if ending else None,
        stop=stop,
        free=not part.pattern,
        keeps_blank=(stop is None or stop.search(" ") is None) and ending[:2] != "\\ ",
        need=min(part.max_tokens or NEED, NEED),
        temperature=part.temperature,
        max_tokens=part.max_tokens,
    )


def _opening(after: str) -> str:
    """What shows that the text after a slot begins, as a pattern; empty where there is none."""
    blanks = "".join(takewhile(" \t".__contains__, after))
    rest = after[len(blanks) :]
    if not rest or rest[0] in "\r\n":
        return r"\r?\n" if rest else re.escape(blanks[:1])
    word = "".join(takewhile(str.isalnum, rest[:_LONGEST_OPENING]))
    return re.escape(blanks + (word or rest[0]))
