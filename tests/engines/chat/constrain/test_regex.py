"""Callers' regular expressions as automata and as grammars: they take exactly what Python's `re` takes."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.engines.chat.constrain.automaton import Automaton, automaton_of
from rhapsode.engines.chat.constrain.gbnf import Rules
from rhapsode.engines.chat.constrain.places import TooLarge
from rhapsode.engines.chat.constrain.regex import CannotEnforce
from tests.engines.chat.constrain.glyphs import random_pattern
from tests.engines.chat.gbnf import matcher

ATOMS = st.sampled_from(
    (
        "a",
        "b",
        "[ab]",
        "[^a]",
        ".",
        r"\d",
        r"\D",
        r"\w",
        r"\W",
        r"\s",
        r"\S",
        r"[^\W\d]",
        r"[^\S ]",
        "你",
        r"\.",
        "[一-龥]",
    )
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda ways: f"({'|'.join(ways)})"),
        st.tuples(inner, st.sampled_from(("?", "*", "+", "{2}", "{0,2}", "{1,3}?", "{2,}"))).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)
TEXTS = st.text("ab1 \n.你x_", max_size=7)


def grammar(automaton: Automaton) -> str:
    rules = Rules("r")
    rules.write("root", automaton.write(rules))
    return rules.text()


@given(PATTERNS, st.lists(TEXTS, min_size=1, max_size=8))
def test_the_automaton_and_the_grammar_take_what_re_takes(pattern: str, texts: list[str]) -> None:
    automaton = automaton_of((pattern,))
    takes = matcher(grammar(automaton))
    for text in texts:
        expected = [length for length in range(len(text) + 1) if re.fullmatch(pattern, text[:length])]
        assert list(automaton.accepted(text)) == expected
        assert takes(text) == (len(text) in expected)


def test_nothing_is_taken_that_re_does_not_take() -> None:
    """Classes are narrower than Python's in odd scripts, never wider."""
    odd = [*"٣２²ⅷ\u2028\u3000\x1c\u00a0\u200bé꙳ªा𐒠", "\x00", "\ufffd", "\ud800"]
    rng = random.Random(1)
    for _ in range(400):
        pattern = random_pattern(rng)
        automaton = automaton_of((pattern,))
        for _ in range(20):
            text = "".join(rng.choice([*odd, "a", "1", "-"]) for _ in range(rng.randint(0, 5)))
            taken = list(automaton.accepted(text))
            assert all(re.fullmatch(pattern, text[:length]) for length in taken), (pattern, text)
            assert not re.search("[\0\ufffd\ud800]", text[: max(taken, default=0)])


def test_what_follows_a_match_may_be_written_too() -> None:
    takes = matcher(grammar(automaton_of((r"\d+", "x"), ending="。")))
    assert all(map(takes, ("12", "x", "12。", "x。then anything\n。")))
    assert not any(map(takes, ("", "12.", "。", "12x", "x。\x00")))


def test_literal_texts_are_no_patterns() -> None:
    takes = matcher(grammar(automaton_of(("a.b", "(", "a.bc"), literal=True)))
    assert all(map(takes, ("a.b", "(", "a.bc")))
    assert not any(map(takes, ("axb", "a.", "a.bcd")))


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("(?=a)b", "lookahead"),
        ("(?<!a)b", "lookahead or lookbehind"),
        (r"(a)\1", "reference"),
        (r"(?P<x>a)(?P=x)", "reference"),
        (r"(a)?(?(1)b|c)", "reference"),
        (r"\bx", r"\b"),
        (r"a\Bb", r"\B"),
        ("(?i)a", "a flag"),
        ("(?i:a)", "a flag"),
        ("(?x) a", "a flag"),
        ("a++", "possessive"),
        ("(?>a)", "atomic"),
        ("a^b", "an anchor inside"),
        ("(a$|b)c", "an anchor inside"),
        ("(^a)*", "an anchor inside"),
        (r"[^\s\S]", "without a character"),
        ("\x00", "without a character"),
        ("[", "no regular expression"),
        ("a{5,2}", "no regular expression"),
        ("a{99999999999}", "no regular expression"),
    ],
)
def test_what_cannot_be_enforced_is_named(pattern: str, named: str) -> None:
    with pytest.raises(CannotEnforce, match=re.escape(named)):
        automaton_of((pattern,))


@pytest.mark.parametrize(
    "pattern",
    [
        "((a{99}){99}){99}",
        ".*a.{20}",
        "(a?){4000}b{4000}",
        "(" * 5000 + "a" + ")" * 5000,
        "a" * 9000,
        "(.?.?.?.?){900}",
        "(a|b|c|d){0,900}" * 6,
    ],
)
def test_what_is_too_large_is_found_soon(pattern: str) -> None:
    with pytest.raises(TooLarge):
        automaton_of((pattern,))


@pytest.mark.parametrize(
    "pattern",
    [
        "(a?){20}b",
        "(a*)*",
        "(a|aa)*b",
        "(.*foo){3}",
        ".{0,2000}",
        "(x+x+)+y",
        "^(a|b)$",
        "(){9}",
        "((){1000000}){1000000}",
    ],
)
def test_expressions_that_are_dear_elsewhere_are_not_dear_here(pattern: str) -> None:
    text = "a" * 2000
    assert max(automaton_of((pattern,)).accepted(text), default=0) <= 2000
