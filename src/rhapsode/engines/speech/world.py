"""Sound taken apart by WORLD: pitch, spectral envelope and share of noise, one frame every 5 ms.

M. Morise, F. Yokomori, K. Ozawa: WORLD, a vocoder-based high-quality speech synthesis system, 2016. Pitch comes from
DIO and is refined by StoneMask: Harvest takes 20 times as long and gains nothing on a speaker without noise.
"""

import importlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Protocol, cast

import numpy as np

from rhapsode.engines.speech.frames import FRAMES_A_SECOND, Floats, Frames, Sound

_LOWEST, _HIGHEST = 70.0, 450.0
"""Hz: the reference speaker stays well within."""
_FIRST_BLOCK = 24
"""frames: 0.12 s, made in some 10 ms"""
_FLOOR = 1e-12
"""power of silence: -120 dB"""
_MARGIN_SECONDS = 0.1
"""sound that a block needs on both sides: more than the longest window, three periods of the lowest pitch"""
_MOMENT_SECONDS = 0.01
"""what is heard as one moment: about a period of the reference speaker's lowest pitch"""
_LOUDER = 3.0
"""dB that an envelope may lie above the moment's own power: within a vowel the two are hardly ever further apart"""
_REACH = 4
"""frames, 20 ms: so late DIO hears a voice that begins, and so early it loses one that ends"""
_SONOROUS = 0.1
"""the most that a vowel, nasal or liquid changes from sample to sample at 22,050 a second, as a share of its power"""


class _World(Protocol):
    """What the untyped package `pyworld` offers."""

    def dio(
        self, x: Floats, fs: int, *, f0_floor: float, f0_ceil: float, frame_period: float, speed: int
    ) -> tuple[Floats, Floats]: ...
    def stonemask(self, x: Floats, f0: Floats, temporal_positions: Floats, fs: int) -> Floats: ...
    def cheaptrick(
        self, x: Floats, f0: Floats, temporal_positions: Floats, fs: int, *, f0_floor: float, fft_size: int
    ) -> Floats: ...
    def d4c(self, x: Floats, f0: Floats, temporal_positions: Floats, fs: int, *, fft_size: int) -> Floats: ...


_world = cast("_World", importlib.import_module("pyworld"))


def fft_size(rate: int) -> int:
    """Samples that hold three periods of the lowest pitch, as a power of two: 1024 at 22,050 a second."""
    return 1 << (int(3 * rate / _LOWEST) + 1 - 1).bit_length()


def analyse(sound: Floats, rate: int, *, frames_a_block: int) -> Iterator[Frames]:
    """The frames of `sound`, block by block; the first block is shorter, so that sound starts early.

    Pitch is followed through the whole sound at once (4 ms of work a second of sound), so that its track has no seams.
    The other three look at a few periods around a frame and take nearly all the time: they go block by block. Those
    periods reach into the silence of a closed mouth, which is kept as quiet as it is.
    """
    size = fft_size(rate)
    period = 1000 / FRAMES_A_SECOND
    # speed=2 halves the sample rate inside DIO: voicing differs in 1 frame of 150, and StoneMask mends the pitch.
    rough, times = _world.dio(sound, rate, f0_floor=_LOWEST, f0_ceil=_HIGHEST, frame_period=period, speed=2)
    moments = _moments(sound, times, rate)
    rough = _widened(rough, moments)
    levels = np.mean(moments**2, axis=1)
    begin = min(frames_a_block, _FIRST_BLOCK)
    for start, end in pairwise((0, *range(begin, len(times), frames_a_block), len(times))):
        # With a frame more on both sides, for the noise of those between two.
        low, high = max(0, start - 1), min(end + 1, len(times))
        first_sample = max(0, int((times[low] - _MARGIN_SECONDS) * rate))
        last_sample = int((times[high - 1] + _MARGIN_SECONDS) * rate)
        part = np.ascontiguousarray(sound[first_sample : last_sample + 1])
        places = times[low:high] - first_sample / rate
        pitch = _world.stonemask(part, np.ascontiguousarray(rough[low:high]), places, rate)
        noise = _noise(part, pitch, places, rate, skip=low % 2)
        block = slice(start - low, end - low)
        pitch, places = np.ascontiguousarray(pitch[block]), np.ascontiguousarray(places[block])
        power = _world.cheaptrick(part, pitch, places, rate, f0_floor=_LOWEST, fft_size=size)
        excess = power.mean(axis=1) / np.maximum(levels[start:end] * 10 ** (_LOUDER / 10), _FLOOR)
        power /= np.maximum(excess, 1.0)[:, None]
        envelope = np.log(np.maximum(power, _FLOOR)).astype(np.float32)
        yield Frames(pitch=pitch, envelope=envelope, noise=noise[block])


def _noise(part: Floats, pitch: Floats, places: Floats, rate: int, *, skip: int) -> Sound:
    """The share of noise, from every other frame after the first `skip`: it changes slowly, and D4C is much work.

    A frame between two voiced ones has the mean of theirs, one beside a voiced one has its.
    """
    some = slice(skip, None, 2)
    few, their = np.ascontiguousarray(places[some]), np.ascontiguousarray(pitch[some])
    found = _world.d4c(part, their, few, rate, fft_size=fft_size(rate))
    noise = np.ones((len(pitch), found.shape[1]), np.float32)
    noise[some] = found
    voiced = np.zeros(len(pitch) + 2, np.float32)
    voiced[1:-1][some] = their > 0
    padded = np.pad(noise, ((1, 1), (0, 0)))
    for place in range(1 - skip, len(pitch), 2):
        before, after = voiced[place], voiced[place + 2]
        if pitch[place] > 0 and before + after:
            noise[place] = (before * padded[place] + after * padded[place + 2]) / (before + after)
    return noise


def _moments(sound: Floats, times: Floats, rate: int) -> Floats:
    """The samples around each frame, one row each, windowed to the power of the sound there."""
    size = int(_MOMENT_SECONDS * rate) | 1
    window = np.hanning(size)
    padded = np.pad(sound, size // 2 + 1)
    rows = np.lib.stride_tricks.sliding_window_view(padded, size)[np.rint(times * rate).astype(np.int64) + 1]
    return rows * (window / np.sqrt(np.mean(window**2)))


def _widened(pitch: Floats, moments: Floats) -> Floats:
    """The track of pitch with the first and last moments of each voiced stretch, where what sounds there is voice."""
    power = np.sum(moments**2, axis=1)
    change = np.sum(np.diff(moments, axis=1) ** 2, axis=1)
    sonorous = (power > _FLOOR) & (change < _SONOROUS * power)
    wide = pitch.copy()
    for step in (1, -1):
        for place in np.flatnonzero((pitch > 0) & (np.roll(pitch, step) == 0)):
            for other in range(place - step, place - step * (_REACH + 1), -step):
                if not 0 <= other < len(pitch) or wide[other] or not sonorous[other]:
                    break
                wide[other] = pitch[place]
    return wide
