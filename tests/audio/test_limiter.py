"""Gain, streamed or whole, never clips: not even between the samples."""

import importlib
from typing import Protocol, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.audio.limiter import Limiter
from rhapsode.audio.pcm import Samples
from rhapsode.audio.true_peak import BEFORE, SPAN, true_peaks

CEILING = 0.9


class _Resample(Protocol):
    def __call__(self, x: Samples, old: float, new: float, quality: str) -> Samples: ...


_resample = cast("_Resample", importlib.import_module("soxr").resample)


def tone(rate: int, *, seconds: float = 1.0, hertz: float = 440.0, level: float = 0.5, phase: float = 0.0) -> Samples:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate + phase)).astype(np.float32)


def limited(sound: Samples, gain: float, block: int, rate: int = 32000) -> Samples:
    limiter = Limiter(rate, gain, CEILING)
    parts = [limiter.feed(sound[start : start + block]) for start in range(0, len(sound), block)]
    return np.concatenate([*parts, limiter.finish()])


@given(st.floats(0.01, 10.0), st.integers(1, 5000), st.integers(0, 12000), st.integers(0, 2**32 - 1))
def test_no_gain_clips_and_no_sample_is_lost(gain: float, block: int, length: int, seed: int) -> None:
    sound = np.random.default_rng(seed).uniform(-1, 1, length).astype(np.float32)
    result = limited(sound, gain, block)
    assert len(result) == length
    assert np.max(np.abs(result), initial=0.0) <= CEILING + 1e-4


def test_a_peak_between_samples_is_a_peak() -> None:
    # At a quarter of the rate, samples an eighth of a turn off the crest see 0.71 of it.
    sound = tone(32000, hertz=8000, level=0.5, phase=np.pi / 4)
    assert np.max(np.abs(sound)) == pytest.approx(0.354, abs=1e-3)
    assert np.max(true_peaks(sound)) == pytest.approx(0.5, rel=0.03)
    loud = limited(sound, 10.0, 700)[3200:-3200]
    assert np.max(np.abs(_resample(loud, 1, 8, "VHQ"))[800:-800]) == pytest.approx(CEILING, rel=0.03)


def test_one_sample_beyond_its_time_is_seen_by_eleven_estimates() -> None:
    sound = np.zeros(100, np.float32)
    sound[50] = 1.0
    peaks = true_peaks(sound)
    assert len(peaks) == len(sound) - SPAN + 1
    assert np.argmax(peaks) == 50 - BEFORE
    assert np.flatnonzero(peaks).tolist() == list(range(50 - SPAN + 1, 51))


@pytest.mark.parametrize("block", [1, 37, 320, 4000])
def test_blocks_make_no_difference(block: int) -> None:
    sound = tone(32000, level=0.9) * np.linspace(0, 1, 32000, dtype=np.float32)
    assert np.array_equal(limited(sound, 3.0, block), limited(sound, 3.0, 32000))


def test_a_gain_of_one_leaves_quiet_sound_alone() -> None:
    assert np.array_equal(limited(tone(32000), 1.0, 777), tone(32000))


def test_gain_is_gain_until_the_ceiling() -> None:
    assert np.allclose(limited(tone(32000, level=0.1), 5.0, 1000), tone(32000, level=0.5), atol=1e-6)


def test_ten_times_too_loud_a_tone_stays_a_tone() -> None:
    sound = limited(tone(32000, seconds=2, level=0.5), 10.0, 3200)[32000:]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert spectrum.argmax() == 440
    spectrum[430:451] = 0
    assert spectrum.max() < 1e-3 * len(sound) / 4  # harmonics 60 dB below: nothing was cut off
