"""A blend of voices, compiled: the reference speaker's frames go in, the blend's come out.

Every axis of a timbre moves log pitch, log power and noise share by an affine map, and the weighted mean of affine maps
is one affine map. So a blend of four voices is exactly the weighted mean of the four voices' frames, and costs what
one voice costs.
"""

import math

import numpy as np
from numpy.typing import NDArray

from rhapsode.engines.speech.frames import Floats, Frames
from rhapsode.engines.speech.script import Shares, sorted_shares

REFERENCE_PITCH = 165.0
"""Hz, the reference speaker's median; a test measures it. Half way between 120 and 225."""
_TILT_FROM = 500.0
"""Hz"""
_BREATH_FULL = 4000.0
"""Hz: breath is faint below, where a voice's own harmonics rule, and whole from here on."""
_LEVEL = -1.0
"""dB from the reference speaker's loudness, for speech of about -20 dBFS"""
_SHELF, _SHELF_GAIN = 1681.0, 10**0.4
"""Hz and power ratio (+4 dB): how much more the ear makes of what lies above, after ITU-R BS.1770."""


class Blend:
    """One voice, or up to four mixed by weight, for frames of `bands` frequencies at `rate` samples a second."""

    def __init__(self, shares: Shares, *, semitones: float, bands: int, rate: int) -> None:
        """Weights are relative to each other and above 0. `semitones` move the pitch alone, not the formants."""
        total = sum(weight for _, weight in shares)
        mix = [(timbre, weight / total) for timbre, weight in sorted_shares(shares)]
        self._range = sum(weight * timbre.pitch_range for timbre, weight in mix)
        self._pitch = sum(weight * math.log(timbre.pitch) for timbre, weight in mix) + semitones * math.log(2) / 12
        frequencies = np.arange(bands) * (rate / 2) / (bands - 1)
        self._loudness = _loudness_weights(frequencies)
        self._tilt = np.zeros(bands)
        self._breath = np.zeros(bands)
        self._warp, self._noise_warp = np.zeros((bands, bands)), np.zeros((bands, bands))
        for timbre, weight in mix:
            warp, breath = _warp(timbre.tract, bands), _breath(timbre.breath, frequencies)
            self._tilt += weight * _tilt(timbre.tilt, frequencies)
            self._breath += weight * breath
            self._warp += weight * warp
            self._noise_warp += weight * warp * (1 - breath)
        self._tilt, self._breath = self._tilt.astype(np.float32), self._breath.astype(np.float32)
        self._warp, self._noise_warp = self._warp.astype(np.float32), self._noise_warp.astype(np.float32)

    def shape(self, frames: Frames) -> Frames:
        """The blend's frames. Loudness frame by frame stays the reference speaker's, whatever the timbre."""
        voiced = frames.pitch > 0
        above = np.log(np.where(voiced, frames.pitch, REFERENCE_PITCH) / REFERENCE_PITCH)
        pitch = np.where(voiced, np.exp(self._pitch + self._range * above), 0.0)
        envelope = frames.envelope @ self._warp + self._tilt
        gain = self._level(frames.envelope) - self._level(envelope) + _LEVEL * math.log(10) / 10
        noise = np.clip(frames.noise @ self._noise_warp + self._breath, 0.0, 1.0)
        return Frames(pitch=pitch, envelope=envelope + gain.astype(np.float32)[:, None], noise=noise)

    def _level(self, envelope: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log of each frame's power as the ear weighs it."""
        return np.log(np.exp(envelope) @ self._loudness)


def _warp(tract: float, bands: int) -> Floats:
    """(from, to): what stood at frequency f * tract comes to stand at f, so a short tract moves formants up."""
    source = np.minimum(np.arange(bands) * tract, bands - 1)
    left = np.minimum(source.astype(int), bands - 2)
    matrix = np.zeros((bands, bands))
    matrix[left, np.arange(bands)] = 1 - (source - left)
    matrix[left + 1, np.arange(bands)] = source - left
    return matrix


def _tilt(decibels: float, frequencies: Floats) -> Floats:
    """Log power: so many dB an octave above 500 Hz, nothing below."""
    octaves = np.log2(np.maximum(frequencies, _TILT_FROM) / _TILT_FROM)
    return octaves * decibels * math.log(10) / 10


def _breath(share: float, frequencies: Floats) -> Floats:
    return share * np.minimum(0.2 + 0.8 * frequencies / _BREATH_FULL, 1.0)


def _loudness_weights(frequencies: Floats) -> NDArray[np.float32]:
    ratio = (frequencies / _SHELF) ** 2
    return ((1 + _SHELF_GAIN * ratio) / (1 + ratio)).astype(np.float32)
