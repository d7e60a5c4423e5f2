"""What is said of a sound is what the sound is."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from rhapsode.cli.mp3_length import mp3_seconds
from rhapsode.core.speech import AudioSetting
from rhapsode.dialects.minimax.extra_info import extra_info
from tests.audio.packing import RATE, pack
from tests.dialects.minimax.speeches import END


@pytest.mark.parametrize(
    ("sample_rate", "bitrate", "channels"),
    list(itertools.product((8000, 16000, 22050, 24000, 32000, 44100), (32000, 64000, 128000, 256000), (1, 2))),
)
def test_the_bit_rate_of_mp3_is_that_of_its_frames(sample_rate: int, bitrate: int, channels: int) -> None:
    setting = AudioSetting(sample_rate=sample_rate, bitrate=bitrate, channels=channels)
    audio = pack(np.zeros(RATE, np.float32), setting)
    seconds = mp3_seconds(audio)
    assert seconds is not None
    assert extra_info(setting, replace(END, size=len(audio))).bitrate == pytest.approx(
        8 * len(audio) / seconds, rel=0.01
    )
