"""Sound on its way to be packed: its type, stretches of one length, 16 bits."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono sound, nominally within -1 to 1."""

NOTHING: Samples = np.zeros(0, np.float32)


class Stretches:
    """Gives a process its sound in stretches of one length, so that it does the same whatever blocks the sound came in.

    The process gives as much as it takes. What does not fill a stretch waits: at the end it is filled up with silence,
    and what came of the silence is cut off.
    """

    def __init__(self, length: int, process: Callable[[Samples], Samples]) -> None:
        """`length` is in samples."""
        self._length = length
        self._process = process
        self._waiting = NOTHING

    def feed(self, samples: Samples) -> Samples:
        """What is ready."""
        sound = np.concatenate((self._waiting, samples))
        whole = len(sound) - len(sound) % self._length
        self._waiting = sound[whole:]
        if not whole:
            return NOTHING
        return np.concatenate([self._process(stretch) for stretch in sound[:whole].reshape(-1, self._length)])

    def finish(self) -> Samples:
        """The rest."""
        rest, self._waiting = self._waiting, NOTHING
        if not len(rest):
            return NOTHING
        return self._process(np.pad(rest, (0, self._length - len(rest))))[: len(rest)]


def to_int16(samples: Samples, channels: int = 1) -> bytes:
    """Little-endian 16-bit samples, the same in each channel; what lies outside -1 to 1 is clipped."""
    figures = (np.clip(samples, -1.0, 1.0) * 32767.0).round().astype("<i2")
    return (figures if channels == 1 else np.repeat(figures, channels)).tobytes()
