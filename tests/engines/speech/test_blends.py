"""What a listener hears of blends and of the voices, measured on the sound itself."""

from dataclasses import dataclass

import numpy as np
import pytest

from rhapsode.engines.speech.espeak_library import EspeakLibrary
from rhapsode.engines.speech.frames import Floats
from rhapsode.engines.speech.manner import Manner
from rhapsode.engines.speech.piece_job import RATE, PieceJob
from rhapsode.engines.speech.respell import respell
from rhapsode.engines.speech.script import read_shares, read_tempo
from rhapsode.engines.speech.speaker import Speaker
from rhapsode.engines.speech.timbre import REFERENCE_PITCH
from rhapsode.voices.catalogue import load_voices
from tests.engines.speech.asking import ask
from tests.engines.speech.conftest import never, sounded
from tests.engines.speech.spectra import distance, spectrum, stretch
from tests.listening import Samples, decibels, median_pitch, pitches
from tests.voices.apart import nearest_pairs

BY_ID = {voice.id: voice for voice in load_voices()}
VOICES = {voice.id: voice.timbre for voice in load_voices()}
PLAIN = Manner()
PAIRS = [pair for pairs in nearest_pairs(load_voices(), of_each=3).values() for pair in pairs]
"""The voices that are nearest to each other, three pairs of every language."""
LISTENED = {voice for pair in PAIRS for voice in pair} | {"Robot_Armor", "cartoon_pig", "lovely_girl", "presenter_male"}
TEXT = "我们一起去公园散步吧。"
Blend = dict[str, int]


def heard(speaker: Speaker, blend: Blend, *, manner: Manner = PLAIN) -> Samples:
    request = ask(TEXT, *blend.items())
    shares = read_shares(request, BY_ID)
    tempo = read_tempo(request, shares, manner)
    return sounded(speaker, PieceJob(text=TEXT, language="zh", shares=shares, tempo=tempo, manner=manner))


@pytest.mark.parametrize(
    "blend",
    [
        {"male-qn-badao": 1, "female-shaonv": 1},
        {"audiobook_male_2": 9, "female-shaonv-jingpin": 1},
        {"male-qn-qingse": 1, "female-shaonv": 1, "female-yujie": 1, "audiobook_male_2": 1},
        {"presenter_male": 100, "presenter_female": 37, "female-tianmei": 12},
    ],
)
def test_the_median_pitch_of_a_blend_is_the_weighted_geometric_mean(speaker: Speaker, blend: Blend) -> None:
    logs = [np.log(median_pitch(heard(speaker, {voice: 1}), RATE)) for voice in blend]
    expected = np.exp(np.average(logs, weights=list(blend.values())))
    assert median_pitch(heard(speaker, blend), RATE) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("male-qn-badao", "female-shaonv"),
        ("female-yujie", "audiobook_male_1"),
        ("lovely_girl", "presenter_male"),
        ("clever_boy", "female-chengshu"),
        ("cartoon_pig", "Robot_Armor"),
    ],
)
def test_moving_weight_moves_pitch_and_spectrum_one_way(speaker: Speaker, start: str, end: str) -> None:
    shares = (0, 20, 40, 60, 80, 100)
    sounds = [heard(speaker, {voice: w for voice, w in ((start, 100 - w), (end, w)) if w}) for w in shares]
    pitch = [median_pitch(sound, RATE, floor=50.0) for sound in sounds]
    assert pitch in (sorted(pitch), sorted(pitch, reverse=True))
    assert pitch == pytest.approx([pitch[0] ** (1 - w / 100) * pitch[-1] ** (w / 100) for w in shares], rel=0.03)
    shapes = [spectrum(sound) for sound in sounds]
    from_start = [distance(shape, shapes[0]) for shape in shapes]
    from_end = [distance(shape, shapes[-1]) for shape in shapes]
    assert from_start == sorted(from_start)
    assert from_end == sorted(from_end, reverse=True)


