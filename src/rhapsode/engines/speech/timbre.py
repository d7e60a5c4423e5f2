"""A blend of voices: the reference speaker's frames go in, the blend's come out.

Every axis of a timbre moves log pitch, log power or noise share by an affine map of the same frames, and a blend is the
weighted mean of its voices' maps. So it is exactly the weighted mean of what the voices would be, and as nothing is
taken apart or put together again for another voice, four cost hardly more than one.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhapsode.core.voice import Timbre
from rhapsode.engines.speech.frames import Floats, Frames, Sound, between
from rhapsode.engines.speech.manner import Manner
from rhapsode.engines.speech.script import Shares

REFERENCE_PITCH = 165.0
"""Hz, the reference speaker's median in every language; a test measures it. Half way between 120 and 225."""
_TILT_FROM = 500.0
"""Hz"""
_BREATH_FULL = 4000.0
"""Hz: breath is faint below, where a voice's own harmonics rule, and whole from here on."""
_LEVEL = -1.0
"""dB from the reference speaker's loudness, for speech of about -20 dBFS"""
_SHELF, _SHELF_GAIN = 1681.0, 10**0.4
"""Hz and power ratio (+4 dB): how much more the ear makes of what lies above, after ITU-R BS.1770."""


class Blend:
    """One voice, or some mixed by weight, for frames of `bands` frequencies at `rate` samples a second."""

    def __init__(self, shares: Shares, manner: Manner, *, bands: int, rate: int) -> None:
        """Weights are above 0 and make 1. The manner is laid over the mix."""
        self._manner = manner
        self._range = manner.pitch_range * sum(weight * timbre.pitch_range for timbre, weight in shares)
        middle = sum(weight * math.log(timbre.pitch) for timbre, weight in shares)
        self._pitch = middle + manner.semitones * math.log(2) / 12
        frequencies = np.arange(bands) * (rate / 2) / (bands - 1)
        self._loudness = _loudness_weights(frequencies)
        self._parts = [_Part.of(timbre, weight, frequencies, tract=manner.tract) for timbre, weight in shares]
        self._tilt, self._breath = _tilt(manner.tilt, frequencies), np.zeros(bands, np.float32)
        for part in self._parts:
            self._tilt += part.weight * part.tilt
            self._breath += part.weight * part.breath
        self._more_breath = _breath(manner.breath, frequencies)
        self._gain = (_LEVEL + manner.level) * math.log(10) / 10

    def shape(self, frames: Frames) -> Frames:
        """The blend's frames. Loudness goes up and down as the reference speaker's, whatever the timbre."""
        envelope, noise = (np.tile(start, (len(frames), 1)) for start in (self._tilt, self._breath))
        for part in self._parts:
            envelope += part.warped(frames.envelope) * part.weight
            noise += part.warped(frames.noise) * (part.weight * (1 - part.breath))
        envelope += (self._level(frames.envelope) - self._level(envelope))[:, None] + self._gain
        if self._manner.whispered:
            return Frames(pitch=np.zeros(len(frames)), envelope=envelope, noise=np.ones_like(noise))
        if self._manner.breath:
            noise += (1 - noise) * self._more_breath
        return Frames(
            pitch=self._melody(frames.pitch), envelope=envelope, noise=np.clip(noise, 0.0, 1.0, dtype=np.float32)
        )

    def _melody(self, pitch: Floats) -> Floats:
        voiced = pitch > 0
        above = np.log(np.where(voiced, pitch, REFERENCE_PITCH) / REFERENCE_PITCH)
        return np.where(voiced, np.exp(self._pitch + self._range * above), 0.0)

    def _level(self, envelope: Sound) -> Sound:
        """Log of each frame's power as the ear weighs it."""
        return np.log(np.sum(np.exp(envelope) * self._loudness, axis=1))


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One voice of a blend. What stood at frequency f * tract comes to stand at f: a short tract moves formants up."""

    weight: np.float32
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    share: Sound
    tilt: Sound
    breath: Sound

    @classmethod
    def of(cls, timbre: Timbre, weight: float, frequencies: Floats, *, tract: float) -> "_Part":
        """`tract` is a factor on the timbre's own."""
        last = len(frequencies) - 1
        source = np.minimum(np.arange(last + 1) * (timbre.tract * tract), last)
        left = source.astype(np.intp)
        return cls(
            weight=np.float32(weight),
            left=left,
            right=np.minimum(left + 1, last),
            share=(source - left).astype(np.float32),
            tilt=_tilt(timbre.tilt, frequencies),
            breath=_breath(timbre.breath, frequencies),
        )

    def warped(self, rows: Sound) -> Sound:
        """Each row along its frequencies. By gathering: a matrix product would be ten times the work, in threads."""
        return between(rows[:, self.left], rows[:, self.right], self.share)


def _tilt(decibels: float, frequencies: Floats) -> Sound:
    """Log power: so many dB an octave above 500 Hz, nothing below."""
    octaves = np.log2(np.maximum(frequencies, _TILT_FROM) / _TILT_FROM)
    return (octaves * decibels * math.log(10) / 10).astype(np.float32)


def _breath(share: float, frequencies: Floats) -> Sound:
    return (share * np.minimum(0.2 + 0.8 * frequencies / _BREATH_FULL, 1.0)).astype(np.float32)


def _loudness_weights(frequencies: Floats) -> Sound:
    ratio = (frequencies / _SHELF) ** 2
    return ((1 + _SHELF_GAIN * ratio) / (1 + ratio)).astype(np.float32)
