"""MP3 through LAME: always of a constant bit rate, the nearest to the one asked for that MP3 has at the sample rate.

It has up to 320 kbit/s from 32 kHz on, up to 160 below, and up to 64 at 8 kHz.
"""

import importlib
from typing import Protocol, cast

from rhapsode.core.speech import AudioSetting

_QUALITY = 5
"""of 0 (best, slow) to 9: LAME's own default for a constant rate; 2 takes twice as long"""

_END_SECONDS = 0.04
"""silence behind the sound: some decoders keep the last frame to themselves, and would cut the sound with a click"""


class _Lame(Protocol):
    """What `lameenc.Encoder` offers."""

    def silence(self) -> None: ...
    def set_channels(self, channels: int) -> None: ...
    def set_in_sample_rate(self, rate: int) -> None: ...
    def set_out_sample_rate(self, rate: int) -> None: ...
    def set_bit_rate(self, kilobits: int) -> None: ...
    def set_quality(self, quality: int) -> None: ...
    def encode(self, samples: bytes) -> bytearray: ...
    def flush(self) -> bytearray: ...


class _OpenLame(Protocol):
    def __call__(self) -> _Lame: ...


_open_lame = cast("_OpenLame", importlib.import_module("lameenc").Encoder)


class Mp3Packer:
    """One MP3 stream. LAME puts 1105 samples of its own before the sound, once; 40 ms of silence end it."""

    def __init__(self, setting: AudioSetting) -> None:
        self._lame = _open_lame()
        self._lame.silence()  # or it writes its settings to standard output
        self._lame.set_channels(setting.channels)
        self._lame.set_in_sample_rate(setting.sample_rate)
        self._lame.set_out_sample_rate(setting.sample_rate)
        self._lame.set_bit_rate(setting.bitrate // 1000)
        self._lame.set_quality(_QUALITY)
        self._begun = False
        self._end = bytes(2 * setting.channels * round(setting.sample_rate * _END_SECONDS))

    def pack(self, samples: bytes) -> bytes:
        """Little-endian 16-bit samples to whole frames; often none are ready."""
        if not samples:
            return b""
        self._begun = True
        return bytes(self._lame.encode(samples))

    def finish(self) -> bytes:
        """The last frames; nothing where there was no sound."""
        if not self._begun:
            return b""
        return bytes(self._lame.encode(self._end)) + bytes(self._lame.flush())

    def close(self) -> None:
        """Nothing is held but memory."""
