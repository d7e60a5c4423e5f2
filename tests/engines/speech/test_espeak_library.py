"""The reference speaker says the same thing the same way, in every language, and nothing given to it reaches past it."""

import numpy as np
import pytest

from rhapsode.engines.speech.espeak_library import EspeakLibrary
from rhapsode.engines.speech.timbre import REFERENCE_PITCH
from rhapsode.engines.speech.tongue import LANGUAGES, tongue
from tests.engines.speech.conftest import SENTENCE, never
from tests.engines.speech.sentences import SENTENCES
from tests.listening import Samples, decibels, median_pitch, pitches


def said(library: EspeakLibrary, text: str, language: str) -> Samples:
    return library.speak(text, language, never).sound.astype(np.float32)


def test_what_was_said_before_makes_no_difference(library: EspeakLibrary) -> None:
    first = said(library, SENTENCE, "zh")
    others = [
        ("别的话", "zh"),
        ("some words", "zh"),
        ("some words", "en"),
        ("Bonjour", "fr"),
        ("?!", "zh"),
        ("嗯", "yue"),
    ]
    for other, language in others:
        said(library, other, language)
        assert np.array_equal(said(library, SENTENCE, "zh"), first)


@pytest.mark.parametrize("language", ["pt", "ru", "de", "it", "id"])
def test_trills_beat_the_same_whatever_was_said_before(library: EspeakLibrary, language: str) -> None:
    first = said(library, SENTENCES[language], language)
    for other in ("ma", "mama", "arara", "rama"):
        said(library, other, "af")
        assert np.array_equal(said(library, SENTENCES[language], language), first)


def test_speaks_chinese_and_english_in_one_breath(library: EspeakLibrary) -> None:
    chinese, english = said(library, "你好", "zh"), said(library, "wonderful", "zh")
    assert len(said(library, "你好 wonderful", "zh")) > 0.8 * (len(chinese) + len(english))


@pytest.mark.parametrize("language", LANGUAGES)
def test_speaks_half_way_between_men_and_women_in_every_language(library: EspeakLibrary, language: str) -> None:
    sound = said(library, SENTENCES[language.partition("-")[0]], language)
    assert median_pitch(sound, library.rate) == pytest.approx(REFERENCE_PITCH, rel=0.05)
    low, high = np.percentile(pitches(sound, library.rate), [2, 98])
    assert high / low > 1.5
    assert -26 < decibels(sound) < -18
    assert np.max(np.abs(sound)) < 0.9


def test_no_two_languages_read_a_text_alike(library: EspeakLibrary) -> None:
    once = {language: said(library, "Radio Santa Maria 25", language).tobytes() for language in LANGUAGES}
    assert len(set(once.values())) == len(once)


@pytest.mark.parametrize(
    ("tag", "same"),
    [
        ("zh-CN", "zh"),
        ("zh-HK", "yue"),
        ("en-AU", "en"),
        ("EN-GB", "en-gb"),
        ("pt-BR", "pt"),
        ("no", "nb"),
        ("tlh", "en"),
    ],
)
def test_finds_the_nearest_language(tag: str, same: str) -> None:
    assert tongue(tag) == tongue(same)


@pytest.mark.parametrize(
    ("text", "language", "begin"),
    [
        ("今天很好。我们去吧", "zh", [0, 1, 2, 5, 6, 7, 8]),
        ("Hello there, it is me.", "en", [0, 6, 13, 16, 19]),
        ("𠮷好 GPT", "zh", [0, 1, 3]),
        ("안녕하세요 여러분", "ko", [0, 6]),
    ],
)
def test_tells_where_each_word_begins(library: EspeakLibrary, text: str, language: str, begin: list[int]) -> None:
    uttered = library.speak(text, language, never)
    assert sorted({place for _, place in uttered.words}) == begin
    samples = [sample for sample, _ in uttered.words]
    assert samples == sorted(samples)
    assert samples[0] == 0
    assert samples[-1] < len(uttered.sound)


def test_stops_when_told_to(library: EspeakLibrary) -> None:
    whole = library.speak(SENTENCE * 5, "zh", never).sound
    asked = iter([False, False, True])
    assert 0 < len(library.speak(SENTENCE * 5, "zh", lambda: next(asked, True)).sound) < len(whole) / 5


@pytest.mark.parametrize("text", ["", " ", "。", "\ud800"])
def test_nothing_to_say_is_silence(library: EspeakLibrary, text: str) -> None:
    assert np.max(np.abs(said(library, text, "zh")), initial=0.0) < 0.01
