"""WAV: bare samples behind a header that says how many bytes they are."""

import struct
from typing import Final

from rhapsode.core.speech import AudioSetting

_UNKNOWN: Final = 0xFFFFFFFF
"""the size of what has no known end; players read on until there is no more"""
_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_PCM: Final = 1
_SAMPLE_BYTES: Final = 2


class WavPacker:
    """One WAV file. Streamed, its header comes first and names no size; otherwise all of it comes at the end."""

    def __init__(self, setting: AudioSetting) -> None:
        self._setting = setting
        self._held: list[bytes] | None = None if setting.streamed else []
        self._begun = False

    def pack(self, samples: bytes) -> bytes:
        """The header once, and the samples; nothing yet where a whole file was asked for."""
        begins = bool(samples) and not self._begun
        self._begun = self._begun or begins
        if self._held is not None:
            self._held.append(samples)
            return b""
        return (_header(self._setting, None) if begins else b"") + samples

    def finish(self) -> bytes:
        """The whole file, where one was asked for; nothing where there was no sound."""
        if self._held is None or not self._begun:
            return b""
        sound = b"".join(self._held)
        self._held.clear()
        return _header(self._setting, len(sound)) + sound

    def close(self) -> None:
        """Nothing is held but memory."""


def _header(setting: AudioSetting, size: int | None) -> bytes:
    """The 44 bytes; `size` is that of the samples. A file of 4 GiB cannot say how long it is."""
    frame = setting.channels * _SAMPLE_BYTES
    beyond = _HEADER.size - 8  # what the first size counts besides
    known = size is not None and size + beyond < _UNKNOWN
    return _HEADER.pack(
        b"RIFF", size + beyond if size is not None and known else _UNKNOWN, b"WAVE",
        b"fmt ", 16, _PCM, setting.channels, setting.sample_rate, setting.sample_rate * frame, frame, 8 * _SAMPLE_BYTES,
        b"data", size if size is not None and known else _UNKNOWN,
    )  # fmt: skip
