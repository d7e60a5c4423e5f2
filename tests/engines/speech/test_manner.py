"""What each manner does to the sound itself, measured by Praat and on the spectrum: as documented, and only that."""

from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from rhapsode.core.speech import Emotion, VoiceModify
from rhapsode.core.voice import Timbre
from rhapsode.engines.speech.manner import EMOTIONS, Manner, bend, read_manner
from rhapsode.engines.speech.piece_job import RATE, PieceJob
from rhapsode.engines.speech.speaker import Speaker
from tests.engines.speech.asking import ask
from tests.engines.speech.conftest import sounded
from tests.engines.speech.spectra import spectrum, stretch
from tests.listening import Floats, Samples, decibels, pitch_track

TEXT = "我们今天一起去公园散步，好吗？"
VOICE = Timbre(pitch=165, tract=0.95)


@dataclass(frozen=True)
class Heard:
    """track: semitones above 100 Hz every 4 ms, NaN without voice. tilt: dB of 2 to 5 kHz over 0.2 to 1 kHz.

    seconds; level in dB; sound.
    """

    seconds: float
    track: Floats
    level: float
    tilt: float
    sound: Samples

    @property
    def spread(self) -> float:
        """Semitones, four fifths of the melody."""
        low, high = np.nanquantile(self.track, (0.1, 0.9))
        return float(high - low)

    def above(self, other: "Heard") -> float:
        """Semitones, the median over the places, of a hundred, where both have voice."""
        one, two = (heard.track[np.linspace(0, len(heard.track) - 1, 101).astype(int)] for heard in (self, other))
        return float(np.nanmedian(one - two))


def listen(sound: Samples) -> Heard:
    track = pitch_track(sound, RATE, floor=60.0)
    track[track == 0] = np.nan
    rows = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float64), 512)[::256] * np.hanning(512)
    power, hertz = np.mean(np.abs(np.fft.rfft(rows)) ** 2, axis=0), np.fft.rfftfreq(512, 1 / RATE)
    low, high = power[(hertz > 200) & (hertz < 1000)].sum(), power[(hertz > 2000) & (hertz < 5000)].sum()
    return Heard(
        seconds=len(sound) / RATE,
        track=12 * np.log2(track / 100),
        level=decibels(sound),
        tilt=float(10 * np.log10(high / low)),
        sound=sound,
    )


