"""Voices whose timbres are known, measured from what they say."""

import numpy as np
import pytest

from rhapsode.core.errors import InvalidField
from rhapsode.core.voice import Timbre
from rhapsode.engines.speech.frames import Floats
from rhapsode.engines.speech.measure import Measured, NoVoice, compare, measure, measure_reference
from rhapsode.engines.speech.meter import SAMPLE_RATE, measure_voice
from rhapsode.engines.speech.piece_job import PieceJob
from rhapsode.engines.speech.speaker import Speaker
from rhapsode.voices.catalogue import load_voices
from tests.engines.speech.conftest import sounded

STORY = (
    "北风和太阳正在争论谁比较有本事。",
    "他们看见一个穿着厚大衣的人走过来。",
    "于是说好谁能先让他脱下衣服，谁就算赢。",
    "北风用尽力气吹，可是那个人把衣服裹得更紧了。",
    "从前有一个小村庄，村里住着许多善良的人。",
)
"""other words than the reference speaker's"""
VOICES = {voice.id: voice.timbre for voice in load_voices()}


def story(speaker: Speaker, timbre: Timbre) -> Floats:
    jobs = [PieceJob(text=text, language="zh", shares=((timbre, 1),), tempo=timbre.pace) for text in STORY]
    return np.concatenate([sounded(speaker, job) for job in jobs]).astype(np.float64)


@pytest.fixture(scope="module")
def reference(speaker: Speaker) -> Measured:
    return measure_reference(speaker, "zh")


@pytest.mark.parametrize("voice", ["male-qn-badao", "female-shaonv", "audiobook_male_2", "lovely_girl"])
def test_a_known_voice_is_found_again(speaker: Speaker, reference: Measured, voice: str) -> None:
    known, found = VOICES[voice], compare(measure(story(speaker, VOICES[voice])), reference)
    assert found.pitch == pytest.approx(known.pitch, rel=0.03)
    assert found.tract == pytest.approx(known.tract, rel=0.03)
    assert found.tilt == pytest.approx(known.tilt, abs=1.0)
    assert found.pitch_range == pytest.approx(known.pitch_range, rel=0.25)
    assert found.pace == pytest.approx(known.pace, rel=0.12)


def test_more_breath_is_heard_as_more(speaker: Speaker, reference: Measured) -> None:
    found = [
        compare(measure(story(speaker, Timbre(pitch=200, tract=0.9, breath=breath))), reference).breath
        for breath in (0.0, 0.3, 0.6)
    ]
    assert found == sorted(found)
    assert found[2] > found[0] + 0.2


def test_how_loud_it_is_makes_no_difference(speaker: Speaker, reference: Measured) -> None:
    sound = story(speaker, VOICES["female-yujie"])
    loud, soft = compare(measure(sound), reference), compare(measure(sound * 0.1), reference)
    assert soft.pitch == pytest.approx(loud.pitch, rel=0.01)
    assert soft.tract == pytest.approx(loud.tract, abs=0.011)
    assert soft.tilt == pytest.approx(loud.tilt, abs=0.2)


@pytest.mark.parametrize("level", [0.0, 0.05])
def test_there_must_be_a_voice(level: float) -> None:
    noise = np.random.default_rng(1).normal(0, level, 3 * SAMPLE_RATE) if level else np.zeros(3 * SAMPLE_RATE)
    with pytest.raises(NoVoice):
        measure(noise)


async def test_is_measured_in_a_process_of_its_own(speaker: Speaker) -> None:
    sound = story(speaker, VOICES["female-shaonv"]).astype("<f4")
    found = await measure_voice(sound.tobytes(), language="zh", field="file_id")
    assert found.pitch == pytest.approx(VOICES["female-shaonv"].pitch, rel=0.03)
    with pytest.raises(InvalidField, match="file_id: there is less than a second of voice"):
        await measure_voice(bytes(4 * SAMPLE_RATE), language="zh", field="file_id")
