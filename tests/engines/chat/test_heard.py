"""What is left of a reply: stop strings, thoughts, names, blanks, wherever the pieces are cut."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.engines.chat.heard import Heard
from rhapsode.engines.chat.stops import Stops
from rhapsode.engines.chat.thinking import Thinking

TEXTS = st.text("ab\nE N:<>thinkA", max_size=40)


def cut(text: str, places: list[int]) -> list[str]:
    marks = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[start:end] for start, end in pairwise(marks)]


@given(text=TEXTS, stops=st.lists(st.text("abEN", min_size=1, max_size=3), max_size=3), places=st.lists(st.integers(0)))
def test_a_reply_ends_before_the_first_stop_string(text: str, stops: list[str], places: list[int]) -> None:
    stopper = Stops(stops)
    shown = "".join(map(stopper.feed, cut(text, places))) + stopper.finish()
    first = re.search("|".join(map(re.escape, stops)), text) if stops else None
    assert shown == text[: first.start() if first else None]
    assert stopper.done == bool(first)


@given(text=TEXTS, places=st.lists(st.integers(0)))
def test_thoughts_are_what_stands_between_the_marks_at_the_beginning(text: str, places: list[int]) -> None:
    for begun in ("", "<think>", " \n<think>a</think>"):
        thinking = Thinking()
        pieces = [*map(thinking.feed, cut(begun + text, places)), thinking.finish()]
        thought, said = ("".join(parts) for parts in zip(*pieces, strict=True))
        found = re.fullmatch(r"\s*<think>(.*?)(?:</think>(.*))?", begun + text, re.DOTALL)
        assert (thought, said) == ((found[1], found[2] or "") if found else ("", begun + text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ann: Hello.", "Hello."),
        ("**Ann**：你好。", "你好。"),
        ("**Ann:** Hello.", "Hello."),
        ("Hello.\nBob: Hi.", "Hello."),
        ("Hello.\nAnn: Again.", "Hello."),
        ("Bob: Hi.", ""),
        (" \n Hello there. \n", "Hello there."),
        ("Annabel: came in", "Annabel: came in"),
    ],
)
def test_only_the_one_bot_is_heard(text: str, shown: str) -> None:
    for size in (1, 3, 100):
        heard = Heard(own="Ann", names=("Ann", "Bob"))
        pieces = [heard.feed(text[start : start + size]) for start in range(0, len(text), size)]
        assert "".join((*pieces, heard.finish())) == shown


def test_the_short_form_of_the_own_name_is_dropped_too() -> None:
    heard = Heard(own="Captain: Hook", names=("Captain: Hook", "Captain", "Hook", "Bob"))
    assert heard.feed("Captain: You're late.\nHook: I said late.") + heard.finish() == "You're late."
