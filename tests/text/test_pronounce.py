"""The caller's own readings in a text."""

import pytest

from rhapsode.core.speech import Reading
from rhapsode.text.pronounce import TONED, pronounce, shown

OMG = Reading(text="omg", words="oh my god")
AI = Reading(text="AI", words="ei ai")
HANG = Reading(text="行", syllables=("hang2",))
BANK = Reading(text="银行", syllables=("yin2", "hang4"))


def plain(text: str, *readings: Reading, language: str = "zh") -> str:
    return TONED.sub(lambda found: f"({shown(found[0])})", pronounce(text, readings, language=language).text)


@pytest.mark.parametrize(
    ("text", "readings", "spoken"),
    [
        ("omg！", (OMG,), "oh my god！"),
        ("OMG", (OMG,), "oh my god"),
        ("omgs homg omg1", (OMG,), "omgs homg omg1"),
        ("说omg吧", (OMG,), "说oh my god吧"),
        ("said AI", (AI,), "said ei ai"),
        ("ＡＩ来了", (AI,), "ＡＩ来了"),
        ("行", (HANG,), "(hang2)"),
        ("银行行长", (HANG, BANK), "(yin2)(hang4)(hang2)长"),
        ("银行", (BANK, HANG), "(yin2)(hang4)"),
        ("", (OMG,), ""),
        ("好", (), "好"),
        ("a1b", (Reading(text="1", words="一"),), "a1b"),
        ("好1好", (Reading(text="1", words="幺"),), "好幺好"),
        ("aa", (Reading(text="a", words="b"),), "aa"),
        ("一二", (Reading(text="一", words="二"), Reading(text="二", words="三")), "二三"),
        ("3好", (Reading(text="好", words="OK"),), "3 OK"),
    ],
)
def test_readings_are_put_in(text: str, readings: tuple[Reading, ...], spoken: str) -> None:
    assert plain(text, *readings) == spoken


def test_syllables_are_mandarin_only() -> None:
    assert plain("行omg", HANG, OMG, language="yue") == "行oh my god"


def test_each_syllable_belongs_to_its_character() -> None:
    spoken = pronounce("去银行", [BANK], language="zh")
    middle = spoken.text.index(TONED.findall(spoken.text)[1])
    assert spoken.span(1, 2) == (1, 2)
    assert spoken.span(middle, middle + 1) == (2, 3)
