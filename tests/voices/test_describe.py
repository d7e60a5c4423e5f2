"""Descriptions of voices, in both languages."""

import pytest

from rhapsode.core.voice import Age, Gender
from rhapsode.voices.describe import describe
from rhapsode.voices.rule import style_words


@pytest.mark.parametrize(
    ("text", "gender", "age", "styles"),
    [
        ("a calm old man with a deep, rough voice", Gender.MALE, Age.OLD, ("calm", "deep", "rough")),
        ("甜美的少女，语速快", Gender.FEMALE, Age.TEEN, ("sweet", "fast")),
        ("middle-aged woman, wise", Gender.FEMALE, Age.MATURE, ("wise",)),
        ("低沉的中年男主持人", Gender.MALE, Age.MATURE, ("deep", "presenter")),
        ("A GENTLE grandmother who tells stories slowly", Gender.FEMALE, Age.OLD, ("gentle",)),
        ("温柔 gentle 温柔", None, None, ("gentle",)),
        ("a woman of German manners", Gender.FEMALE, None, ()),
        ("female", Gender.FEMALE, None, ()),
        ("机器人", None, None, ("robot",)),
    ],
)
def test_what_it_says(text: str, gender: Gender | None, age: Age | None, styles: tuple[str, ...]) -> None:
    said = describe(text)
    assert (said.gender, said.age, said.styles) == (gender, age, styles)
    assert said.says_something


@pytest.mark.parametrize("text", ["", "xyzzy", "一二三", "humane romance"])
def test_what_it_does_not_say(text: str) -> None:
    assert not describe(text).says_something


def test_every_style_can_be_asked_for_in_both_languages() -> None:
    for style, words in style_words().items():
        for word in words:
            assert style in describe(word).styles, word
        assert any(word.isascii() for word in words), style
        assert any(not word.isascii() for word in words), style


def test_no_word_stands_for_two_styles() -> None:
    words = [word for words in style_words().values() for word in words]
    assert len(words) == len(set(words))
