"""Sound made ready to be packed: another sample rate, another gain, 16 bits; as a stream, with nothing lost between."""

import importlib
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from rhapsode.core.speech import Pcm

Samples = NDArray[np.float32]

_CEILING = 0.98
"""the loudest sample: room for what MP3 adds to a peak"""
_STEP_SECONDS = 0.01
"""A stretch of one gain, two periods of a low voice: shorter ones would bend the wave itself."""
_RELEASE = 0.1
"""share of the way back to full gain, each step: 90 % in 0.2 s"""


class _Stream(Protocol):
    """What `soxr.ResampleStream` offers."""

    def resample_chunk(self, x: Samples, last: bool = False) -> Samples: ...  # noqa: FBT001, FBT002 - soxr's name


class _OpenStream(Protocol):
    def __call__(self, in_rate: float, out_rate: float, num_channels: int, dtype: str, quality: str) -> _Stream: ...


_open_stream = cast("_OpenStream", importlib.import_module("soxr").ResampleStream)


class Resampler:
    """One stream from the rate of its first block to `rate`."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._stream: _Stream | None = None
        self._from = rate

    def feed(self, block: Pcm) -> Samples:
        """What is ready. Raises `ValueError` when the rate changes within the stream."""
        samples = np.frombuffer(block.samples, dtype="<f4")
        if self._stream is None:
            self._from = block.rate
            self._stream = _open_stream(block.rate, self._rate, 1, "float32", "HQ")
        if block.rate != self._from:
            raise ValueError(f"a stream of {self._from} samples a second went on with {block.rate}")
        return samples if block.rate == self._rate else self._stream.resample_chunk(samples)

    def finish(self) -> Samples:
        """The rest."""
        nothing = np.zeros(0, np.float32)
        if self._stream is None or self._from == self._rate:
            return nothing
        return self._stream.resample_chunk(nothing, last=True)


class Limiter:
    """Gain without clipping: where the result would pass the ceiling, the gain sinks just before and comes back slowly.

    It looks one step (10 ms) ahead: what comes out is that much behind what went in, and the same length in all.
    """

    def __init__(self, rate: int, gain: float) -> None:
        """`gain` is above 0; 1 leaves quiet sound as it is."""
        self._step = max(1, round(rate * _STEP_SECONDS))
        self._gain = gain
        self._waiting = np.zeros(0, np.float32)
        self._node = 1.0  # where the step before it ended

    def feed(self, samples: Samples) -> Samples:
        """What is ready: all but one step and what does not fill one."""
        self._waiting = np.concatenate((self._waiting, samples))
        steps = len(self._waiting) // self._step - 1
        return self._pass(steps) if steps > 0 else self._waiting[:0]

    def finish(self) -> Samples:
        """The rest."""
        length = len(self._waiting)
        steps = -(-length // self._step)
        self._waiting = np.concatenate((self._waiting, np.zeros((steps + 1) * self._step - length, np.float32)))
        return self._pass(steps)[:length]

    def _pass(self, steps: int) -> Samples:
        """`steps` steps, each with a gain that runs straight from one node to the next.

        A node is allowed by the steps on both its sides, so nothing between two nodes passes the ceiling.
        """
        loud = self._waiting[: (steps + 1) * self._step].reshape(steps + 1, self._step) * np.float32(self._gain)
        peaks = np.max(np.abs(loud), axis=1)
        allowed = np.minimum(1.0, _CEILING / np.maximum(peaks, _CEILING))
        nodes = np.empty(steps + 1)
        nodes[0] = min(self._node, float(allowed[0]))
        for place in range(steps):
            before = nodes[place]
            risen = before + (1.0 - before) * _RELEASE
            nodes[place + 1] = min(risen, allowed[place], allowed[place + 1])
        ramp = np.arange(self._step) / self._step
        gains = nodes[:-1, None] + (nodes[1:] - nodes[:-1])[:, None] * ramp
        self._node = float(nodes[-1])
        self._waiting = self._waiting[steps * self._step :]
        return (loud[:-1] * gains).astype(np.float32).reshape(-1)


def to_int16(samples: Samples) -> bytes:
    """Little-endian 16-bit samples; what lies outside -1 to 1 is clipped."""
    return (np.clip(samples, -1.0, 1.0) * 32767.0).round().astype("<i2").tobytes()
