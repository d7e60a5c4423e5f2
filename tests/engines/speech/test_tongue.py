"""Every language is really spoken: proven on the phonemes that espeak-ng makes of what it is given."""

import subprocess
import sys

import pytest

from rhapsode.core.voice import Timbre
from rhapsode.engines.speech.piece_job import PieceJob
from rhapsode.engines.speech.speaker import as_read
from rhapsode.engines.speech.tongue import LANGUAGES
from tests.engines.speech.sentences import SENTENCES

# Prints the phonemes of each line of standard input, a language and a text: "(en)" among them is a change to English.
TRACE = """
import ctypes, sys, espeakng_loader
from rhapsode.engines.speech.espeak_library import EspeakLibrary
library = EspeakLibrary()
ctypes.CDLL(espeakng_loader.get_library_path()).espeak_SetPhonemeTrace(1, None)
for line in sys.stdin.buffer:
    language, _, text = line.decode().rstrip("\\n").partition("\\t")
    library.speak(text, language, lambda: False)
    print("=", file=sys.stderr, flush=True)
"""


def given(text: str, language: str) -> str:
    """What espeak-ng is given for a piece."""
    return as_read(PieceJob(text=text, language=language, shares=((Timbre(pitch=165), 1.0),), tempo=1.0)).text


def phonemes(*lines: tuple[str, str]) -> list[str]:
    """For pairs of a text and its language."""
    asked = "\n".join(f"{language}\t{given(text, language)}" for text, language in lines)
    done = subprocess.run([sys.executable, "-c", TRACE], input=asked, capture_output=True, text=True, check=True)
    # Each text comes behind the trills by which the library aligns itself.
    return [line.rpartition("'ara ")[2] for line in done.stderr.replace("\n", " ").split("=")[:-1]]


def test_no_language_is_spelt_out_in_english() -> None:
    said = phonemes(*((SENTENCES[language.partition("-")[0]], language) for language in LANGUAGES))
    assert len(said) == len(LANGUAGES)
    assert [
        language for language, sounds in zip(LANGUAGES, said, strict=True) if "(en)" in sounds or not sounds.strip()
    ] == []


@pytest.mark.parametrize(
    ("text", "language", "sounds"),
    [
        ("今日は100円です", "ja", "k_j'o:wa C'aku end'esu"),
        ("旅行へ", "ja", "r`_jo k'o:e"),
        ("안녕", "ko", "'annj@N"),
        ("Grüß Gott", "de", "gr'y:s g'Ot"),
        ("Bonjour", "fr", "bO~Z'ur"),
        ("привет", "ru", "p@-r;iv;'et"),
    ],
)
def test_says_what_a_native_reader_says(text: str, language: str, sounds: str) -> None:
    assert phonemes((text, language))[0].replace("_|", "").split() == sounds.split()
