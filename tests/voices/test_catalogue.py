"""The catalogue holds the platform's voices, each a point of its own."""

import itertools
import math
import subprocess
import sys

import pytest

from rhapsode.core.voice import Gender, Timbre, Voice
from rhapsode.voices.catalogue import load_voices, read_voices

CLASSIC = {
    "male-qn-qingse", "male-qn-jingying", "male-qn-badao", "male-qn-daxuesheng",
    "female-shaonv", "female-yujie", "female-chengshu", "female-tianmei",
    "presenter_male", "presenter_female",
    "audiobook_male_1", "audiobook_male_2", "audiobook_female_1", "audiobook_female_2",
    "male-qn-qingse-jingpin", "male-qn-jingying-jingpin", "male-qn-badao-jingpin", "male-qn-daxuesheng-jingpin",
    "female-shaonv-jingpin", "female-yujie-jingpin", "female-chengshu-jingpin", "female-tianmei-jingpin",
}  # fmt: skip

ROW = """
[[voice]]
id = "x"
name_zh = "甲"
name_en = "X"
language = "zh"
gender = "male"
age = "young"
style = "plain"
timbre = { pitch = 120 }
"""


def test_holds_the_22_classic_mandarin_voices_once_each() -> None:
    voices = load_voices()
    assert {voice.id for voice in voices} == CLASSIC
    assert len(voices) == len(CLASSIC)


def test_a_premium_voice_is_named_for_its_base() -> None:
    voices = {voice.id: voice for voice in load_voices()}
    for name in CLASSIC:
        if name.endswith("-jingpin"):
            assert voices[name].name_zh == voices[name.removesuffix("-jingpin")].name_zh + "-beta"


def test_women_and_girls_speak_higher_than_men_through_shorter_tracts() -> None:
    men = [voice.timbre for voice in load_voices() if voice.gender is Gender.MALE]
    women = [voice.timbre for voice in load_voices() if voice.gender is Gender.FEMALE]
    assert max(man.pitch for man in men) < min(woman.pitch for woman in women)
    assert max(woman.tract for woman in women) <= 0.98 < sum(man.tract for man in men) / len(men)


def test_no_two_voices_are_near_each_other() -> None:
    def apart(one: Timbre, other: Timbre) -> float:
        # each axis in steps that a listener just hears, roughly
        return math.hypot(
            12 * math.log2(one.pitch / other.pitch) / 1.0,
            math.log(one.tract / other.tract) / 0.03,
            (one.tilt - other.tilt) / 0.8,
            (one.breath - other.breath) / 0.12,
            math.log(one.pace / other.pace) / 0.05,
            math.log(one.pitch_range / other.pitch_range) / 0.15,
        )

    def near(pair: tuple[Voice, Voice]) -> bool:
        return apart(pair[0].timbre, pair[1].timbre) < 2

    assert [(a.id, b.id) for a, b in filter(near, itertools.combinations(load_voices(), 2))] == []


def test_loads_where_nothing_but_the_standard_library_is() -> None:
    script = (
        "import sys; from rhapsode.voices.catalogue import load_voices; load_voices();"
        "print('numpy' in sys.modules, 'msgspec' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_reads_a_table_and_leaves_what_is_not_said_at_its_default() -> None:
    (voice,) = read_voices(ROW)
    assert voice.timbre == Timbre(pitch=120.0)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("pitch = 120", "pitch = 20", "x: timbre.pitch must be from 60 to 400"),
        ("pitch = 120", "pitch = 120, tone = 1", "x: timbre.tone is no axis"),
        ('gender = "male"', 'gender = "man"', "x: 'man' is not a valid Gender"),
        ('style = "plain"\n', "", "x: style is missing"),
    ],
)
def test_names_the_voice_and_the_rule_it_breaks(old: str, new: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        read_voices(ROW.replace(old, new))
