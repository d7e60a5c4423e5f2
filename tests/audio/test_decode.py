"""Recordings of every kind that callers send."""

import importlib
import shutil
from io import BytesIO
from pathlib import Path
from typing import Protocol, cast

import anyio
import numpy as np
import pytest

from rhapsode.audio.decode import decode
from rhapsode.audio.encode import open_encoder
from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.core.speech import AudioSetting, Pcm

RATE = 22050


class _Write(Protocol):
    def __call__(self, file: BytesIO, data: "np.typing.NDArray[np.float32]", rate: int, *, format: str) -> None: ...  # noqa: A002


_write = cast("_Write", importlib.import_module("soundfile").write)


def tone(seconds: float, rate: int) -> "np.typing.NDArray[np.float32]":
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def packed(kind: str, *, seconds: float = 2.0, rate: int = 44100, channels: int = 2) -> bytes:
    file = BytesIO()
    _write(file, np.repeat(tone(seconds, rate)[:, None], channels, axis=1), rate, format=kind)
    return file.getvalue()


def frequency(samples: bytes) -> float:
    sound = np.frombuffer(samples, "<f4")
    return float(np.argmax(np.abs(np.fft.rfft(sound))) * RATE / len(sound))


@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
async def test_reads_any_rate_and_channels_as_mono(kind: str) -> None:
    samples = await decode(packed(kind), rate=RATE, field="file_id", most_seconds=60)
    assert len(samples) // 4 == pytest.approx(2 * RATE, abs=2)
    assert frequency(samples) == pytest.approx(440, abs=1)


async def test_reads_mp3() -> None:
    encoder = open_encoder(AudioSetting(), 1.0)
    mp3 = encoder.feed(Pcm(rate=32000, samples=tone(2.0, 32000).astype("<f4").tobytes())) + encoder.finish()
    samples = await decode(mp3, rate=RATE, field="file_id", most_seconds=60)
    assert len(samples) // 4 == pytest.approx(2.1 * RATE, rel=0.05)
    assert frequency(samples) == pytest.approx(440, abs=1)


async def test_no_more_is_read_than_shows_that_it_is_too_long() -> None:
    samples = await decode(packed("WAV", seconds=5), rate=RATE, field="file_id", most_seconds=2)
    assert len(samples) // 4 == pytest.approx(3 * RATE, abs=2)


@pytest.mark.parametrize("recording", [b"", b"RIFF", b"no sound at all" * 100, packed("WAV")[:30]])
async def test_refuses_what_is_no_recording(recording: bytes) -> None:
    with pytest.raises(InvalidField, match="file_id: is no recording"):
        await decode(recording, rate=RATE, field="file_id", most_seconds=60)


async def test_reads_m4a_through_ffmpeg(tmp_path: Path) -> None:
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg, "the tests need ffmpeg"
    wav, m4a = tmp_path / "a.wav", tmp_path / "a.m4a"
    wav.write_bytes(packed("WAV"))
    await anyio.run_process([ffmpeg, "-v", "error", "-i", str(wav), str(m4a)])
    samples = await decode(m4a.read_bytes(), rate=RATE, field="file_id", most_seconds=60)
    assert len(samples) // 4 == pytest.approx(2 * RATE, rel=0.05)
    assert frequency(samples) == pytest.approx(440, abs=1)
    with pytest.raises(InvalidField, match="file_id: is no m4a"):
        await decode(m4a.read_bytes()[:400], rate=RATE, field="file_id", most_seconds=60)


async def test_an_m4a_without_ffmpeg_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotSupported, match="file_id: an m4a needs an ffmpeg executable"):
        await decode(b"\0\0\0\x20ftypM4A " + bytes(100), rate=RATE, field="file_id", most_seconds=60)
