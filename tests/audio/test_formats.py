"""Every format at every rate: what a player decodes is the sound that went in, streamed or whole."""

from dataclasses import replace

import numpy as np
import pytest

from rhapsode.audio.encode import PACKERS
from rhapsode.audio.pcm import Samples
from rhapsode.core.speech import AudioFormat, AudioSetting
from tests.audio.packing import RATE, ffmpeg, pack, samples_of, sndfile

FORMATS = list(AudioFormat)
RATES = [8000, 16000, 22050, 24000, 32000, 44100]
PRIMING = {AudioFormat.MP3: 1105, AudioFormat.AAC: 1024}
"""samples that an encoder puts before the sound"""


def speechlike(seconds: float = 1.5) -> Samples:
    """Harmonics of a tone that rises, swelling four times a second."""
    at = np.arange(round(RATE * seconds)) / RATE
    turns = 2 * np.pi * (110 + 60 * at) * at
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * 4 * at)
    return (0.1 * swell * sum(np.sin(k * turns) / k for k in range(1, 12))).astype(np.float32)


def heard(audio: bytes, setting: AudioSetting) -> Samples:
    """The first channel, without what was put before it."""
    if setting.format is AudioFormat.PCM:
        return samples_of(audio)[:: setting.channels]
    sound = ffmpeg(audio, setting.channels)[:, 0]
    return sound[PRIMING.get(setting.format, 0) :]


def plain(rate: int) -> Samples:
    """What a format that loses nothing gives."""
    setting = AudioSetting(format=AudioFormat.PCM, sample_rate=rate)
    return heard(pack(speechlike(), setting), setting)


def test_every_format_has_its_packer() -> None:
    assert set(PACKERS) == set(AudioFormat)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", FORMATS)
def test_holds_the_sound_at_every_rate(kind: AudioFormat, rate: int) -> None:
    setting = AudioSetting(format=kind, sample_rate=rate, streamed=True)
    sound, wanted = heard(pack(speechlike(), setting), setting), plain(rate)
    spare = len(sound) - len(wanted)
    if kind not in PRIMING:
        assert np.array_equal(sound, wanted)
    else:  # 40 ms of silence, and the last frame filled up; ffmpeg knows LAME's delay and takes it off itself
        assert -1105 <= spare <= 0.04 * rate + 2 * 1152
        shift = int(np.argmax(np.correlate(sound, wanted[: rate // 2], "full"))) - rate // 2 + 1
        along = sound[max(0, shift) : max(0, shift) + len(wanted)]
        whole = wanted[max(0, -shift) :][: len(along)]
        assert abs(shift) <= 1200
        assert np.corrcoef(along[: len(whole)], whole)[0, 1] > 0.98


@pytest.mark.parametrize("block", [100, 1, RATE * 2])
@pytest.mark.parametrize("kind", FORMATS)
def test_blocks_do_not_show_in_the_bytes(kind: AudioFormat, block: int) -> None:
    setting = AudioSetting(format=kind, streamed=True)
    sound = speechlike(0.2 if block == 1 else 1.0)
    assert pack(sound, setting, gain=3.0, block=block) == pack(sound, setting, gain=3.0)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", FORMATS)
def test_streamed_and_whole_are_the_same_sound(kind: AudioFormat, channels: int) -> None:
    streamed = AudioSetting(format=kind, channels=channels, streamed=True)
    whole = replace(streamed, streamed=False)
    assert np.array_equal(
        heard(pack(speechlike(), streamed), streamed),
        heard(pack(speechlike(), whole, block=RATE * 2), whole),
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_two_channels_are_the_same_sound_twice(kind: AudioFormat) -> None:
    setting = AudioSetting(format=kind, channels=2)
    audio = pack(speechlike(), setting)
    both = np.frombuffer(audio, "<i2").reshape(-1, 2) if kind is AudioFormat.PCM else ffmpeg(audio, 2)
    assert np.allclose(both[:, 0], both[:, 1], atol=1e-3)
    assert np.max(np.abs(both)) > 0.05


@pytest.mark.parametrize("kind", [AudioFormat.WAV, AudioFormat.FLAC])
def test_a_whole_file_says_how_long_it_is(kind: AudioFormat) -> None:
    setting = AudioSetting(format=kind, sample_rate=24000, channels=2)
    sound, rate = sndfile(pack(speechlike(), setting))
    assert (rate, sound.shape) == (24000, (36000, 2))


def test_the_header_of_a_wav_is_right_to_the_byte() -> None:
    audio = pack(speechlike(), AudioSetting(format=AudioFormat.WAV, sample_rate=16000, channels=2))
    assert len(audio) == 44 + 24000 * 4
    assert audio[:44].hex(" ", 4) == (
        "52494646 24770100 57415645 666d7420 10000000 01000200 803e0000 00fa0000 04001000 64617461 00770100"
    )
    streamed = pack(speechlike(), AudioSetting(format=AudioFormat.WAV, sample_rate=16000, channels=2, streamed=True))
    assert streamed == audio[:4] + b"\xff" * 4 + audio[8:40] + b"\xff" * 4 + audio[44:]


@pytest.mark.parametrize("bitrate", [32000, 64000, 128000, 256000])
@pytest.mark.parametrize(("rate", "most"), [(8000, 64000), (24000, 160000), (32000, 320000)])
def test_mp3_has_the_nearest_bit_rate_and_keeps_it(bitrate: int, rate: int, most: int) -> None:
    audio = pack(speechlike(3.0), AudioSetting(bitrate=bitrate, sample_rate=rate, channels=2))
    assert len(audio) * 8 / 3.0 == pytest.approx(min(bitrate, most), rel=0.09)


@pytest.mark.parametrize("kind", FORMATS)
def test_no_sound_is_no_bytes(kind: AudioFormat) -> None:
    nothing = np.zeros(0, np.float32)
    assert pack(nothing, AudioSetting(format=kind)) == b""
    assert pack(nothing, AudioSetting(format=kind, streamed=True)) == b""
