"""How the tests of this folder pack sound, and decode it with what had no part in packing it."""

import importlib
import subprocess
from contextlib import closing
from io import BytesIO
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from rhapsode.audio.encode import open_encoder
from rhapsode.audio.pcm import Samples
from rhapsode.core.speech import AudioSetting, Pcm, SoundEffect

RATE = 22050
"""of what goes in, as the embedded engine speaks"""


class _Read(Protocol):
    def __call__(self, file: BytesIO, *, dtype: str, always_2d: bool) -> tuple[Samples, int]: ...


class _Resample(Protocol):
    def __call__(self, x: NDArray[np.float64], old: float, new: float, quality: str) -> NDArray[np.float64]: ...


_read = cast("_Read", importlib.import_module("soundfile").read)
_resample = cast("_Resample", importlib.import_module("soxr").resample)


def pack(
    sound: Samples, setting: AudioSetting, *, gain: float = 1.0, effect: SoundEffect | None = None, block: int = 8820
) -> bytes:
    """One stream, fed in blocks."""
    with closing(open_encoder(setting, gain, effect)) as encoder:
        parts = [
            encoder.feed(Pcm(rate=RATE, samples=sound[start : start + block].astype("<f4").tobytes()))
            for start in range(0, len(sound), block)
        ]
        return b"".join((*parts, encoder.finish()))


def samples_of(pcm: bytes) -> Samples:
    """Bare samples as figures within -1 to 1."""
    return (np.frombuffer(pcm, "<i2") / 32768).astype(np.float32)


def sndfile(audio: bytes) -> tuple[Samples, int]:
    """The samples, one column a channel, and their rate, as libsndfile hears a file."""
    return _read(BytesIO(audio), dtype="float32", always_2d=True)


def ffmpeg(audio: bytes, channels: int = 1) -> Samples:
    """The same as ffmpeg hears a pipe, which has no end until it ends."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", "pipe:0", "-f", "f32le", "pipe:1"]
    done = subprocess.run(command, input=audio, capture_output=True, check=True)
    assert not done.stderr
    return np.frombuffer(done.stdout, "<f4").reshape(-1, channels)


def true_peak(sound: Samples) -> float:
    """The loudest moment in dB of full scale, at eight times the rate."""
    wide = _resample(np.pad(sound, 1000).astype(np.float64), 1, 8, "VHQ")
    return 20 * float(np.log10(max(np.abs(wide).max(), np.abs(sound).max())))
