"""Speech as machines spoke in films: beaten by a low tone, and rung through a short pipe."""

from typing import Final

import numpy as np

from rhapsode.audio.delay import Comb
from rhapsode.audio.pcm import Samples

_BEAT: Final = 50
"""Hz by which the voice is multiplied: a ring modulator, which film and radio made robots with since the 1950s"""
_BEATEN_SHARE: Final = 0.6
_PIPE: Final = 110
"""Hz of the pipe, at whose multiples it rings: one pitch whatever the voice does"""
_PIPE_SHARE: Final = 0.65
"""that comes back from its end: peaks 13 dB above the troughs between them"""
_TAIL_SECONDS: Final = 0.15
"""until the pipe is 60 dB quieter"""


class Robot:
    """As long as what goes in, and what the pipe rings on after it."""

    def __init__(self, rate: int) -> None:
        beat = np.sin(2 * np.pi * _BEAT * np.arange(rate) / rate)  # a second has whole turns
        self._beat = (1 - _BEATEN_SHARE + _BEATEN_SHARE * beat).astype(np.float32)
        self._at = 0
        self._pipe = Comb(round(rate / _PIPE), _PIPE_SHARE)
        self._level = np.float32(np.sqrt(1 - _PIPE_SHARE**2) / np.sqrt(np.mean(np.square(self._beat))))
        self._tail = round(rate * _TAIL_SECONDS)

    def feed(self, samples: Samples) -> Samples:
        """As much as goes in, about as loud."""
        places = (self._at + np.arange(len(samples))) % len(self._beat)
        self._at = (self._at + len(samples)) % len(self._beat)
        return self._pipe.feed(samples * self._beat[places]) * self._level

    def finish(self) -> Samples:
        """What rings on."""
        return self.feed(np.zeros(self._tail, np.float32))
