"""A voice out of a description, in Chinese or English: the words that the rule knows, and nothing that it does not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from rhapsode.core.voice import Age, Gender
from rhapsode.voices.rule import style_words

MeaningT = TypeVar("MeaningT")

GENDERS: Final[Mapping[Gender, tuple[str, ...]]] = {
    Gender.MALE: (
        "man", "men", "male", "boy", "guy", "gentleman", "father", "grandfather", "king", "prince", "uncle",
        "男", "先生", "大叔", "叔叔", "爷爷", "大爷", "爸爸", "王子", "国王", "少爷",
    ),
    Gender.FEMALE: (
        "woman", "women", "female", "girl", "lady", "mother", "grandmother", "queen", "princess", "aunt",
        "女", "小姐", "阿姨", "奶奶", "妈妈", "公主", "姐姐", "妹妹", "少妇", "大妈",
    ),
}  # fmt: skip
AGES: Final[Mapping[Age, tuple[str, ...]]] = {
    Age.CHILD: ("child", "kid", "toddler", "little boy", "little girl", "儿童", "小孩", "孩子", "男童", "女童", "童声"),
    Age.TEEN: ("teen", "teenage", "teenager", "schoolboy", "schoolgirl", "少年", "少女", "中学生"),
    Age.YOUNG: ("young", "youth", "student", "twenties", "青年", "年轻", "大学生", "小姐", "小伙"),
    Age.ADULT: ("adult", "grown-up", "thirties", "成人", "成年"),
    Age.MATURE: ("middle-aged", "middle aged", "forties", "fifties", "中年", "大叔", "大妈", "阿姨"),
    Age.OLD: (
        "old", "elderly", "aged", "elder", "grandfather", "grandmother", "老人", "老年", "爷爷", "奶奶", "大爷", "年迈",
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Described:
    """What a description says. A gender or an age that it does not name is None."""

    gender: Gender | None
    age: Age | None
    styles: tuple[str, ...]

    @property
    def says_something(self) -> bool:
        """Whether there is anything in it that the rule knows."""
        return self.gender is not None or self.age is not None or bool(self.styles)


def describe(text: str) -> Described:
    """What the words of `text` say. The first gender and the first age count; every style does, once.

    Longer words go first, so that "middle-aged" is no "aged". There is no grammar: "not old" says "old".
    """
    text = text.lower()
    genders = _found(text, GENDERS)
    ages = _found(text, AGES)
    return Described(
        gender=next(genders, None), age=next(ages, None), styles=tuple(dict.fromkeys(_found(text, style_words())))
    )


def _found(text: str, table: Mapping[MeaningT, tuple[str, ...]]) -> Iterator[MeaningT]:
    """What the words of the table stand for, in the order of the text."""
    meanings = {word: meaning for meaning, words in table.items() for word in words}
    longest_first = sorted(meanings, key=len, reverse=True)
    pattern = "|".join(rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word) for word in longest_first)
    for word in re.finditer(pattern, text):
        yield meanings[word[0]]
