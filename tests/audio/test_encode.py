"""One stream, one encoder: sound leaves as it comes, as loud as was asked for and never too loud."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from pathlib import Path

import numpy as np
import pytest

from rhapsode.audio.encode import open_encoder
from rhapsode.audio.pcm import Samples
from rhapsode.core.speech import AudioFormat, AudioSetting, Pcm, SoundEffect, SpeechEngine
from rhapsode.engines.registry import open_speech
from rhapsode.voices.catalogue import load_voices
from tests.audio.packing import RATE, ffmpeg, pack, samples_of, true_peak
from tests.engines.speech.asking import ask
from tests.listening import decode

HIGHEST = -1.0
"""dB of full scale"""


def sound(seconds: float) -> Samples:
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(round(RATE * seconds)) / RATE)).astype(np.float32)


@pytest.fixture(scope="module")
async def engine() -> AsyncGenerator[SpeechEngine]:
    opened = await open_speech("espeak", {}, voices=load_voices())
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def deep_speech(engine: SpeechEngine) -> Samples:
    """A deep voice at its deepest, which overshoots already before any gain."""
    text = "今天天气真好，我们一起去公园里散步，看看花，喝一杯茶吧！"
    parts: list[Samples] = []
    async with aclosing(engine.speak(ask(text, "male-qn-badao", pitch=-12))) as blocks:
        async for block in blocks:
            assert block.rate == RATE
            parts.append(np.frombuffer(block.samples, "<f4"))
    speech = np.concatenate(parts)
    assert np.max(np.abs(speech)) > 0.7
    return speech


@pytest.mark.parametrize(
    "setting",
    [
        *(AudioSetting(format=AudioFormat.MP3, sample_rate=rate) for rate in (8000, 16000, 22050, 24000, 32000, 44100)),
        *(AudioSetting(format=AudioFormat.MP3, bitrate=bitrate) for bitrate in (32000, 64000, 256000)),
        *(AudioSetting(format=AudioFormat.PCM, sample_rate=rate) for rate in (8000, 16000, 22050, 24000, 32000, 44100)),
        AudioSetting(format=AudioFormat.WAV),
        AudioSetting(format=AudioFormat.FLAC),
        *(AudioSetting(format=AudioFormat.AAC, bitrate=bitrate) for bitrate in (32000, 64000, 128000)),
        AudioSetting(format=AudioFormat.AAC, bitrate=32000, sample_rate=44100),
    ],
    ids=lambda setting: f"{setting.format.value}-{setting.sample_rate}-{setting.bitrate}",
)
async def test_speech_ten_times_louder_stays_below_full_scale(deep_speech: Samples, setting: AudioSetting) -> None:
    audio = pack(deep_speech, setting, gain=10.0)
    played = samples_of(audio) if setting.format is AudioFormat.PCM else ffmpeg(audio)[:, 0]
    assert -7 < true_peak(played) < HIGHEST


def test_gain_reaches_the_listener(tmp_path: Path) -> None:
    quiet, _ = decode(pack(sound(1.0), AudioSetting(), gain=0.1), tmp_path)
    assert np.max(np.abs(quiet)) == pytest.approx(0.03, rel=0.1)
    loud, _ = decode(pack(sound(1.0), AudioSetting(), gain=2.0), tmp_path)
    assert np.max(np.abs(loud)) == pytest.approx(0.6, rel=0.1)


@pytest.mark.parametrize("rate", [16000, 24000, 32000, 44100])
def test_mp3_of_any_rate_holds_the_sound_and_little_more(tmp_path: Path, rate: int) -> None:
    mp3 = pack(sound(2.0), AudioSetting(sample_rate=rate))
    # LAME's own 1105 samples before, 40 ms behind, the last frame filled up, and one more to flush
    frame = 1152 if rate >= 32000 else 576
    assert 2.0 + 1105 / rate <= len(mp3) * 8 / 128000 < 2.04 + (1105 + 2 * frame) / rate
    samples, decoded_rate = decode(mp3, tmp_path)
    assert decoded_rate == rate
    middle = samples[rate // 2 : rate // 2 + rate]
    assert np.abs(np.fft.rfft(middle)).argmax() == 440
    # LAME leaves 5 % of headroom
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.95 * 0.3 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize(
    ("kind", "begins"),
    [(AudioFormat.MP3, b"\xff\xfb"), (AudioFormat.WAV, b"RIFF"), (AudioFormat.FLAC, b"fLaC"), (AudioFormat.PCM, b"")],
)
def test_sound_leaves_while_sound_still_comes(kind: AudioFormat, begins: bytes) -> None:
    with closing(open_encoder(AudioSetting(format=kind, streamed=True), 1.0)) as encoder:
        first = encoder.feed(Pcm(rate=RATE, samples=sound(0.4).tobytes()))
    assert len(first) > 1000
    assert first.startswith(begins)


@pytest.mark.parametrize(("effect", "tail"), [(None, 0.0), (SoundEffect.SPACIOUS_ECHO, 1.4)])
def test_knows_how_long_the_packed_sound_is(effect: SoundEffect | None, tail: float) -> None:
    with closing(open_encoder(AudioSetting(), 1.0, effect)) as encoder:
        encoder.feed(Pcm(rate=RATE, samples=sound(0.7).tobytes()))
        encoder.finish()
        assert encoder.seconds == pytest.approx(0.7 + tail, abs=1e-4)


def test_the_encoder_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    for kind in AudioFormat:
        pack(sound(0.5), AudioSetting(format=kind))
    assert capfd.readouterr() == ("", "")
