from typing import Any

import msgspec
import pytest

from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.core.speech import AudioSetting, SpeechRequest
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.minimax.t2a import TimberWeight
from rhapsode.dialects.minimax.voice_setting import VoiceSetting, WireAudio, read_voice


def read(
    voice: dict[str, Any], audio: dict[str, Any] | None = None, *, timber: list[TimberWeight] | None = None
) -> SpeechRequest:
    wire = msgspec.convert(audio, WireAudio | None)
    return read_voice(msgspec.convert(voice, VoiceSetting), wire, timber=timber, timbre=None)


def test_every_part_arrives() -> None:
    voice = {
        "model": "speech-02-hd",
        "voice_id": "male-qn-badao",
        "speed": 1.5,
        "vol": 2,
        "pitch": -3,
        "latex_read": False,
    }
    audio = {"sample_rate": 24000, "bitrate": 64000, "format": "mp3", "channel": 1}
    assert read(voice, audio) == SpeechRequest(
        model="speech-02-hd",
        script=(),
        voices=(VoiceShare(voice_id="male-qn-badao"),),
        speed=1.5,
        volume=2,
        pitch=-3,
        audio=AudioSetting(sample_rate=24000, bitrate=64000),
    )


def test_what_is_absent_has_the_platforms_defaults() -> None:
    wanted = SpeechRequest(model="speech-01", script=(), voices=(VoiceShare(voice_id="x"),), audio=AudioSetting())
    assert read({"voice_id": "x"}) == read({"voice_id": "x", "speed": None}, {"format": None}) == wanted


def test_a_blend_wins_over_the_voice() -> None:
    blend = [TimberWeight("a", 1), TimberWeight("b", 99)]
    assert read({"voice_id": ""}, timber=blend) == read({"voice_id": "x"}, timber=blend)
    assert [share.voice_id for share in read({}, timber=blend).voices] == ["a", "b"]


@pytest.mark.parametrize(
    ("voice", "audio", "field"),
    [
        ({}, None, "voice_setting.voice_id"),
        ({"voice_id": ""}, None, "voice_setting.voice_id"),
        ({"voice_id": "x", "model": "speech-99"}, None, "voice_setting.model"),
        ({"voice_id": "x", "emotion": "happy"}, None, "voice_setting.emotion"),
        ({"voice_id": "x", "latex_read": True}, None, "voice_setting.latex_read"),
        ({"voice_id": "x"}, {"format": "flac"}, "audio_setting.format"),
        ({"voice_id": "x"}, {"channel": 2}, "audio_setting.channel"),
    ],
)
def test_what_is_wrong_or_not_served_is_named(voice: dict[str, Any], audio: dict[str, Any] | None, field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(voice, audio)
    assert caught.value.field == field


@pytest.mark.parametrize("audio", [{"sample_rate": 48000}, {"bitrate": 1}, {"format": "ogg"}, {"channel": 3}])
def test_the_packing_is_one_of_a_few(audio: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read({"voice_id": "x"}, audio)


@pytest.mark.parametrize(
    "voice", [{"speed": 0.4}, {"speed": 2.1}, {"vol": 0}, {"vol": 11}, {"pitch": 13}, {"pitch": 0.5}]
)
def test_the_voice_has_bounds(voice: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read({"voice_id": "x", **voice})


def test_an_effect_that_is_not_served_is_no_mistake_of_the_caller() -> None:
    with pytest.raises(NotSupported):
        read({"voice_id": "x", "text_normalization": True})
