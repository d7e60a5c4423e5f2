"""The grammar of replies, read back by a small matcher of the part of GBNF that it uses."""

import re
import unicodedata

import pytest

from rhapsode.engines.chat.grammar import reply_grammar
from rhapsode.engines.chat.visible import is_visible, visible_ranges

TOKEN = re.compile(r"\[[^\]]*\]\*?|\" \"\?|\"\"|\||\w+")


def as_pattern(grammar: str) -> re.Pattern[str]:
    """The same as a regular expression: character classes are written alike, and no rule refers to itself."""
    rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines())

    def expand(token: str) -> str:
        if token in rules:
            return f"(?:{''.join(map(expand, TOKEN.findall(rules[token])))})"
        return {'" "?': " ?", '""': ""}.get(token, token)

    return re.compile(expand("root"))


PLAIN = as_pattern(reply_grammar(()))
NAMED = as_pattern(reply_grammar(("Ann", "Anna", "小明", "\u200bBob", "")))


@pytest.mark.parametrize("text", ["a", " a", "你好", "!", "😀", "a\n b ", "Ann", "x:", "🇨🇳"])
def test_what_is_allowed(text: str) -> None:
    assert PLAIN.fullmatch(text)
    assert NAMED.fullmatch(text)


@pytest.mark.parametrize(
    "first", ["", " ", "  a", "\n", "\u200b", "\u3000", "\u3164", "\u2800", "\ufeff", "\x00", "\u00ad"]
)
def test_what_cannot_be_a_beginning(first: str) -> None:
    for pattern in (PLAIN, NAMED):
        assert not pattern.fullmatch(first)
        assert not pattern.fullmatch(f"{first}a") or first in {"", " "}


@pytest.mark.parametrize("text", ["a\x00", "a\ufffd"])
def test_what_can_be_nowhere(text: str) -> None:
    assert not PLAIN.fullmatch(text)


@pytest.mark.parametrize("text", ["Ann: hi", "Ann：hi", " Ann:", "Anna: hi", "小明：你好"])
def test_no_reply_begins_with_a_name(text: str) -> None:
    assert PLAIN.fullmatch(text)
    assert not NAMED.fullmatch(text)


@pytest.mark.parametrize("text", ["An: hi", "Annabel: hi", "Ann hi", "小", "小明", "小红：", "A", "Bob: hi"])
def test_what_only_resembles_one_is_allowed(text: str) -> None:
    assert NAMED.fullmatch(text)


def test_visible_is_what_a_reader_sees() -> None:
    seen = {chr(code) for low, high in visible_ranges() for code in range(low, high + 1)}
    assert {"a", "中", "。", "😀", "𠀀", "é", "1", "+"} <= seen
    assert not seen & {" ", "\u3000", "\u200b", "\u2060", "\u3164", "\u2800", "\ufeff", "\u00ad", "\ufffd", "\u0301"}
    assert all(is_visible(character) and not character.isspace() for character in seen)
    assert all(unicodedata.category(character)[0] in "LNPS" for character in seen)
