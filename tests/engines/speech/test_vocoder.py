"""The vocoder's sound does not depend on how its frames were cut, and no seam shows in it."""

import numpy as np
import pytest

from rhapsode.engines.speech.frames import Frames, Sound, join, no_frames
from rhapsode.engines.speech.vocoder import Vocoder
from tests.listening import median_pitch

RATE, SIZE = 22050, 1024
BANDS = SIZE // 2 + 1


def sounded(frames: Frames, block: int, *, frames_a_second: float = 200.0) -> Sound:
    vocoder = Vocoder(rate=RATE, size=SIZE, frames_a_second=frames_a_second)
    parts = [vocoder.push(frames[start : start + block]) for start in range(0, len(frames), block)]
    return np.concatenate([*parts, vocoder.finish()])


def vowel(count: int, hertz: float, *, noise: float = 0.0) -> Frames:
    frequencies = np.arange(BANDS) * RATE / SIZE
    peak = -(((frequencies - 700) / 400) ** 2) / 2 - 8
    return Frames(
        pitch=np.full(count, hertz),
        envelope=np.tile(peak.astype(np.float32), (count, 1)),
        noise=np.full((count, BANDS), noise, np.float32),
    )


@pytest.mark.parametrize("block", [1, 7, 72])
@pytest.mark.parametrize("frames_a_second", [70.0, 200.0, 531.0])
def test_streamed_or_whole_it_is_the_same_sound(frames: Frames, block: int, frames_a_second: float) -> None:
    whole = sounded(frames, len(frames), frames_a_second=frames_a_second)
    streamed = sounded(frames, block, frames_a_second=frames_a_second)
    assert np.allclose(streamed, whole, atol=2e-6)


def test_the_same_frames_make_the_same_bytes(frames: Frames) -> None:
    assert sounded(frames, 72).tobytes() == sounded(frames, 72).tobytes()


def test_no_block_begins_with_a_click(frames: Frames) -> None:
    vocoder = Vocoder(rate=RATE, size=SIZE, frames_a_second=200.0)
    parts = [vocoder.push(frames[start : start + 40]) for start in range(0, len(frames), 40)]
    sound = np.concatenate(parts)
    bend = np.abs(np.diff(sound, 2))  # a step or a corner stands out in the second difference
    # against 15 ms on both sides, some pulses: speech itself bends more here than there
    for seam in np.cumsum([len(part) for part in parts])[:-1]:
        before, after = bend[max(0, seam - 330) : seam - 2], bend[seam + 1 : seam + 330]
        assert np.max(bend[seam - 2 : seam + 1]) <= max(1e-4, 1.1 * np.max(np.concatenate((before, after))))


@pytest.mark.parametrize("hertz", [80.0, 151.3, 400.0])
def test_pitch_and_level_come_out_as_they_went_in(hertz: float) -> None:
    frames = vowel(200, hertz)
    sound = sounded(frames, 30)
    assert median_pitch(sound, RATE) == pytest.approx(hertz, rel=0.002)
    power: Sound = np.exp(frames.envelope[0])
    assert np.mean(sound[2000:-2000] ** 2) == pytest.approx(float(np.mean(power)), rel=0.15)


def test_noise_is_as_loud_as_voice() -> None:
    voice, breath = sounded(vowel(400, 150.0), 400), sounded(vowel(400, 150.0, noise=1.0), 400)
    assert np.mean(breath[2000:-2000] ** 2) == pytest.approx(np.mean(voice[2000:-2000] ** 2), rel=0.15)


@pytest.mark.parametrize("frames_a_second", [57.3, 200.0, 400.0])
def test_length_is_exact(frames_a_second: float) -> None:
    assert len(sounded(vowel(123, 200.0), 10, frames_a_second=frames_a_second)) == round(123 / frames_a_second * RATE)


def test_silence_stays_silent_and_carries_no_offset() -> None:
    silence = Frames(
        pitch=np.zeros(100),
        envelope=np.full((100, BANDS), np.log(1e-12), np.float32),
        noise=np.ones((100, BANDS), np.float32),
    )
    assert np.max(np.abs(sounded(silence, 10))) < 1e-5
    assert abs(float(np.mean(sounded(vowel(200, 120.0), 10)))) < 1e-4


def test_a_mouth_that_closes_is_silent_within_a_frame_and_a_half() -> None:
    shut = np.full((20, BANDS), np.log(1e-12), np.float32)
    closure = Frames(pitch=np.zeros(20), envelope=shut, noise=np.ones_like(shut))
    sound = sounded(join(vowel(40, 150.0), join(closure, vowel(40, 150.0))), 7)
    frame = RATE // 200
    assert np.max(np.abs(sound[int(41.5 * frame) : 58 * frame])) < 1e-4
    assert np.max(np.abs(sound[60 * frame : 62 * frame])) > 0.5 * np.max(np.abs(sound[: 39 * frame]))


def test_a_voice_that_begins_at_once_is_heard_at_once() -> None:
    sound = sounded(vowel(40, 150.0), 7)
    assert np.max(np.abs(sound[:40])) > 0.5 * np.max(np.abs(sound))


def test_a_sound_ends_softly() -> None:
    sound = sounded(vowel(100, 200.0), 10)
    assert abs(float(sound[-1])) < 1e-6
    assert np.max(np.abs(sound[-20:])) < 0.2 * np.max(np.abs(sound))


def test_no_frames_are_no_sound() -> None:
    vocoder = Vocoder(rate=RATE, size=SIZE, frames_a_second=200.0)
    assert len(vocoder.push(no_frames(BANDS))) == 0
    assert len(vocoder.finish()) == 0
