"""Another sample rate, as a stream, with nothing lost between blocks."""

import importlib
from typing import Final, Protocol, cast

import numpy as np

from rhapsode.audio.pcm import NOTHING, Samples
from rhapsode.core.speech import Pcm

_STRETCH: Final = 1024
"""Samples that go into soxr at a time: what comes out of it differs by a rounding with how its input was cut."""


class _Stream(Protocol):
    """What `soxr.ResampleStream` offers."""

    def resample_chunk(self, x: Samples, last: bool = False) -> Samples: ...  # noqa: FBT001, FBT002 - soxr's name


class _OpenStream(Protocol):
    def __call__(self, in_rate: float, out_rate: float, num_channels: int, dtype: str, quality: str) -> _Stream: ...


_open_stream = cast("_OpenStream", importlib.import_module("soxr").ResampleStream)


def samples_of(block: Pcm) -> Samples:
    """The samples of a block."""
    return np.frombuffer(block.samples, dtype="<f4").astype(np.float32, copy=False)


class Resampler:
    """One stream from the rate of its first block to `rate`."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._stream: _Stream | None = None
        self._from = rate
        self._waiting = NOTHING

    def feed(self, block: Pcm) -> Samples:
        """What is ready. Raises `ValueError` when the rate changes within the stream."""
        if self._stream is None:
            self._from = block.rate
            self._stream = _open_stream(block.rate, self._rate, 1, "float32", "HQ")
        if block.rate != self._from:
            raise ValueError(f"a stream of {self._from} samples a second went on with {block.rate}")
        if block.rate == self._rate:
            return samples_of(block)
        sound = np.concatenate((self._waiting, samples_of(block)))
        whole = len(sound) - len(sound) % _STRETCH
        self._waiting = sound[whole:]
        stretches = sound[:whole].reshape(-1, _STRETCH)
        return np.concatenate((NOTHING, *(self._stream.resample_chunk(stretch) for stretch in stretches)))

    def finish(self) -> Samples:
        """The rest."""
        if self._stream is None or self._from == self._rate:
            return NOTHING
        return self._stream.resample_chunk(self._waiting, last=True)
