"""Taken apart in blocks or whole, speech is the same frames."""

import numpy as np
import pytest

from rhapsode.engines.speech.espeak_library import EspeakLibrary
from rhapsode.engines.speech.frames import Floats, Frames
from rhapsode.engines.speech.speaker import audible
from rhapsode.engines.speech.world import analyse, fft_size
from tests.engines.speech.conftest import never, taken_apart

RATE = 22050


@pytest.mark.parametrize("size", [1, 20, 72])
def test_blocks_make_hardly_a_difference(spoken: Floats, frames: Frames, size: int) -> None:
    blocks = taken_apart(spoken, RATE, frames_a_block=size)
    assert len(blocks) == len(frames)
    assert np.array_equal(blocks.pitch > 0, frames.pitch > 0)
    voiced = frames.pitch > 0
    # A frame may fall half way between two samples (5 ms are 110.25): there the last bit decides which one is taken.
    assert np.quantile(np.abs(np.log(blocks.pitch[voiced] / frames.pitch[voiced])), 0.99) < 0.01
    assert np.quantile(np.abs(blocks.envelope - frames.envelope), 0.99) < 0.2
    assert np.quantile(np.abs(blocks.noise - frames.noise), 0.99) < 0.02


def test_the_first_block_is_short_and_no_block_longer_than_asked(spoken: Floats) -> None:
    first, *others = [len(block) for block in analyse(spoken, RATE, frames_a_block=72)]
    assert first == 24
    assert set(others[:-1]) == {72}
    assert others[-1] <= 72


def test_pitch_is_followed_and_silence_has_none() -> None:
    times = np.arange(RATE) / RATE
    buzz = np.sum([np.sin(2 * np.pi * 150 * k * times) / k for k in range(1, 20)], axis=0) * 0.1
    pitch = taken_apart(np.concatenate((buzz, np.zeros(RATE))), RATE).pitch
    assert pitch[20:180] == pytest.approx(150, rel=0.01)
    assert not np.any(pitch[220:])


def levels(frames: Frames) -> Floats:
    """dB of each frame's power."""
    return 10 * np.log10(np.exp(frames.envelope.astype(np.float64)).mean(axis=1))


def test_a_voice_is_heard_from_its_first_moment_to_its_last(library: EspeakLibrary) -> None:
    for text in ("妈妈", "拉手", "你们", "问他"):
        sound = library.speak(text, "zh", never).sound
        frames = taken_apart(sound[slice(*audible(sound))], RATE)
        assert np.all(frames.pitch[1:6] > 0), text
    assert not np.any(taken_apart(np.random.default_rng(1).normal(0, 0.1, RATE // 4), RATE).pitch)


def test_a_closed_mouth_stays_as_quiet_as_it_is() -> None:
    times = np.arange(RATE // 4) / RATE
    buzz = np.sum([np.sin(2 * np.pi * 150 * k * times) / k for k in range(1, 20)], axis=0) * 0.1
    closed = levels(taken_apart(np.concatenate((buzz, np.zeros(RATE // 20), buzz)), RATE))
    alone = levels(taken_apart(buzz, RATE))
    assert np.all(closed[52:58] < -100)
    assert closed[5:45] == pytest.approx(alone[5:45], abs=1)


@pytest.mark.parametrize("length", [1, 50, 110, 500, 2205])
def test_the_shortest_sound_has_frames(length: int) -> None:
    frames = taken_apart(np.random.default_rng(1).normal(0, 0.1, length), RATE)
    assert len(frames) == length // 110.25 + 1
    assert np.all(np.isfinite(frames.envelope))


def test_a_window_holds_three_periods_of_the_lowest_pitch() -> None:
    assert fft_size(RATE) == 1024
    assert fft_size(48000) == 4096
