"""raw_glyph: its syntax."""

import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.constraint import Gen, Glyph, Literal, Select
from rhapsode.core.errors import InvalidField
from rhapsode.dialects.minimax.raw_glyph import LONGEST_SLOT, MOST_SLOTS, read_raw, write_raw
from tests.engines.chat.constrain.glyphs import random_glyph


def parts(text: str) -> tuple[Literal | Gen | Select, ...]:
    return read_raw(text, field="raw_glyph").parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain }} text", (Literal(text="plain }} text"),)),
        ("a{{gen 'x'}}b", (Literal(text="a"), Gen(name="x"), Literal(text="b"))),
        ('{{ gen "it\'s" }}', (Gen(name="it's"),)),
        (r"{{gen 'x' pattern=\d{3}}}", (Gen(name="x", pattern=r"\d{3}"),)),
        (r"{{gen 'x' pattern='\d{3}'}}}", (Gen(name="x", pattern=r"\d{3}"), Literal(text="}"))),
        ("{{{gen 'x' temperature=0.5}}}", (Literal(text="{"), Gen(name="x", temperature=0.5), Literal(text="}"))),
        ("{{gen 'x' stop=\" temperature=1}}", (Gen(name="x", stop='"', temperature=1.0),)),
        ("{{gen 'x' stop=a b  blank_max_tokens=7}}", (Gen(name="x", stop="a b", max_tokens=7),)),
        ("{{gen 'x' stop=' ' pattern=[\"']+}}", (Gen(name="x", stop=" ", pattern="[\"']+"),)),
        ("{{gen 'x' pattern='a b=c'}}", (Gen(name="x", pattern="a b=c"),)),
        ("{{select 'x' options=['a b=c', \"it's\",'it's']}}", (Select(name="x", options=("a b=c", "it's")),)),
        (
            "{{select 'x' use_regex=True options=[ 'a,b' , 'c' ]}}",
            (Select(name="x", options=("a,b", "c"), is_regex=True),),
        ),
        ("{{select 'x' options=['a'] use_regex=FALSE}}\n", (Select(name="x", options=("a",)), Literal(text="\n"))),
    ],
)
def test_what_is_read(text: str, expected: tuple[Literal | Gen | Select, ...]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "must not be empty"),
        ("a{{gen 'x'", "at character 1: has no end"),
        ("{{}}", "must begin with gen or select, not with ''"),
        ("{{make 'x'}}", "not with 'make'"),
        ("{{gen}}", "needs a name in quotation marks"),
        ("{{gen x}}", "needs a name in quotation marks"),
        ("{{gen 'x}}", "needs a name in quotation marks"),
        ("{{gen ''}}", "needs a name in quotation marks"),
        ("{{gen 'x' y}}", "holds what is no option: 'y'"),
        ("{{gen 'x' top_p=1}}", "unknown option: 'top_p'"),
        ("{{gen 'x' stop=a b=1}}", "unknown option: 'b'"),
        ("{{gen 'x' options=['a']}}", "unknown option: 'options'"),
        ("{{gen 'x' stop=a stop=b}}", "the option stop twice"),
        ("{{gen 'x' stop=}}", "the value of stop must not be empty"),
        ("{{gen 'x' temperature=0}}", "above 0 and at most 1"),
        ("{{gen 'x' temperature=1.1}}", "above 0 and at most 1"),
        ("{{gen 'x' temperature=nan}}", "above 0 and at most 1"),
        ("{{gen 'x' temperature=hot}}", "above 0 and at most 1"),
        ("{{gen 'x' blank_max_tokens=0}}", "a whole number above 0"),
        ("{{gen 'x' blank_max_tokens=1.5}}", "a whole number above 0"),
        ("{{gen 'x' blank_max_tokens=-1}}", "a whole number above 0"),
        ("{{select 'x'}}", "needs options"),
        ("{{select 'x' options=[]}}", "options must not be empty"),
        ("{{select 'x' options=['']}}", "options must not be empty"),
        ("{{select 'x' options=a}}", "must be a list"),
        ("{{select 'x' options=[a,b]}}", "each option in quotation marks"),
        ("{{select 'x' options=['a','b}}", "must be a list"),
        ("{{select 'x' options=['a'] use_regex=1}}", "must be true or false"),
        ("{{gen 'x'}}{{gen 'x'}}", "two slots must not have one name: 'x'"),
        ("{{gen 'x' stop=" + "a" * LONGEST_SLOT + "}}", "must not be longer"),
        ("".join(f"{{{{gen '{number}'}}}}" for number in range(MOST_SLOTS + 1)), "must not have more than"),
    ],
)
def test_what_is_refused_is_named(text: str, rule: str) -> None:
    with pytest.raises(InvalidField) as caught:
        parts(text)
    assert caught.value.field == "raw_glyph"
    assert rule in caught.value.rule


def test_what_is_written_is_read_as_it_was() -> None:
    rng = random.Random(7)
    written = 0
    for _ in range(300):
        glyph = read_raw(random_glyph(rng).text, field="raw_glyph")
        try:
            text = write_raw(glyph, field="raw_glyph")
        except InvalidField:
            continue  # nothing can be escaped
        assert read_raw(text, field="raw_glyph") == glyph
        written += 1
    assert written > 200


def test_what_has_no_words_is_refused() -> None:
    for part in (
        Literal(text="{{"),
        Gen(name="'\""),
        Gen(name="x", stop="a temperature=1"),
    ):
        with pytest.raises(InvalidField, match="cannot be written as a raw glyph"):
            write_raw(Glyph(parts=(part,)), field="raw_glyph")


@given(st.text("{}gen'\" =[],\\abstop select", max_size=60))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    with suppress(InvalidField):
        assert parts(text)
