"""Speech in the open, which comes back from afar, and in a hall, which rings on."""

from typing import Final, Protocol

import numpy as np

from rhapsode.audio.delay import AllPass, Comb, Delay
from rhapsode.audio.pcm import Samples

# In the open: one wall about 48 m away, at 343 m/s there and back.
_REPEAT_SECONDS: Final = 0.28
_REPEAT_SHARE: Final = 0.4
"""of each repeat that comes back: the fifth is 40 dB below the voice"""
_SPACIOUS_TAIL: Final = 5 * _REPEAT_SECONDS

# M. R. Schroeder, "Natural sounding artificial reverberation", JAES 10 (1962): parallel combs of 30 to 45 ms, whose
# delays have little in common, and two all-passes of 5 and 1.7 ms and a gain of 0.7 behind them.
_COMB_SECONDS: Final = (0.0297, 0.0371, 0.0411, 0.0437)
_ALL_PASS_SECONDS: Final = (0.005, 0.0017)
_ALL_PASS_SHARE: Final = 0.7
_FADE_OUT_SECONDS: Final = 1.8
"""until the hall is 60 dB quieter: that of a large hall for speech and music"""
_FIRST_SECONDS: Final = 0.02
"""before the first wall answers"""
_HALL_SHARE: Final = 0.14
"""of the sound of each comb, beside the voice itself: the hall is then about as loud as the voice 10 m away"""

_LAST_SECONDS: Final = 0.1
"""of a tail fade to nothing"""


class _Room(Protocol):
    def feed(self, samples: Samples, /) -> Samples: ...


class SpaciousEcho:
    """The voice, and its repeats every 0.28 s, each at 0.4 of the one before, until 1.4 s after the last word."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._comb = Comb(round(rate * _REPEAT_SECONDS), _REPEAT_SHARE)

    def feed(self, samples: Samples) -> Samples:
        """As much as goes in."""
        return self._comb.feed(samples)

    def finish(self) -> Samples:
        """The repeats of the last words."""
        return _tail(self, _SPACIOUS_TAIL, self._rate)


class AuditoriumEcho:
    """The voice in a hall whose sound takes 1.8 s to sink by 60 dB, and goes on for so long after the last word."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._first = Delay(round(rate * _FIRST_SECONDS))
        self._combs = [
            Comb(round(rate * seconds), 10 ** (-3 * seconds / _FADE_OUT_SECONDS)) for seconds in _COMB_SECONDS
        ]
        self._all_passes = [AllPass(round(rate * delay), _ALL_PASS_SHARE) for delay in _ALL_PASS_SECONDS]

    def feed(self, samples: Samples) -> Samples:
        """As much as goes in."""
        late = self._first.feed(samples)
        hall = np.zeros(len(samples), np.float32)
        for comb in self._combs:
            hall += comb.feed(late)
        for all_pass in self._all_passes:
            hall = all_pass.feed(hall)
        return (samples + _HALL_SHARE * hall).astype(np.float32, copy=False)

    def finish(self) -> Samples:
        """The hall after the last word."""
        return _tail(self, _FADE_OUT_SECONDS, self._rate)


def _tail(room: _Room, seconds: float, rate: int) -> Samples:
    """What sounds on in silence, its end faded out."""
    tail = room.feed(np.zeros(round(rate * seconds), np.float32))
    last = round(rate * _LAST_SECONDS)
    tail[-last:] *= np.linspace(1.0, 0.0, last, dtype=np.float32)
    return tail
