"""Gain without clipping: a limiter that looks ahead, and between the samples."""

from typing import Final

import numpy as np

from rhapsode.audio.pcm import NOTHING, Samples
from rhapsode.audio.true_peak import BEFORE, SPAN, true_peaks

_STEP_SECONDS: Final = 0.01
"""A stretch of one gain, two periods of a low voice: shorter ones would bend the wave itself."""
_RELEASE: Final = 0.1
"""share of the way back to full gain, each step: 90 % in 0.2 s"""


class Limiter:
    """Where the result would pass the ceiling, the gain sinks just before and comes back slowly.

    Peaks are those that a player makes of the samples (`true_peak`). It looks one step (10 ms) ahead: what comes out is
    that much behind what went in, and the same length in all.
    """

    def __init__(self, rate: int, gain: float, ceiling: float) -> None:
        """`gain` is above 0; 1 leaves quiet sound as it is. `ceiling` is the highest peak, at most 1."""
        self._step = max(1, round(rate * _STEP_SECONDS))
        self._gain = gain
        self._ceiling = ceiling
        self._waiting = np.zeros(BEFORE, np.float32)  # begins with what was before, which the estimate looks at
        self._node = 1.0  # where the step before it ended

    def feed(self, samples: Samples) -> Samples:
        """What is ready: all but one step and what does not fill one."""
        self._waiting = np.concatenate((self._waiting, samples))
        steps = (len(self._waiting) - SPAN + 1) // self._step - 1
        return self._pass(steps) if steps > 0 else NOTHING

    def finish(self) -> Samples:
        """The rest."""
        length = len(self._waiting) - BEFORE
        steps = -(-length // self._step)
        if not steps:
            return NOTHING
        full = (steps + 1) * self._step + SPAN - 1
        self._waiting = np.pad(self._waiting, (0, full - len(self._waiting)))
        return self._pass(steps)[:length]

    def _pass(self, steps: int) -> Samples:
        """`steps` steps, each with a gain that runs straight from one node to the next.

        A node is allowed by the steps on both its sides, so nothing between two nodes passes the ceiling.
        """
        loud = self._waiting[: (steps + 1) * self._step + SPAN - 1] * np.float32(self._gain)
        peaks = np.max(true_peaks(loud).reshape(steps + 1, self._step), axis=1)
        allowed = np.minimum(1.0, self._ceiling / np.maximum(peaks, self._ceiling))
        nodes = np.empty(steps + 1)
        nodes[0] = min(self._node, float(allowed[0]))
        for place in range(steps):
            before = nodes[place]
            risen = before + (1.0 - before) * _RELEASE
            nodes[place + 1] = min(risen, allowed[place], allowed[place + 1])
        ramp = np.arange(self._step) / self._step
        gains = nodes[:-1, None] + (nodes[1:] - nodes[:-1])[:, None] * ramp
        sound = loud[BEFORE : BEFORE + steps * self._step].reshape(steps, self._step)
        self._node = float(nodes[-1])
        self._waiting = self._waiting[steps * self._step :]
        return (sound * gains).astype(np.float32).reshape(-1)
