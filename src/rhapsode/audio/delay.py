"""Delay lines, of which echoes and reverberation are made: exact, whatever blocks the sound comes in."""

from collections.abc import Callable

import numpy as np

from rhapsode.audio.pcm import NOTHING, Samples


class Comb:
    """y[n] = x[n] + g y[n - d]: what went in comes back every d samples, each time weaker by g."""

    def __init__(self, delay: int, share: float) -> None:
        """`delay` in samples, at least 1; `share`, g, is within -1 to 1, or it would grow."""
        self._share = share
        self._line = np.zeros(delay, np.float32)

    def feed(self, samples: Samples) -> Samples:
        """As much as goes in."""
        return _in_turns(samples, len(self._line), self._turn)

    def _turn(self, samples: Samples) -> Samples:
        sound = _mixed(samples, self._share, self._line[: len(samples)])
        self._line = np.concatenate((self._line[len(samples) :], sound))
        return sound


class AllPass:
    """v[n] = x[n] + g v[n - d], y[n] = v[n - d] - g v[n]: many echoes, and no frequency louder than before."""

    def __init__(self, delay: int, share: float) -> None:
        """As for `Comb`."""
        self._share = share
        self._line = np.zeros(delay, np.float32)

    def feed(self, samples: Samples) -> Samples:
        """As much as goes in."""
        return _in_turns(samples, len(self._line), self._turn)

    def _turn(self, samples: Samples) -> Samples:
        old = self._line[: len(samples)]
        new = _mixed(samples, self._share, old)
        self._line = np.concatenate((self._line[len(samples) :], new))
        return _mixed(old, -self._share, new)


class Delay:
    """y[n] = x[n - d]."""

    def __init__(self, delay: int) -> None:
        self._line = np.zeros(delay, np.float32)

    def feed(self, samples: Samples) -> Samples:
        """As much as goes in."""
        whole = np.concatenate((self._line, samples))
        self._line = whole[len(samples) :]
        return whole[: len(samples)]


def _mixed(sound: Samples, share: float, more: Samples) -> Samples:
    return (sound + share * more).astype(np.float32, copy=False)


def _in_turns(samples: Samples, longest: int, turn: Callable[[Samples], Samples]) -> Samples:
    """No more at once than the line is long: what follows depends on it."""
    turns = (turn(samples[start : start + longest]) for start in range(0, len(samples), longest))
    return np.concatenate((NOTHING, *turns))