def periodicity(sound: Samples) -> float:
    """How alike two periods of 100 to 250 Hz are, 0 to 1, in the louder half of all stretches of 40 ms."""
    rows = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float64), 882)[::441]
    rows = rows[np.sum(rows**2, axis=1) > np.median(np.sum(rows**2, axis=1))]
    alike = [[np.corrcoef(row[:-lag], row[lag:])[0, 1] for lag in range(RATE // 250, RATE // 100, 2)] for row in rows]
    return float(np.median(np.max(alike, axis=1)))


@pytest.fixture(scope="module")
def say(speaker: Speaker) -> "Say":
    return Say(speaker)


class Say:
    """Speaks in a manner; each manner once."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._known: dict[Manner, Heard] = {}

    def __call__(self, manner: Manner) -> Heard:
        if manner not in self._known:
            job = PieceJob(text=TEXT, language="zh", shares=((VOICE, 1.0),), tempo=manner.pace, manner=manner)
            self._known[manner] = listen(sounded(self._speaker, job))
        return self._known[manner]


@pytest.mark.parametrize("semitones", [-12, -7, -1, 1, 5, 12])
def test_semitones_move_the_pitch_and_nothing_else(say: Say, semitones: int) -> None:
    plain, moved = say(Manner()), say(Manner(semitones=semitones))
    assert moved.above(plain) == pytest.approx(semitones, abs=0.3)
    assert moved.seconds == plain.seconds
    assert moved.level == pytest.approx(plain.level, abs=1.5)


@pytest.mark.parametrize("pace", [0.5, 0.7, 1.4, 2.0])
def test_pace_changes_the_length_and_not_the_pitch(say: Say, pace: float) -> None:
    plain, changed = say(Manner()), say(Manner(pace=pace))
    assert changed.seconds * pace == pytest.approx(plain.seconds, rel=0.01)
    assert changed.above(plain) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize(
    "emotion", [one for one in Emotion if one is not Emotion.WHISPER], ids=lambda emotion: emotion.value
)
def test_an_emotion_does_what_its_figures_say(say: Say, emotion: Emotion) -> None:
    manner = EMOTIONS[emotion]
    plain, felt = say(Manner()), say(manner)
    assert felt.seconds * manner.pace == pytest.approx(plain.seconds, rel=0.01)
    assert felt.above(plain) == pytest.approx(manner.semitones, abs=0.7)  # a wide melody moves its own middle
    assert felt.spread / plain.spread == pytest.approx(manner.pitch_range, rel=0.15)
    assert felt.level - plain.level == pytest.approx(manner.level, abs=1.5)
    if abs(manner.tilt) >= 0.5:
        assert np.sign(felt.tilt - plain.tilt) == np.sign(manner.tilt)


def test_a_whisper_has_no_voice(say: Say) -> None:
    plain, whisper = say(Manner()), say(EMOTIONS[Emotion.WHISPER])
    assert periodicity(plain.sound) > 0.75
    assert periodicity(whisper.sound) < 0.5
    assert whisper.level < plain.level - 5


def test_every_emotion_can_be_told_from_every_other(say: Say) -> None:
    def apart(one: Heard, other: Heard) -> float:
        """In just noticeable differences, about: 5 % of pace, a semitone, a fifth of the melody, 1.5 dB."""
        return max(
            abs(np.log(one.seconds / other.seconds)) / 0.05,
            abs(one.above(other)),
            abs(np.log(one.spread / other.spread)) / 0.2,
            abs(one.level - other.level) / 1.5,
        )

    heard = {emotion.value: say(manner) for emotion, manner in EMOTIONS.items()} | {"none": say(Manner())}
    alike = {pair for pair in combinations(heard, 2) if apart(heard[pair[0]], heard[pair[1]]) < 1}
    assert set(EMOTIONS) == set(Emotion)
    assert alike == set()


def test_the_page_gives_the_figures_of_each_emotion() -> None:
    page = (Path(__file__).parents[3] / "docs" / "speech-engine.md").read_text(encoding="utf-8")
    for emotion, manner in EMOTIONS.items():
        axes = (manner.pace, manner.semitones, manner.pitch_range, manner.tract, manner.tilt, manner.breath)
        row = " | ".join((emotion.value, *(f"{figure:g}" for figure in (*axes, manner.level))))
        assert f"| {row} |" in page


STEPS = (-100, -50, 0, 50, 100)


def test_modify_pitch_goes_from_deep_to_bright(say: Say) -> None:
    heard = [say(bend(VoiceModify(pitch=step))) for step in STEPS]
    assert [one.above(heard[2]) for one in heard] == pytest.approx([-5, -2.5, 0, 2.5, 5], abs=0.3)
    stretches = [stretch(spectrum(one.sound), spectrum(heard[2].sound)) for one in heard]
    assert stretches == sorted(set(stretches))
    assert stretches == pytest.approx([0.92, 0.96, 1, 1.04, 1.087], abs=0.03)
    assert len({one.seconds for one in heard}) == 1


def test_modify_intensity_goes_from_strong_to_soft(say: Say) -> None:
    heard = [say(bend(VoiceModify(intensity=step))) for step in STEPS]
    for figures in ([one.level for one in heard], [one.tilt for one in heard]):
        assert figures == sorted(set(figures), reverse=True)
    assert heard[0].level - heard[-1].level == pytest.approx(12, abs=2)
    assert [one.above(heard[2]) for one in heard] == pytest.approx([0] * 5, abs=0.3)


def test_modify_timbre_goes_from_full_to_crisp(say: Say) -> None:
    heard = [say(bend(VoiceModify(timbre=step))) for step in STEPS]
    figures = [one.tilt for one in heard]
    assert figures == sorted(set(figures))
    assert figures[-1] - figures[0] > 8
    assert [one.above(heard[2]) for one in heard] == pytest.approx([0] * 5, abs=0.3)
    assert [one.level for one in heard] == pytest.approx([heard[2].level] * 5, abs=3)


def test_a_request_is_all_of_its_manners_at_once() -> None:
    request = replace(ask("好", pitch=2), emotion=Emotion.SAD, modify=VoiceModify(pitch=100, intensity=100, timbre=50))
    manner = read_manner(request)
    assert manner.semitones == 2 - 1.5 + 5
    assert manner.pace == EMOTIONS[Emotion.SAD].pace
    assert manner.level == -4 - 6
    assert manner.tilt == -1.5 - 2 + 2
    assert manner.breath == pytest.approx(1 - 0.88 * 0.6)
    assert read_manner(ask("好")) == Manner()
