"""The grammar of free replies."""

import unicodedata
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.engines.chat.cut import Cut
from rhapsode.engines.chat.grammar import reply_grammar
from rhapsode.engines.chat.label import Labels
from rhapsode.engines.chat.visible import is_visible, visible_ranges
from tests.engines.chat.gbnf import matcher

NAMES = ("Ann", "Anna", "小明", "\u200bBob", "***", "Dr. Who: the Second", "")
PLAIN = matcher(reply_grammar(()))
NAMED = matcher(reply_grammar(NAMES))


@pytest.mark.parametrize(
    "text", ["a", " a", "你好", "!", "😀", "a\n b ", "Ann", "x:", "🇨🇳", "*smiles*", "(Ann smiles)"]
)
def test_what_is_allowed(text: str) -> None:
    assert PLAIN(text)
    assert NAMED(text)


@pytest.mark.parametrize(
    "first", ["", " ", "  a", "\n", "\u200b", "\u3000", "\u3164", "\u2800", "\ufeff", "\x00", "\u00ad"]
)
def test_what_cannot_be_a_beginning(first: str) -> None:
    for matches in (PLAIN, NAMED):
        assert not matches(first)
        assert not matches(f"{first}a") or first in {"", " "}


@pytest.mark.parametrize("text", ["a\x00", "a\ufffd", "Ann\x00", "小\ufffd", "*\x00"])
def test_what_can_be_nowhere(text: str) -> None:
    assert not PLAIN(text)
    assert not NAMED(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ann: hi",
        "Ann：hi",
        " Ann:",
        "ANNA: hi",
        "小明：你好",
        "Bob: hi",
        "**Ann:** hi",
        "*\n\nAnn: hi",
        "...Bob: hi",
        "[Ann] hi",
        "Ann (sadly): hi",
        "Dr. Who: the Second: hi",
        "***: hi",
        "小明说：好",
    ],
)
def test_no_reply_begins_with_a_label(text: str) -> None:
    assert PLAIN(text)
    assert not NAMED(text)


PARTS = st.lists(
    st.sampled_from([*"ABnbo:：*()[] \n\t.-x\u200b笑（）", "Ann", "小明", "Dr. Who", ": the Second", "said", "说"]),
    max_size=9,
)


@given(PARTS)
def test_it_forbids_exactly_the_replies_that_begin_with_a_label(parts: list[str]) -> None:
    text = "".join(parts)
    labels = Labels(NAMES)
    states = list(accumulate(text, labels.step, initial=labels.start))
    assert NAMED(text) == (PLAIN(text) and not any(map(labels.is_label, states)))


@given(PARTS)
def test_what_it_lets_pass_is_never_cut_to_nothing(parts: list[str]) -> None:
    text = "".join(parts)
    cut = Cut(Labels(NAMES))
    assert not NAMED(text) or (cut.feed(text) + cut.finish()).strip()


def test_a_name_that_is_long_is_known_by_its_beginning() -> None:
    long = "长" * 65
    assert not matcher(reply_grammar((long,)))("长" * 64)
    assert matcher(reply_grammar((long,)))("长" * 63)


def test_a_crowd_is_known_by_the_beginnings_of_its_names() -> None:
    crowd = tuple(f"{number:03} of the {number:03}" for number in range(300))
    matches = matcher(reply_grammar(crowd))
    assert not matches("123 of the 123: hi")
    assert matches("Hello")
    assert len(reply_grammar(crowd)) < 200_000


TAGGED = matcher(reply_grammar(NAMES, tag="<call>", then="after") + '\nafter ::= "!"')


@pytest.mark.parametrize("text", ["a", "a<call>!", "<b>", "a<cal", "a<<call>!", "An<call>!", "a < b", "<c", "*<b"])
def test_after_a_tag_comes_what_must(text: str) -> None:
    assert TAGGED(text)


@pytest.mark.parametrize(
    "text", ["<call>!", "<call>", "a<call>", "a<call>?", "An<call>x", "a<call>!a", "*<call>x", "Ann: a"]
)
def test_after_a_tag_nothing_else_comes(text: str) -> None:
    assert not TAGGED(text)


def test_visible_is_what_a_reader_sees() -> None:
    seen = {chr(code) for low, high in visible_ranges() for code in range(low, high + 1)}
    assert {"a", "中", "。", "😀", "𠀀", "é", "1", "+"} <= seen
    assert not seen & {" ", "\u3000", "\u200b", "\u2060", "\u3164", "\u2800", "\ufeff", "\u00ad", "\ufffd", "\u0301"}
    assert all(is_visible(character) and not character.isspace() for character in seen)
    assert all(unicodedata.category(character)[0] in "LNPS" for character in seen)
