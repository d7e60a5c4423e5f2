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
    ("银行行长", "ji35nXA35N XA35Nts.A214N"),
    ("重庆很重", "ts.hong35tS;hi51N X@21n ts.ong51"),
    ("长大", "ts.A21NtA51"),
    ("长度", "ts.hA35Ntu51"),
    ("还书", "Xua35ns.u55"),
    ("还有", "Xai35 jiou214"),
    ("音乐", "ji55njyE51"),
    ("快乐", "khuai53l@51"),
    ("一行字", "ji51XA35N tsi51"),
    ("一行人", "ji51S;i35Nz.@35n"),
    ("自行车", "tsi51S;i35Nts.ho-55"),
    ("得到", "t@35tAu51"),
    ("跑得快", "phAu21t@44 khuai51"),
    ("你得走了", "ni35 tei35 tsou21l@44"),
    ("慢慢地走", "ma51n ma51nt@11 tsou214"),
    ("地图", "ti51thu35"),
    ("看着", "kha51nts.o-11"),
    ("睡着了", "s.wei51ts.Au35l@33"),
    ("熊猫", "S;io35N mAu55"),
    ("女儿", "ny21@r35"),
    ("看著", "kha51nts.o-11"),
    ("一个", "ji35ko-33"),
    ("一天", "ji51 thiE55n"),
    ("第一", "ti51 ji55"),
    ("不是", "pu35s.i.51"),
    ("不好", "pu51XAu214"),
    ("好不好", "XAu21pu44XAu214"),
    ("差不多", "ts.hA51pu11tuo55"),
    ("朋友", "ph@35Njiou33"),
    ("英雄", "ji55N S;io35N"),
    ("首都都是", "s.ou21tu55 tou55 s.i.51"),
    ("花儿", "XwA55@r22"),
    ("我想买水果", "wo35 S;iA35N mai35 s.wei35 kuo214"),
    ("展览馆", "ts.a35n la35n kwa214n"),
    ("一百一十一", "ji51pai21 ji55 s.i.35 ji55"),
    ("二零二一年", "@r51 li35N @r51 ji55 niE35n"),
    ("看一看", "kha51nji11 kha51n"),
]
"""text, and its words as espeak-ng writes their sounds; 21 is a third tone before another, 44 to 11 is toneless"""


def test_polyphones_and_changed_tones_reach_the_speaker() -> None:
    heard = said(*(text for text, _ in READINGS))
    wanted = [_SIGNS.sub("", sounds) for _, sounds in READINGS]
    assert dict(zip([text for text, _ in READINGS], heard, strict=True)) == dict(
        zip([text for text, _ in READINGS], wanted, strict=True)
    )


def test_english_in_between_is_left_to_english() -> None:
    assert "(en)" in said("熊猫 panda")[0]


def test_the_letter_a_is_named() -> None:
    assert said("A四纸")[0] == "(en)eI55(cmn)si51ts.i.214"


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("银行行长", " yin2hang2 hang2zhang3 "),
        ("朝鲜族和朝鲜的相声", " chao2xian3zu2 he2 chao2xian3de5 xiang4sheng5 "),
        ("英雄好", " ying1 [[S;'io35N]]  hao3 "),
        ("〇", " ling2 "),
        ("好的，Tom。", " hao3de5 ，Tom。"),
        ("[[t]] a[b]", "[\u200b[t]] a[b]"),
        ("A四纸，选A。", "eigh si4 zhi3 ， xuan3 eigh。"),
        ("AB, A dog", "AB, A dog"),
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
    assert respell("N A S A, A dog, U S A", "en").text == "N eigh S eigh, A dog, U S eigh"
    assert respell("A B A", "fr").text == "A B A"
