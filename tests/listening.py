"""How the tests listen: sound measured by Praat, which had no part in making it."""

import importlib
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]


class _Sound(Protocol):
    """What the untyped `parselmouth.Sound` offers."""

    @property
    def values(self) -> Floats: ...
    @property
    def sampling_frequency(self) -> float: ...
    def to_pitch(self, time_step: float, pitch_floor: float, pitch_ceiling: float) -> "_Pitch": ...


class _Pitch(Protocol):
    @property
    def selected_array(self) -> dict[str, Floats]: ...


class _Praat(Protocol):
    def Sound(self, source: Floats | str, sampling_frequency: float = 44100.0) -> _Sound: ...  # noqa: N802 - Praat's


_praat = cast("_Praat", importlib.import_module("parselmouth"))


def decode(mp3: bytes, folder: Path) -> tuple[Floats, int]:
    """The samples of an MP3 file and their rate."""
    file = folder / "sound.mp3"
    file.write_bytes(mp3)
    sound = _praat.Sound(str(file))
    return sound.values[0], round(sound.sampling_frequency)


def pitches(sound: Samples, rate: int, *, floor: float = 70.0) -> Floats:
    """Hz of every voiced 4 ms. A lower floor needs a longer window, which quick speech passes over."""
    track = pitch_track(sound, rate, floor=floor)
    return track[track > 0]


def pitch_track(sound: Samples, rate: int, *, floor: float = 70.0) -> Floats:
    """Hz every 4 ms, 0 where there is no voice."""
    return _praat.Sound(sound.astype(np.float64), rate).to_pitch(0.004, floor, 550.0).selected_array["frequency"]


def median_pitch(sound: Samples, rate: int, *, floor: float = 70.0) -> float:
    """Hz."""
    return float(np.median(pitches(sound, rate, floor=floor)))


def decibels(sound: Samples) -> float:
    """RMS against full scale."""
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64))))
