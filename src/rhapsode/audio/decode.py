"""Recordings as callers send them, to samples: mp3, wav and flac by libsndfile, m4a by an ffmpeg executable."""

import asyncio
import importlib
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol, cast

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray

from rhapsode.audio.resample import Resampler
from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.core.speech import Pcm

_FFMPEG_SECONDS: Final = 60.0
_MPEG4: Final = b"ftyp"
"""from the fifth byte of every MPEG-4 file, which an m4a is"""


class _SoundFile(Protocol):
    """What `soundfile.SoundFile` offers."""

    @property
    def samplerate(self) -> int: ...
    def read(self, frames: int, *, dtype: str, always_2d: bool) -> NDArray[np.float32]: ...


_sound_files = importlib.import_module("soundfile")
_open_file = cast("Callable[[BytesIO], AbstractContextManager[_SoundFile]]", _sound_files.SoundFile)
_Fault = cast("type[Exception]", _sound_files.SoundFileError)


async def decode(recording: bytes, *, rate: int, field: str, most_seconds: float) -> bytes:
    """Mono little-endian float32 samples at `rate`, at most so many seconds and one more, off the event loop.

    Raises `InvalidField` of `field` for what is no recording, `NotSupported` for an m4a where there is no ffmpeg.
    """
    if recording[4:8] == _MPEG4:
        recording = await _by_ffmpeg(recording, field)
    return await to_thread.run_sync(_decode, recording, rate, field, most_seconds)


def _decode(recording: bytes, rate: int, field: str, most_seconds: float) -> bytes:
    try:
        with _open_file(BytesIO(recording)) as file:
            # A header can promise hours: no more is decoded than shows that it is too long.
            sound = file.read(round((most_seconds + 1) * file.samplerate), dtype="float32", always_2d=True)
            came_at = file.samplerate
    except (_Fault, ValueError, MemoryError) as error:
        raise InvalidField(field, "is no recording that can be read: mp3, wav, flac and m4a are") from error
    mono = np.nan_to_num(sound.mean(axis=1), posinf=0.0, neginf=0.0).astype("<f4")
    resampler = Resampler(rate)
    parts = (resampler.feed(Pcm(rate=came_at, samples=mono.tobytes())), resampler.finish())
    return np.concatenate(parts).astype("<f4").tobytes()


async def _by_ffmpeg(recording: bytes, field: str) -> bytes:
    """The same as WAV. An m4a can only be read where it can be sought in, so it goes through a file."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise NotSupported(
            field, "an m4a needs an ffmpeg executable on the server's PATH: install it, or send mp3 or wav"
        )
    with TemporaryDirectory(prefix="rhapsode-") as directory:
        file = Path(directory) / "sample.m4a"
        await to_thread.run_sync(file.write_bytes, recording)
        process = await asyncio.create_subprocess_exec(
            ffmpeg, "-nostdin", "-v", "error", "-f", "mp4", "-i", str(file), "-t", "700", "-ac", "1", "-f", "wav", "-",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_FFMPEG_SECONDS):
                sound, _ = await process.communicate()
        except TimeoutError as late:
            raise InvalidField(field, "takes too long to decode") from late
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0:
        raise InvalidField(field, "is no m4a that can be read")
    return sound
