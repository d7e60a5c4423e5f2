"""Readings on the wire."""

import pytest

from rhapsode.core.errors import InvalidField
from rhapsode.core.speech import Reading
from rhapsode.dialects.minimax.pronunciation import read_reading, read_readings, write_reading


@pytest.mark.parametrize(
    ("entry", "reading"),
    [
        ("燕少飞/(yan4)(shao3)(fei1)", Reading(text="燕少飞", syllables=("yan4", "shao3", "fei1"))),
        ("行/(hang2)", Reading(text="行", syllables=("hang2",))),
        ("女/(nü3)", Reading(text="女", syllables=("nv3",))),
        ("略/(LUE4)", Reading(text="略", syllables=("lve4",))),
        ("吗/( ma5 )", Reading(text="吗", syllables=("ma5",))),
        ("omg/oh my god", Reading(text="omg", words="oh my god")),
        ("24/7/twenty-four seven", Reading(text="24", words="7/twenty-four seven")),
        (" vs / 对 ", Reading(text="vs", words="对")),
    ],
)
def test_an_entry_is_a_reading(entry: str, reading: Reading) -> None:
    assert read_reading(entry, "char_to_pitch[0]") == reading
    assert read_reading(write_reading(reading), "char_to_pitch[0]") == reading


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ("", 'must be "text/'),
        ("行", 'must be "text/'),
        ("/(hang2)", 'must be "text/'),
        ("！/(hang2)", 'must be "text/'),
        ("行/", 'must be "text/'),
        ("行/，", 'must be "text/'),
        ("行/(hang)", "a syllable and its tone"),
        ("行/(hang6)", "a syllable and its tone"),
        ("行/()", "a syllable and its tone"),
        ("行/(hanq2)", "no syllable of Mandarin"),
        ("行/(hang2", "every syllable in brackets"),
        ("行/(hang2)x", "every syllable in brackets"),
        ("银行/(hang2)", "one syllable a character: 1 for 2"),
        ("行/(yin2)(hang2)", "one syllable a character: 2 for 1"),
    ],
)
def test_a_wrong_entry_is_refused_by_its_index(entry: str, rule: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        read_readings(["omg/oh my god", entry], "pronunciation_dict.tone")
    assert refusal.value.field == "pronunciation_dict.tone[1]"
    assert rule in refusal.value.rule


def test_there_may_be_none() -> None:
    assert read_readings(None, "char_to_pitch") == ()
    assert read_readings([], "char_to_pitch") == ()