def test_a_voice_blended_with_itself_is_itself(speaker: Speaker) -> None:
    once = heard(speaker, {"female-shaonv": 1})
    request = ask(TEXT, ("female-shaonv", 3), ("female-shaonv", 4), ("female-shaonv", 93))
    shares = read_shares(request, BY_ID)
    job = PieceJob(text=TEXT, language="zh", shares=shares, tempo=read_tempo(request, shares, PLAIN))
    assert np.array_equal(sounded(speaker, job), once)


def test_equal_weights_are_equal_whatever_their_size_and_order(speaker: Speaker) -> None:
    ones = heard(speaker, {"male-qn-badao": 1, "female-shaonv": 1})
    assert np.array_equal(ones, heard(speaker, {"male-qn-badao": 50, "female-shaonv": 50}))
    assert np.array_equal(ones, heard(speaker, {"female-shaonv": 1, "male-qn-badao": 1}))


def test_pitch_leaves_the_formants_where_they_are(speaker: Speaker) -> None:
    plain, raised = (
        heard(speaker, {"audiobook_male_1": 1}),
        heard(speaker, {"audiobook_male_1": 1}, manner=Manner(semitones=6)),
    )
    assert median_pitch(raised, RATE) / median_pitch(plain, RATE) == pytest.approx(2**0.5, rel=0.03)
    smaller = heard(speaker, {"female-yujie": 1})
    assert distance(spectrum(plain), spectrum(raised)) < 0.5 * distance(spectrum(plain), spectrum(smaller))


@dataclass(frozen=True)
class Heard:
    pitch: float
    seconds: float
    spectrum: Floats
    level: float
    peak: float


@pytest.fixture(scope="module")
def all_voices(speaker: Speaker) -> dict[str, Heard]:
    def measure(sound: Samples) -> Heard:
        return Heard(
            pitch=median_pitch(sound, RATE, floor=50.0),
            seconds=len(sound) / RATE,
            spectrum=spectrum(sound),
            level=decibels(sound),
            peak=float(np.max(np.abs(sound))),
        )

    return {voice: measure(heard(speaker, {voice: 1})) for voice in sorted(LISTENED)}


def test_even_the_nearest_voices_differ_in_pitch_or_spectrum(all_voices: dict[str, Heard]) -> None:
    def apart(one: Heard, other: Heard) -> float:
        # In semitones and dB: of a sustained sound, a listener hears half of one and one of the other.
        return float(
            np.hypot(12 * np.log2(one.pitch / other.pitch) / 0.5, distance(one.spectrum, other.spectrum) / 1.0)
        )

    alike = {pair: round(apart(*(all_voices[voice] for voice in pair)), 2) for pair in PAIRS}
    assert {pair: far for pair, far in alike.items() if far < 1} == {}


def test_a_child_sounds_smaller_than_an_adult(all_voices: dict[str, Heard]) -> None:
    # A shorter tract moves all formants up: the child's spectrum is the adult's, stretched.
    child, adult = (all_voices[voice].spectrum for voice in ("lovely_girl", "presenter_male"))
    assert stretch(child, adult) > 1.2


def test_a_robot_has_no_melody(speaker: Speaker) -> None:
    def melody(voice: str) -> float:
        return float(np.std(12 * np.log2(pitches(heard(speaker, {voice: 1}), RATE, floor=50.0))))

    assert melody("Robot_Armor") < 0.4
    assert melody("presenter_male") > 1.5


def test_every_voice_has_the_pitch_of_its_timbre(all_voices: dict[str, Heard], library: EspeakLibrary) -> None:
    # This sentence's tones lie where they lie; a wide melody takes them further from the middle.
    middle = (
        median_pitch(library.speak(respell(TEXT, "zh").text, "zh", never).sound.astype(np.float32), RATE, floor=50.0)
        / REFERENCE_PITCH
    )
    for voice, measured in all_voices.items():
        expected = VOICES[voice].pitch * middle ** VOICES[voice].pitch_range
        assert measured.pitch == pytest.approx(expected, rel=0.06), voice


def test_all_voices_are_equally_loud_and_none_clips(all_voices: dict[str, Heard]) -> None:
    levels = [measured.level for measured in all_voices.values()]
    assert max(levels) - min(levels) < 3.5
    assert float(np.mean(levels)) == pytest.approx(-20, abs=2)
    assert max(measured.peak for measured in all_voices.values()) < 1
