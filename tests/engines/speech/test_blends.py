"""What a listener hears of blends and of the voices, measured on the sound itself."""

from dataclasses import dataclass

import numpy as np
import pytest

from rhapsode.engines.speech.espeak_library import EspeakLibrary
from rhapsode.engines.speech.frames import Floats
from rhapsode.engines.speech.manner import Manner
from rhapsode.engines.speech.piece_job import RATE, PieceJob
from rhapsode.engines.speech.script import read_shares, read_tempo
from rhapsode.engines.speech.speaker import Speaker
from rhapsode.engines.speech.timbre import REFERENCE_PITCH
from rhapsode.voices.catalogue import load_voices
from tests.engines.speech.asking import ask
from tests.engines.speech.conftest import never, sounded, taken_apart
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


def spectrum(sound: Samples) -> Floats:
    """dB, the mean WORLD envelope of what is voiced, in 60 bands to 6 kHz, with the level taken out."""
    frames = taken_apart(sound.astype(np.float64), RATE)
    envelope = frames.envelope[frames.pitch > 0].astype(np.float64).mean(axis=0) * 10 / np.log(10)
    bands = envelope[: 60 * 4 + 40].reshape(-1, 4).mean(axis=1)
    return bands - bands.mean()


def distance(one: Floats, other: Floats) -> float:
    """dB, root mean square."""
    return float(np.sqrt(np.mean((one - other) ** 2)))


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


@pytest.mark.parametrize(("start", "end"), [("male-qn-badao", "female-shaonv"), ("female-yujie", "audiobook_male_1")])
def test_moving_weight_moves_pitch_and_spectrum_one_way(speaker: Speaker, start: str, end: str) -> None:
    steps: list[Blend] = [{start: 1}, *({start: 100 - w, end: w} for w in (20, 40, 60, 80)), {end: 1}]
    sounds = [heard(speaker, step) for step in steps]
    pitch = [median_pitch(sound, RATE) for sound in sounds]
    assert pitch in (sorted(pitch), sorted(pitch, reverse=True))
    shapes = [spectrum(sound) for sound in sounds]
    from_start = [distance(shape, shapes[0]) for shape in shapes]
    from_end = [distance(shape, shapes[-1]) for shape in shapes]
    assert from_start == sorted(from_start)
    assert from_end == sorted(from_end, reverse=True)


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
    bands = np.arange(len(adult))

    def stretched(factor: float) -> Floats:
        moved = np.interp(bands / factor, bands, adult)
        return moved - moved.mean()

    best = min((factor / 100 for factor in range(70, 171)), key=lambda factor: distance(child, stretched(factor)))
    assert best > 1.2


def test_a_robot_has_no_melody(speaker: Speaker) -> None:
    def melody(voice: str) -> float:
        return float(np.std(12 * np.log2(pitches(heard(speaker, {voice: 1}), RATE, floor=50.0))))

    assert melody("Robot_Armor") < 0.4
    assert melody("presenter_male") > 1.5


def test_every_voice_has_the_pitch_of_its_timbre(all_voices: dict[str, Heard], library: EspeakLibrary) -> None:
    # This sentence's tones lie where they lie; a wide melody takes them further from the middle.
    middle = median_pitch(library.speak(TEXT, "zh", never).sound.astype(np.float32), RATE, floor=50.0) / REFERENCE_PITCH
    for voice, measured in all_voices.items():
        expected = VOICES[voice].pitch * middle ** VOICES[voice].pitch_range
        assert measured.pitch == pytest.approx(expected, rel=0.06), voice


def test_all_voices_are_equally_loud_and_none_clips(all_voices: dict[str, Heard]) -> None:
    levels = [measured.level for measured in all_voices.values()]
    assert max(levels) - min(levels) < 3.5
    assert float(np.mean(levels)) == pytest.approx(-20, abs=2)
    assert max(measured.peak for measured in all_voices.values()) < 1
