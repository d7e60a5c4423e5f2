"""One stream, one encoder: what a player decodes is the sound that went in."""

from pathlib import Path

import numpy as np
import pytest

from rhapsode.audio.encode import PACKERS, open_encoder
from rhapsode.core.speech import AudioFormat, AudioSetting, Pcm
from tests.listening import Samples, decode

RATE = 22050


def sound(seconds: float) -> Samples:
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(round(RATE * seconds)) / RATE)).astype(np.float32)


def encoded(seconds: float, *, setting: AudioSetting, gain: float = 1.0, block: int = 8820) -> bytes:
    encoder = open_encoder(setting, gain)
    samples = sound(seconds)
    parts = [
        encoder.feed(Pcm(rate=RATE, samples=samples[start : start + block].tobytes()))
        for start in range(0, len(samples), block)
    ]
    return b"".join((*parts, encoder.finish()))


def test_every_format_has_its_packer() -> None:
    assert set(PACKERS) == set(AudioFormat)


@pytest.mark.parametrize("rate", [16000, 24000, 32000, 44100])
def test_mp3_of_any_rate_holds_the_sound_and_little_more(tmp_path: Path, rate: int) -> None:
    mp3 = encoded(2.0, setting=AudioSetting(sample_rate=rate))
    # LAME's own 1105 samples before, 40 ms behind, the last frame filled up, and one more to flush
    frame = 1152 if rate >= 32000 else 576
    assert 2.0 + 1105 / rate <= len(mp3) * 8 / 128000 < 2.04 + (1105 + 2 * frame) / rate
    samples, decoded_rate = decode(mp3, tmp_path)
    assert decoded_rate == rate
    middle = samples[rate // 2 : rate // 2 + rate]
    assert np.abs(np.fft.rfft(middle)).argmax() == 440
    # LAME leaves 5 % of headroom
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.95 * 0.3 / np.sqrt(2), rel=0.02)


def test_the_bit_rate_is_the_one_that_was_asked_for() -> None:
    for bitrate in (32000, 64000, 128000):
        size = len(encoded(4.0, setting=AudioSetting(bitrate=bitrate)))
        assert size * 8 / 4.0 == pytest.approx(bitrate, rel=0.03)


def test_blocks_do_not_show_in_the_bytes() -> None:
    setting = AudioSetting()
    assert encoded(1.0, setting=setting, block=100) == encoded(1.0, setting=setting, block=8820)


def test_gain_reaches_the_listener_and_never_clips(tmp_path: Path) -> None:
    quiet, _ = decode(encoded(1.0, setting=AudioSetting(), gain=0.1), tmp_path)
    assert np.max(np.abs(quiet)) == pytest.approx(0.03, rel=0.1)
    loud, _ = decode(encoded(1.0, setting=AudioSetting(), gain=10.0), tmp_path)
    assert 0.9 < np.max(np.abs(loud)) < 1.0


def test_frames_leave_while_sound_still_comes() -> None:
    encoder = open_encoder(AudioSetting(), 1.0)
    assert encoder.feed(Pcm(rate=RATE, samples=sound(0.4).tobytes()))[:2] == b"\xff\xfb"


def test_no_sound_is_no_bytes() -> None:
    assert open_encoder(AudioSetting(), 1.0).finish() == b""


def test_the_encoder_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    encoded(0.5, setting=AudioSetting())
    assert capfd.readouterr() == ("", "")
