"""AAC by ffmpeg: a process that is always ended, and an error that says what went wrong."""

import time
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest

from rhapsode.audio.encode import open_encoder
from rhapsode.core.errors import EngineError, NotSupported
from rhapsode.core.speech import AudioFormat, AudioSetting, Encoder, Pcm
from tests.audio.packing import RATE

AAC = AudioSetting(format=AudioFormat.AAC)
BLOCK = Pcm(rate=RATE, samples=(0.2 * np.sin(np.arange(RATE) * 0.1)).astype("<f4").tobytes())


def children() -> set[psutil.Process]:
    """Zombies too."""
    return set(psutil.Process().children())


def test_without_ffmpeg_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotSupported, match=r"^output_format: aac needs an ffmpeg executable .*: install it"):
        open_encoder(AAC)


def test_every_frame_says_what_it_is() -> None:
    with closing(open_encoder(AudioSetting(format=AudioFormat.AAC, sample_rate=24000, channels=2))) as encoder:
        audio = encoder.feed(BLOCK) + encoder.finish()
    frames = 0
    while audio:  # ISO/IEC 13818-7, ADTS
        assert audio[:2] == b"\xff\xf1"
        profile, rate, channels = audio[2] >> 6, audio[2] >> 2 & 15, (audio[2] & 1) << 2 | audio[3] >> 6
        assert (profile, rate, channels) == (1, 6, 2)  # LC, 24000, two
        audio = audio[(audio[3] & 3) << 11 | audio[4] << 3 | audio[5] >> 5 :]
        frames += 1
    assert frames == pytest.approx(24000 / 1024 + 1, abs=1.5)


def test_no_process_is_left_whether_finished_or_dropped() -> None:
    before = children()
    for finished in (True, False):
        encoder = open_encoder(AAC)
        assert children() == before  # none until there is sound
        encoder.feed(BLOCK)
        assert len(children() - before) == 1
        if finished:
            encoder.finish()
        encoder.close()
        assert children() == before
        encoder.close()


def feed_for_ever(encoder: Encoder) -> None:
    while True:
        encoder.feed(BLOCK)


def test_an_ffmpeg_that_ends_is_an_error() -> None:
    before = children()
    with closing(open_encoder(AAC)) as encoder:
        encoder.feed(BLOCK)
        (process,) = children() - before
        process.kill()
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.001)  # nobody may wait for it but who started it
        with pytest.raises(EngineError, match=r"ffmpeg ended while it packed sound \(status -9\)"):
            feed_for_ever(encoder)  # its pipe is open for as long as the last of its threads
    assert children() == before


def test_an_ffmpeg_that_fails_at_the_end_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failing = tmp_path / "ffmpeg"
    failing.write_text("#!/bin/sh\ncat > /dev/null\nexit 3\n")
    failing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with closing(open_encoder(AAC)) as encoder:
        encoder.feed(BLOCK)
        with pytest.raises(EngineError, match=r"ffmpeg could not pack sound \(status 3\)"):
            encoder.finish()
