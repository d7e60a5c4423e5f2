"""FLAC through libsndfile: 16 bits, nothing lost, about half the size of WAV."""

import importlib
from io import SEEK_CUR, SEEK_END, SEEK_SET
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from rhapsode.core.speech import AudioSetting


class _SoundFile(Protocol):
    """What `soundfile.SoundFile` offers."""

    def write(self, data: NDArray[np.int16]) -> None: ...
    def close(self) -> None: ...


class _OpenSoundFile(Protocol):
    def __call__(
        self, file: "_Outlet", mode: str, *, samplerate: int, channels: int, subtype: str, format: str  # noqa: A002
    ) -> _SoundFile: ...  # fmt: skip


_open_sound_file = cast("_OpenSoundFile", importlib.import_module("soundfile").SoundFile)


class FlacPacker:
    """One FLAC stream, of frames of 4096 samples.

    At the end libsndfile goes back to write into the header how long the sound is. A file that is asked for whole comes
    at the end, so that its header says it; a stream has gone by then, and its header says that it is unknown.
    """

    def __init__(self, setting: AudioSetting) -> None:
        self._setting = setting
        self._outlet = _Outlet(keep=not setting.streamed)
        self._file: _SoundFile | None = None

    def pack(self, samples: bytes) -> bytes:
        """Little-endian 16-bit samples to whole frames; often none are ready."""
        if not samples:
            return b""
        if self._file is None:
            rate, channels = self._setting.sample_rate, self._setting.channels
            self._file = _open_sound_file(
                self._outlet, "w", samplerate=rate, channels=channels, subtype="PCM_16", format="FLAC"
            )
        self._file.write(np.frombuffer(samples, "<i2").reshape(-1, self._setting.channels))
        return self._outlet.take()

    def finish(self) -> bytes:
        """The rest; nothing where there was no sound."""
        self.close()
        return self._outlet.take_all()

    def close(self) -> None:
        """Free the encoder."""
        if self._file is not None:
            self._file.close()
            self._file = None


class _Outlet:
    """A file for libsndfile that hands on what is written: at once, or (`keep`) all at the end, as it then is."""

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self._gone = 0
        self._held = bytearray()
        self._at = 0

    def take(self) -> bytes:
        """What may leave now."""
        return b"" if self._keep else self.take_all()

    def take_all(self) -> bytes:
        """What has not left."""
        taken = bytes(self._held)
        self._gone += len(taken)
        self._held.clear()
        return taken

    def write(self, data: bytes) -> int:
        """Where it stands now, but for what has left."""
        begin = self._at - self._gone
        self._at += len(data)
        late = bytes(data[max(0, -begin) :])
        place = max(0, begin)
        self._held[place : place + len(late)] = late
        return len(data)

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Go where the next write begins."""
        self._at = offset + {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._gone + len(self._held)}[whence]
        return self._at

    def tell(self) -> int:
        """Where the next write begins."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Asked for by libsndfile's way of opening a file, and never used by one that writes."""
        del size
        return b""
