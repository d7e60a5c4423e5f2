"""What speech is between being taken apart and being put together: one frame every 5 ms."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Sound = NDArray[np.float32]

FRAMES_A_SECOND = 200


@dataclass(frozen=True, kw_only=True)
class Frames:
    """A stretch of speech: n frames of b frequencies, evenly from 0 to half the sample rate.

    pitch: (n), Hz; 0 where there is no voice.
    envelope: (n, b), natural log of power.
    noise: (n, b), share of the amplitude that is noise, 0 to 1.
    """

    pitch: Floats
    envelope: Sound
    noise: Sound

    def __len__(self) -> int:
        return len(self.pitch)

    def __getitem__(self, part: slice) -> "Frames":
        return Frames(pitch=self.pitch[part], envelope=self.envelope[part], noise=self.noise[part])


def join(first: Frames, second: Frames) -> Frames:
    """One stretch after the other."""
    return Frames(
        pitch=np.concatenate((first.pitch, second.pitch)),
        envelope=np.concatenate((first.envelope, second.envelope)),
        noise=np.concatenate((first.noise, second.noise)),
    )


def no_frames(bands: int) -> Frames:
    """The empty stretch."""
    nothing = np.zeros((0, bands), np.float32)
    return Frames(pitch=np.zeros(0), envelope=nothing, noise=nothing)


def between(left: Sound, right: Sound, share: Sound) -> Sound:
    """`left` where `share` is 0, `right` where it is 1, and straight in between."""
    return (left + (right - left) * share).astype(np.float32, copy=False)
