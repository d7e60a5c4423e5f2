"""What can be spoken, and what never reaches a speech engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.text.speakable import clean, speakable


@pytest.mark.parametrize("text", ["你", "a", "7", "é", "あ", "ب", "。。好", "½", "𠮷"])
def test_letters_and_digits_of_any_script_are_speakable(text: str) -> None:
    assert speakable(text)


@pytest.mark.parametrize("text", ["", " \n", "。，！", "😀👨‍👩‍👧", "\0\x07", "\u200b\ufeff", "---", "\ud800", "❤️"])
def test_signs_alone_are_not(text: str) -> None:
    assert not speakable(text)


def test_cleaning_leaves_what_a_speaker_reads() -> None:
    text = "你好，World 3.14% €5 25℃ 𠮷 café — “引用”……"
    assert clean(text) == text


def test_controls_pictographs_and_broken_characters_become_space() -> None:
    assert clean("你\0好\x1b\u200b\ud800😀❤️\ue000！") == "你 好" + 7 * " " + "！"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("１２３Ａｂ", "123Ab"),
        ("第①步", "第1步"),
        ("cafe\u0301", "café"),
        ("你\u0301好", "你好"),
        ("½，！ａ", "½，！a"),
    ],
)
def test_letters_and_digits_come_in_their_plain_form(text: str, plain: str) -> None:
    assert clean(text) == plain


@given(st.text())
def test_what_is_clean_is_valid_utf8_without_controls(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.encode().decode() == cleaned
    assert not any(ord(character) < 32 or character == "\x7f" for character in cleaned)
    assert speakable(cleaned) == speakable(text)
