"""Mandarin as pinyin: proven on the phonemes that espeak-ng makes of it."""

import re
import subprocess
import sys
from collections import defaultdict

import pytest

from rhapsode.core.speech import Reading
from rhapsode.dialects.minimax.pronunciation import SYLLABLES
from rhapsode.engines.speech.respell import respell
from rhapsode.text.pronounce import pronounce

# Prints the phonemes of each line of standard input: "(en)" among them is a change to English.
TRACE = """
import ctypes, sys, espeakng_loader
library = ctypes.CDLL(espeakng_loader.get_library_path())
library.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0)
listen = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(lambda *_: 0)
library.espeak_SetSynthCallback(listen)
library.espeak_SetVoiceByName(b"cmn")
library.espeak_SetPhonemeTrace(1, None)
for line in sys.stdin.buffer:
    text = line.rstrip(b"\\n") + b"\\0"
    library.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, 0, 0, 0x101, None, None)
    print("=", file=sys.stderr, flush=True)
"""
_SIGNS = re.compile(r"['_,|\[:\s]")


def phonemes(spelt: list[str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", TRACE], input="\n".join(spelt), capture_output=True, text=True, check=True, timeout=60
    )
    return done.stderr.replace("\n", " ").split("=")[:-1]


def said(*texts: str) -> list[str]:
    return [_SIGNS.sub("", line) for line in phonemes([respell(text, "zh").text for text in texts])]


def given(syllable: str) -> str:
    return pronounce("字", [Reading(text="字", syllables=(syllable,))], language="zh").text


def test_every_syllable_in_every_tone_is_spoken_as_itself() -> None:
    toned = [f"{syllable}{tone}" for syllable in sorted(SYLLABLES) for tone in range(1, 6)]
    heard = dict(zip(toned, said(*map(given, toned)), strict=True))
    assert not [syllable for syllable, sound in heard.items() if "(en)" in sound or not sound]
    tones = {"1": "55", "2": "35", "3": "214", "4": "51", "5": "11"}
    assert not [syllable for syllable, sound in heard.items() if tones[syllable[-1]] not in sound]
    alike: dict[str, list[str]] = defaultdict(list)
    for syllable, sound in heard.items():
        alike[sound].append(syllable)
    assert sorted(each for each in alike.values() if len(each) > 1) == []


READINGS = [
    ("银行行长", "ji35n XA35N XA35N ts.A214N"),
    ("重庆很重", "ts.hong35 tS;hi51N X@214n ts.ong51"),
    ("长大", "ts.A214N tA51"),
    ("长度", "ts.hA35N tu51"),
    ("还书", "Xua35n s.u55"),
    ("还有", "Xai35 jiou214"),
    ("音乐", "ji55n jyE51"),
    ("快乐", "khuai51 l@51"),
    ("一行字", "ji51 XA35N tsi[51"),
    ("一行人", "ji51 S;i35N z.@35n"),
    ("自行车", "tsi[51 S;i35N ts.ho-55"),
    ("得到", "to-35 tAu51"),
    ("跑得快", "phAu214 to-11 khwai51"),
    ("你得走了", "ni214 tei214 tsou214 lo-11"),
    ("慢慢地走", "ma51n ma51n to-11 tsou214"),
    ("地图", "ti51 thu35"),
    ("看着", "kha51n ts.o-11"),
    ("睡着了", "s.wei51 ts.Au35 lo-11"),
    ("熊猫", "S;io35N mAu55"),
    ("女儿", "ny214 @r35"),
    ("看著", "kha51n ts.o-11"),
    ("一个", "ji35 ko-11"),
    ("一天", "ji51 thiE55n"),
    ("第一", "ti51 ji55"),
    ("不是", "pu35 s.i.51"),
    ("不好", "pu51 XAu214"),
    ("好不好", "XAu214 pu11 XAu214"),
    ("差不多", "ts.hA51 pu11 tuo55"),
    ("朋友", "ph@35N jiou11"),
    ("英雄", "ji55N S;io35N"),
    ("首都都是", "s.ou214 tu55 tou55 s.i.51"),
    ("花儿", "Xw:A55 @r11"),
]
"""text, and its syllables as espeak-ng writes them, stress left out"""


def test_polyphones_and_changed_tones_reach_the_speaker() -> None:
    heard = said(*(text for text, _ in READINGS))
    wanted = [_SIGNS.sub("", sounds) for _, sounds in READINGS]
    assert dict(zip([text for text, _ in READINGS], heard, strict=True)) == dict(
        zip([text for text, _ in READINGS], wanted, strict=True)
    )


def test_english_in_between_is_left_to_english() -> None:
    assert "(en)" in said("熊猫 panda")[0]


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("银行行长", " yin2hang2 hang2zhang3 "),
        ("英雄好", " ying1 [[S;'io35N]]  hao3 "),
        ("〇", " ling2 "),
        ("好的，Tom。", " hao3de5 ，Tom。"),
        ("[[t]] a[b]", "[\u200b[t]] a[b]"),
        ("", ""),
    ],
)
def test_words_stand_apart(text: str, spelt: str) -> None:
    assert respell(text, "zh-CN").text == spelt


def test_a_given_reading_wins_over_every_rule() -> None:
    text = pronounce("一行不是", [Reading(text="一行", syllables=("yi1", "xing2"))], language="zh").text
    assert respell(text, "zh").text == " yi1 xing2 bu2shi4 "


def test_knows_which_character_is_spelt_how() -> None:
    spelt = respell("大熊猫，好", "zh")
    begin = spelt.text.index("[[")
    assert spelt.span(begin, begin + 3) == (1, 2)
    assert spelt.span(spelt.text.index("hao3"), len(spelt.text)) == (4, 5)


def test_other_languages_keep_their_characters() -> None:
    assert respell("英雄", "ja").text == "英雄"
    assert respell("[[t]]", "en").text == "[\u200b[t]]"
