"""Where a reply ends, whatever the pieces are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.engines.chat.cut import Cut
from rhapsode.engines.chat.label import Labels

LABELS = Labels(("Ann", "Bob", "小明", "Dr. Who"))


def heard(*pieces: str) -> tuple[str, bool]:
    cut = Cut(LABELS)
    shown = "".join(map(cut.feed, pieces))
    return shown + cut.finish(), cut.done


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello.\nBob: hi", "Hello."),
        ("Hello\nBob: hi", "Hello"),
        ("Hello\r\n\r\n**Bob**: hi", "Hello"),
        ("Hello\u2028Ann: hi", "Hello"),
        ("Hello. Bob: hi", "Hello."),
        ("你好。小明：你好", "你好。"),
        ("Hi!\nDr. Who: hm", "Hi!"),
        ("Hi! Dr. Bob: hm", "Hi! Dr."),
        ("Hi!\nGuard: Bob: hm", "Hi!\nGuard:"),
        ("Hi!\n(Bob) hm", "Hi!"),
        ("Hi!\n[Ann}: hm", "Hi!"),
        ("Hi!\n[ Ann ] hm", "Hi!"),
        ("Bob. Ann: hm", "Bob."),
        ("Go!!! (Bob): hm", "Go!!!"),
        ("He said: 'Go!' Bob: hm", "He said: 'Go!'"),
    ],
)
def test_the_reply_ends_before_a_label(text: str, shown: str) -> None:
    assert heard(text)[0].rstrip() == shown
    assert heard(*text) == heard(text)
    assert heard(text)[1]


@pytest.mark.parametrize(
    "text", ["", "Hello", "Hello\nBob", "Hello\nBob\nAnn is here.", "I like Bob: he is kind.", "..."]
)
def test_the_rest_is_shown(text: str) -> None:
    assert heard(text) == heard(*text) == (text, False)


def test_what_cannot_become_a_label_is_not_held_back() -> None:
    cut = Cut(LABELS)
    assert cut.feed("Once upon a time") == "Once upon a time"
    assert cut.feed(" there was") == " there was"
    assert cut.feed(".") == "."
    assert cut.feed(" B") == ""
    assert cut.feed("ack then") == " Back then"


TEXTS = st.lists(st.sampled_from(["Ann", "Bob", ":", "：", "\n", " ", ".", "*", "(", ")", "x", "小明", "说", "Dr. Wh"]))


@given(TEXTS)
def test_the_pieces_do_not_matter(parts: list[str]) -> None:
    text = "".join(parts)
    assert heard(*parts) == heard(text) == heard(*text)
    shown, done = heard(text)
    assert text.startswith(shown)
    assert done or shown == text
    assert not heard(shown)[1]
