"""Rate, gain and 16 bits: streamed or whole, the same sound, and never clipped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.audio.pcm import Limiter, Resampler, Samples, to_int16
from rhapsode.core.speech import Pcm


def tone(rate: int, *, seconds: float = 1.0, hertz: float = 440.0, level: float = 0.5) -> Samples:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def limited(sound: Samples, gain: float, block: int, rate: int = 32000) -> Samples:
    limiter = Limiter(rate, gain)
    parts = [limiter.feed(sound[start : start + block]) for start in range(0, len(sound), block)]
    return np.concatenate([*parts, limiter.finish()])


def resampled(sound: Samples, old: int, new: int, block: int) -> Samples:
    resampler = Resampler(new)
    parts = [
        resampler.feed(Pcm(rate=old, samples=sound[start : start + block].tobytes()))
        for start in range(0, len(sound), block)
    ]
    return np.concatenate([*parts, resampler.finish()])


@given(st.floats(0.01, 10.0), st.integers(1, 5000), st.integers(0, 12000), st.integers(0, 2**32 - 1))
def test_no_gain_clips_and_no_sample_is_lost(gain: float, block: int, length: int, seed: int) -> None:
    sound = np.random.default_rng(seed).uniform(-1, 1, length).astype(np.float32)
    result = limited(sound, gain, block)
    assert len(result) == length
    assert np.max(np.abs(result), initial=0.0) <= 0.9801


@pytest.mark.parametrize("block", [1, 37, 320, 4000])
def test_blocks_make_no_difference(block: int) -> None:
    sound = tone(32000, level=0.9) * np.linspace(0, 1, 32000, dtype=np.float32)
    assert np.array_equal(limited(sound, 3.0, block), limited(sound, 3.0, 32000))
    assert np.allclose(resampled(sound, 22050, 32000, block), resampled(sound, 22050, 32000, 32000), atol=1e-6)


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


@pytest.mark.parametrize("new", [8000, 16000, 22050, 24000, 32000, 44100, 48000])
def test_a_tone_keeps_its_pitch_and_length_at_any_rate(new: int) -> None:
    sound = resampled(tone(22050), 22050, new, 8820)
    assert abs(len(sound) - new) <= 1
    assert np.abs(np.fft.rfft(sound)).argmax() == 440


def test_a_rate_that_changes_within_a_stream_is_refused() -> None:
    resampler = Resampler(32000)
    resampler.feed(Pcm(rate=22050, samples=bytes(400)))
    with pytest.raises(ValueError, match="22050 samples a second went on with 24000"):
        resampler.feed(Pcm(rate=24000, samples=bytes(400)))


def test_an_unused_resampler_has_nothing_to_finish() -> None:
    assert len(Resampler(32000).finish()) == 0


def test_sixteen_bits_are_little_endian_and_clipped() -> None:
    samples = np.array([0, 1, -1, 2, 0.5], np.float32)
    assert np.frombuffer(to_int16(samples), "<i2").tolist() == [0, 32767, -32767, 32767, 16384]
