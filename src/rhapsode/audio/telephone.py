"""Speech over an old telephone: its band, and its eight bits a sample."""

from typing import Final

import numpy as np

from rhapsode.audio.pcm import Samples, Stretches

_LOW: Final = 300.0
_HIGH: Final = 3400.0
"""Hz: the telephone band (ITU-T G.712)"""
_REACH_SECONDS: Final = 0.006
"""of the filter to both sides: it passes from nothing to all within 280 Hz"""
_STRETCH: Final = 1024
_MU: Final = 255.0
"""companding of ITU-T G.711: quiet sound keeps finer steps than loud sound"""
_LEVELS: Final = 127.0
"""on either side of silence: eight bits"""


class Telephone:
    """300 to 3400 Hz, after G.711's rounding, whose noise is 38 dB below the voice. As long as what goes in."""

    def __init__(self, rate: int) -> None:
        self._reach = round(rate * _REACH_SECONDS)
        self._taps = _band_pass(self._reach, rate)
        self._past = np.zeros(2 * self._reach, np.float32)
        self._line = Stretches(_STRETCH, self._filter)
        self._early = self._reach  # samples that come before the first one: the filter's delay

    def feed(self, samples: Samples) -> Samples:
        """What is ready."""
        sound = self._line.feed(_companded(samples))
        early = min(self._early, len(sound))
        self._early -= early
        return sound[early:]

    def finish(self) -> Samples:
        """The rest."""
        last = self.feed(np.zeros(self._reach, np.float32))
        rest = self._line.finish()
        return np.concatenate((last, rest[self._early :]))

    def _filter(self, stretch: Samples) -> Samples:
        whole = np.concatenate((self._past, stretch))
        self._past = whole[len(stretch) :]
        return np.convolve(whole, self._taps, "valid").astype(np.float32)


def _companded(samples: Samples) -> Samples:
    """Rounded as eight bits of mu-law round it; what lies outside -1 to 1 is cut off, as a telephone does."""
    level = np.log1p(_MU * np.minimum(np.abs(samples), 1.0).astype(np.float64)) / np.log1p(_MU)
    size = np.expm1((level * _LEVELS).round() / _LEVELS * np.log1p(_MU)) / _MU
    return np.copysign(size, samples).astype(np.float32)


def _band_pass(reach: int, rate: int) -> Samples:
    """The taps of a linear-phase filter: the difference of two low-passes, under a Hamming window."""
    places = np.arange(-reach, reach + 1)
    high = min(_HIGH, 0.45 * rate)
    ideal = 2 * high / rate * np.sinc(2 * high / rate * places) - 2 * _LOW / rate * np.sinc(2 * _LOW / rate * places)
    return (ideal * np.hamming(len(places))).astype(np.float32)
