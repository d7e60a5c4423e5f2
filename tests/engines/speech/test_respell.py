"""Mandarin that espeak-ng would spell out as English."""

import subprocess
import sys

import pytest

from rhapsode.engines.speech import respell as module
from rhapsode.engines.speech.respell import respell

# Speaks what is on standard input, and prints the phonemes: "(en)" among them is a change to English.
TRACE = """
import ctypes, os, sys, espeakng_loader
from pathlib import Path
from rhapsode.engines.speech import respell as module
library = ctypes.CDLL(espeakng_loader.get_library_path())
library.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0)
listen = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(lambda *_: 0)
library.espeak_SetSynthCallback(listen)
os.chdir(Path(module.__file__).parent)
library.espeak_SetVoiceByFile(b"reference.voice")
library.espeak_SetPhonemeTrace(1, None)
for line in sys.stdin:
    text = module.respell(line.strip()).encode() + b"\\0"
    library.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, 0, 0, 0x101, None, None)
"""

ERHUA = [
    "这儿",
    "那儿",
    "哪儿",
    "花儿",
    "玩儿",
    "一会儿",
    "有点儿",
    "一点儿",
    "一块儿",
    "没事儿",
    "聊天儿",
    "老头儿",
    "花兒",
    "女儿",
    "儿子",
    "幼儿园",
    "儿童",
]
WORDS = [
    "熊猫",
    "英雄",
    "兄弟",
    "胸口",
    "穷人",
    "贫穷",
    "无穷",
    "窘迫",
    "凶手",
    "汹涌",
    "琼浆",
    "苍穹",
    "炯炯有神",
    "匈奴",
    "窮",
]


def phonemes(lines: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", TRACE], input="\n".join(lines), capture_output=True, text=True, check=True, timeout=60
    )
    return done.stderr


def test_nothing_that_is_chinese_is_spelt_out_in_english() -> None:
    every = [character for characters in module._IONG.values() for character in characters]  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - the table itself
    said = phonemes([*ERHUA, *WORDS, *every])
    assert len(said.splitlines()) >= len(ERHUA) + len(WORDS) + len(every)
    assert "(en)" not in said


def test_english_in_between_still_is() -> None:
    assert "(en)" in phonemes(["熊猫 panda"])


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("英雄", "英[[S;'io35N]]"),
        ("花儿", "花\u200b儿"),
        ("儿子", "儿子"),
        ("你好", "你好"),
        ("[[t]] a[b]", "[\u200b[t]] a[b]"),
    ],
)
def test_only_what_must_be_is_spelt_otherwise(text: str, spelt: str) -> None:
    assert respell(text) == spelt
