"""How much a text is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.text.count import count


@pytest.mark.parametrize(
    ("text", "characters", "words"),
    [
        ("", 0, 0),
        ("你好", 4, 2),
        ("你好，世界。", 10, 4),
        ("Hello, world", 12, 2),
        ("用 GPT-4 写 100 行", 18, 6),
        ("こんにちは", 5, 5),
        ("안녕", 2, 2),
        ("𠮷野家", 6, 3),
        ("😀", 1, 0),
        ("…… \n", 4, 0),
    ],
)
def test_characters_that_are_billed_and_words(text: str, characters: int, words: int) -> None:
    found = count(text)
    assert (found.characters, found.words) == (characters, words)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("你好", 0),
        ("a\u200bb\u200b", 0.5),
        ("\0", 1),
        ("\ud800", 1),
        ("\ue000ab\u0378", 0.5),
        ("a\tb\r\n", 0),
        ("你 好", 0),
    ],
)
def test_what_nobody_can_see(text: str, share: float) -> None:
    assert count(text).invisible == share


@given(st.text())
def test_any_text_has_figures_within_bounds(text: str) -> None:
    found = count(text)
    assert len(text) <= found.characters <= 2 * len(text)
    assert 0 <= found.words <= len(text)
    assert 0 <= found.invisible <= 1
