"""Another rate, streamed or whole, is the same sound."""

import numpy as np
import pytest

from rhapsode.audio.pcm import Samples, to_int16
from rhapsode.audio.resample import Resampler
from rhapsode.core.speech import Pcm

TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)).astype(np.float32)


def resampled(sound: Samples, old: int, new: int, block: int) -> Samples:
    resampler = Resampler(new)
    parts = [
        resampler.feed(Pcm(rate=old, samples=sound[start : start + block].tobytes()))
        for start in range(0, len(sound), block)
    ]
    return np.concatenate([*parts, resampler.finish()])


@pytest.mark.parametrize("new", [8000, 32000])
@pytest.mark.parametrize("block", [1, 37, 1025])
def test_blocks_make_no_difference(block: int, new: int) -> None:
    assert np.array_equal(resampled(TONE, 22050, new, block), resampled(TONE, 22050, new, 22050))


@pytest.mark.parametrize("new", [8000, 16000, 22050, 24000, 32000, 44100, 48000])
def test_a_tone_keeps_its_pitch_and_length_at_any_rate(new: int) -> None:
    sound = resampled(TONE, 22050, new, 8820)
    assert abs(len(sound) - new) <= 1
    assert np.abs(np.fft.rfft(sound)).argmax() == 440


def test_a_rate_that_changes_within_a_stream_is_refused() -> None:
    resampler = Resampler(32000)
    resampler.feed(Pcm(rate=22050, samples=bytes(400)))
    with pytest.raises(ValueError, match="22050 samples a second went on with 24000"):
        resampler.feed(Pcm(rate=24000, samples=bytes(400)))


def test_an_unused_resampler_has_nothing_to_finish() -> None:
    assert len(Resampler(32000).finish()) == 0


def test_sixteen_bits_are_little_endian_and_clipped_and_the_same_in_each_channel() -> None:
    samples = np.array([0, 1, -1, 2, 0.5], np.float32)
    assert np.frombuffer(to_int16(samples), "<i2").tolist() == [0, 32767, -32767, 32767, 16384]
    assert np.frombuffer(to_int16(samples[1:3], 2), "<i2").tolist() == [32767, 32767, -32767, -32767]
