from typing import Any

import msgspec
import pytest

from rhapsode.core.errors import InvalidField, NotSupported, UnknownModel
from rhapsode.core.speech import AudioFormat, AudioSetting, Emotion, Reading, SoundEffect, SpeechRequest, VoiceModify
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.minimax.timber_weights import TimberWeight
from rhapsode.dialects.minimax.voice_setting import SpeechBody, VoiceSetting, WireAudio, read_speech, read_voice


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
        audio=AudioSetting(sample_rate=24000, bitrate=64000, streamed=True),
    )


def test_what_is_absent_has_the_platforms_defaults() -> None:
    voices = (VoiceShare(voice_id="x"),)
    wanted = SpeechRequest(model="speech-01", script=(), voices=voices, audio=AudioSetting(streamed=True))
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


@pytest.mark.parametrize(
    ("said", "meant"), [("happy", Emotion.HAPPY), ("neutral", Emotion.CALM), ("whisper", Emotion.WHISPER), ("", None)]
)
def test_an_emotion_has_one_name_or_two(said: str, meant: Emotion | None) -> None:
    assert read({"voice_id": "x", "emotion": said}).emotion is meant


@pytest.mark.parametrize("where", ["text_normalization", "english_normalization"])
def test_figures_in_english_are_asked_for_by_either_name_in_either_place(where: str) -> None:
    assert read({"voice_id": "x", where: True}).english_figures
    assert read_speech(body(**{where: True}), AudioSetting()).english_figures
    assert not read_speech(body(**{where: False}), AudioSetting()).english_figures


def body(**changes: object) -> SpeechBody:
    return msgspec.convert({"model": "speech-02-hd", "voice_setting": {"voice_id": "x"}} | changes, SpeechBody)


def test_every_packing_is_read() -> None:
    audio = {"sample_rate": 8000, "bitrate": 256000, "format": "flac", "channel": 2, "force_cbr": True}
    wanted = AudioSetting(format=AudioFormat.FLAC, sample_rate=8000, bitrate=256000, channels=2, streamed=True)
    assert read({"voice_id": "x"}, audio).audio == wanted


def test_a_voice_is_bent() -> None:
    bent = {"pitch": -100, "intensity": 7, "timbre": 100, "sound_effects": "robotic"}
    wanted = VoiceModify(pitch=-100, intensity=7, timbre=100, effect=SoundEffect.ROBOTIC)
    assert read_speech(body(voice_modify=bent), AudioSetting()).modify == wanted
    assert read_speech(body(voice_modify={"sound_effects": ""}), AudioSetting()).modify == VoiceModify()


@pytest.mark.parametrize(
    "changes",
    [
        {"voice_modify": {"pitch": 101}},
        {"voice_modify": {"sound_effects": "cave"}},
        {"voice_setting": {"voice_id": "x", "emotion": "bored"}},
        {"pronunciation_dict": {"tone": "a/b"}},
    ],
)
def test_what_there_is_not_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        body(**changes)


def test_readings_come_as_an_object_or_as_a_client_in_use_sends_them() -> None:
    wanted = (Reading(text="处理", syllables=("chu3", "li3")), Reading(text="omg", words="oh my god"))
    by_platform = body(pronunciation_dict={"tone": ["处理/(chu3)(li3)", "omg/oh my god"]})
    by_client = body(pronunciation_dict=[{"tone": "(chu3)(li3)", "text": "处理"}, {"tone": "oh my god", "text": "omg"}])
    for wire in (by_platform, by_client):
        assert read_speech(wire, AudioSetting()).readings == wanted
    assert read_speech(body(pronunciation_dict={"tone": None}), AudioSetting()).readings == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pronunciation_dict": {"tone": ["a/b", "好"]}}, "pronunciation_dict.tone[1]"),
        ({"pronunciation_dict": [{"tone": "(hao6)", "text": "好"}]}, "pronunciation_dict[0]"),
        ({"language_boost": "Klingon"}, "language_boost"),
    ],
)
def test_a_wish_that_cannot_be_read_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read_speech(body(**changes), AudioSetting())
    assert caught.value.field == field


@pytest.mark.parametrize(("name", "meant"), [("Chinese", "zh"), ("auto", None), ("", None), (None, None)])
def test_a_language_is_named_or_left_to_the_text(name: str | None, meant: str | None) -> None:
    assert read_speech(body(language_boost=name), AudioSetting()).language == meant


def test_no_mark_is_promised_that_is_not_made() -> None:
    with pytest.raises(NotSupported, match="aigc_watermark"):
        read_speech(body(aigc_watermark=True), AudioSetting())
    assert read_speech(body(aigc_watermark=False), AudioSetting())


def test_an_unknown_model_is_told_as_one() -> None:
    with pytest.raises(UnknownModel):
        read_speech(body(model="speech-99"), AudioSetting())
