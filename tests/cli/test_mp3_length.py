import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.audio.encode import open_encoder
from rhapsode.cli.mp3_length import mp3_seconds
from rhapsode.core.speech import AudioSetting, Pcm

DELAY = 2304
"""samples: what LAME may add, a frame at either end"""
END = 0.04
"""seconds of silence behind the sound"""


def encode(seconds: float, rate: int, kilobits: int) -> bytes:
    encoder = open_encoder(AudioSetting(sample_rate=rate, bitrate=kilobits * 1000), 1.0)
    return encoder.feed(Pcm(rate=rate, samples=bytes(4 * int(seconds * rate)))) + encoder.finish()


@pytest.mark.parametrize(("rate", "kilobits"), [(32000, 128), (44100, 64), (24000, 64), (16000, 32), (8000, 16)])
def test_the_length_is_the_sounds_and_the_encoders_delay(rate: int, kilobits: int) -> None:
    seconds = mp3_seconds(encode(2.0, rate, kilobits))
    assert seconds is not None
    assert 2.0 <= seconds <= 2.0 + END + DELAY / rate


def test_a_tag_before_the_sound_is_passed_over() -> None:
    sound = encode(1.0, 32000, 128)
    assert mp3_seconds(b"ID3\x04\x00\x00\x00\x00\x01\x02" + bytes(130) + sound) == mp3_seconds(sound)


@given(st.binary())
def test_no_bytes_break_it(data: bytes) -> None:
    mp3_seconds(data)
    mp3_seconds(b"\xff\xfb" + data)


def test_what_is_no_mp3_has_no_length() -> None:
    assert mp3_seconds(b"") is None
    assert mp3_seconds(b"RIFF....WAVE") is None
