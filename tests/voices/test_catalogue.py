"""The catalogue holds the platform's voices, each a point of its own."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from rhapsode.core.voice import Age, Gender, Timbre
from rhapsode.voices.catalogue import load_voices, read_voices
from rhapsode.voices.rule import make_timbre
from tests.voices.apart import apart, nearest_pairs

PLATFORM = Path(__file__).with_name("platform_ids.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")
"""every voice id that the platform's lists name, to the letter"""

ROW = """
language = "zh"
voices = [
  { id = "x", name_zh = "甲", name_en = "X", gender = "male", age = "young", style = "warm, deep" },
]
"""
BY_HAND = ROW.replace('deep"', 'deep", timbre = { pitch = 120 }')


def test_holds_every_voice_of_the_platform_once() -> None:
    assert sorted(voice.id for voice in load_voices()) == sorted(PLATFORM)
    assert len(PLATFORM) == len(set(PLATFORM)) == 338


def test_a_premium_voice_is_named_for_its_base() -> None:
    voices = {voice.id: voice for voice in load_voices()}
    premium = [name for name in voices if name.endswith("-jingpin")]
    assert len(premium) == 8
    for name in premium:
        assert voices[name].name_zh == voices[name.removesuffix("-jingpin")].name_zh + "-beta"


def test_women_speak_higher_than_men_and_children_higher_than_both() -> None:
    def pitches(gender: Gender, *ages: Age) -> list[float]:
        return sorted(v.timbre.pitch for v in load_voices() if v.gender is gender and v.age in ages)

    grown = (Age.YOUNG, Age.ADULT, Age.MATURE, Age.OLD)
    men, women = pitches(Gender.MALE, *grown), pitches(Gender.FEMALE, *grown)
    children = pitches(Gender.MALE, Age.CHILD) + pitches(Gender.FEMALE, Age.CHILD)
    assert men[-1] <= 160 <= women[len(women) // 10]
    assert men[len(men) // 2] < women[0]
    assert min(children) > women[len(women) // 2]


def test_children_have_shorter_tracts_than_anybody_grown() -> None:
    tracts = {age: [v.timbre.tract for v in load_voices() if v.age is age and v.gender is Gender.MALE] for age in Age}
    assert max(tracts[Age.CHILD]) < min(tracts[Age.ADULT])


def test_any_two_voices_of_a_language_are_apart() -> None:
    voices = {voice.id: voice.timbre for voice in load_voices()}
    near = {
        pair: apart(voices[pair[0]], voices[pair[1]]) for (pair,) in nearest_pairs(load_voices(), of_each=1).values()
    }
    assert len(near) == 16
    assert {pair: far for pair, far in near.items() if far < 1.2} == {}


def test_the_rule_is_the_same_every_time_and_heeds_every_word() -> None:
    plain = make_timbre(Gender.MALE, Age.YOUNG, [], seed="x")
    assert make_timbre(Gender.MALE, Age.YOUNG, [], seed="x") == plain
    assert make_timbre(Gender.MALE, Age.YOUNG, ["deep"], seed="x").pitch < plain.pitch
    assert make_timbre(Gender.MALE, Age.YOUNG, ["whispering"], seed="x").breath > plain.breath
    seeds = [make_timbre(Gender.MALE, Age.YOUNG, [], seed=str(seed)) for seed in range(8)]
    assert all(one != other for one, other in itertools.combinations(seeds, 2))


def test_loads_where_nothing_but_the_standard_library_is() -> None:
    script = (
        "import sys; from rhapsode.voices.catalogue import load_voices; load_voices();"
        "print('numpy' in sys.modules, 'msgspec' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_reads_a_table_and_leaves_what_is_not_said_at_its_default() -> None:
    (voice,) = read_voices(BY_HAND)
    assert voice.timbre == Timbre(pitch=120.0)
    assert voice.language == "zh"


def test_a_voice_without_figures_has_those_of_the_rule() -> None:
    (voice,) = read_voices(ROW)
    assert voice.timbre == make_timbre(Gender.MALE, Age.YOUNG, ["warm", "deep"], seed="x 0")
    (again,) = read_voices(ROW.replace('"warm, deep"', '"warm, deep", draw = 1'))
    assert again.timbre == make_timbre(Gender.MALE, Age.YOUNG, ["warm", "deep"], seed="x 1")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("pitch = 120", "pitch = 20", "x: timbre.pitch must be from 60 to 400"),
        ("pitch = 120", "pitch = 120, tone = 1", "x: timbre.tone is no axis"),
        ('gender = "male"', 'gender = "man"', "x: 'man' is not a valid Gender"),
        ('name_zh = "甲", ', "", "x: name_zh is missing"),
    ],
)
def test_names_the_voice_and_the_rule_it_breaks(old: str, new: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        read_voices(BY_HAND.replace(old, new))


def test_names_a_style_that_the_rule_does_not_know() -> None:
    with pytest.raises(ValueError, match="x: style 'odd' is none of the rule's"):
        read_voices(ROW.replace("warm, deep", "warm, odd"))
