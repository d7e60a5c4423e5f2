"""Long texts on the wire: both generations of requests, and whole answers."""

import json

import pytest

from rhapsode.core.errors import InvalidField, UnknownModel
from rhapsode.core.speech import (
    AudioFormat,
    AudioSetting,
    Emotion,
    Pause,
    SpeechEnd,
    SpeechRequest,
    Subtitle,
    TextCount,
)
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.minimax import t2a_async, t2a_async_v2
from rhapsode.dialects.minimax.t2a_async_result import write_notes

COUNT = TextCount(characters=9, words=4, invisible=0.012345)
OK = '"base_resp":{"status_code":0,"status_msg":"success"}}'
FORM = {"model": "speech-01", "voice_id": "female-yujie"}


def v2(**changes: object) -> bytes:
    body = {"model": "speech-02-hd", "text": "你好<#1#>世界", "voice_setting": {"voice_id": "female-yujie"}}
    return json.dumps(body | changes).encode()


def test_a_v2_body_is_read_and_its_text_cut_at_its_pauses() -> None:
    audio = {"audio_sample_rate": 16000, "format": "flac", "channel": 2}
    call = t2a_async_v2.read_request(v2(audio_setting=audio))
    assert call.file_id is None
    assert call.request == SpeechRequest(
        model="speech-02-hd",
        script=("你好", Pause(milliseconds=1000), "世界"),
        voices=(VoiceShare(voice_id="female-yujie"),),
        audio=AudioSetting(format=AudioFormat.FLAC, sample_rate=16000, channels=2, streamed=True),
    )


@pytest.mark.parametrize("file_id", [123456789012345, "123456789012345"])
def test_a_text_may_stand_in_a_file(file_id: object) -> None:
    call = t2a_async_v2.read_request(v2(text="", text_file_id=file_id))
    assert (call.file_id, call.request.script) == (123456789012345, ())


def test_the_other_name_of_the_rate_is_understood() -> None:
    call = t2a_async_v2.read_request(v2(audio_setting={"sample_rate": 24000}))
    assert call.request.audio.sample_rate == 24000


def test_a_form_is_read_as_the_bodies_of_its_generation_are() -> None:
    fields = FORM | {
        "speed": "1.5",
        "vol": "2",
        "pitch": "-3",
        "audio_sample_rate": "24000",
        "bitrate": "",
        "output_format": "aac",
        "char_to_pitch": '["omg/oh my god"]',
        "timber_weights": '[{"voice_id": "a", "weight": 1}, {"voice_id": "b", "weight": 2}]',
        "unknown": "[",
    }
    request = t2a_async.read_form(fields)
    assert (request.speed, request.volume, request.pitch) == (1.5, 2.0, -3)
    assert [(share.voice_id, share.weight) for share in request.voices] == [("a", 1), ("b", 2)]
    assert [reading.words for reading in request.readings] == ["oh my god"]
    assert request.audio == AudioSetting(format=AudioFormat.AAC, sample_rate=24000, streamed=True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"voice_id": ""}, "voice_id"),
        ({"pitch": "13"}, "pitch"),
        ({"speed": "NaN"}, "speed"),
        ({"bitrate": "1"}, "bitrate"),
        ({"output_format": "wav"}, "output_format"),
        ({"timber_weights": "a"}, "timber_weights"),
        ({"char_to_pitch": '"x"'}, "char_to_pitch"),
        ({"model": ""}, "model"),
    ],
)
def test_a_form_names_the_field_that_breaks_a_rule(changes: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        t2a_async.read_form(FORM | changes)
    assert caught.value.field == field


def test_the_first_endpoint_has_one_model() -> None:
    with pytest.raises(UnknownModel):
        t2a_async.read_form(FORM | {"model": "speech-02"})


def test_whole_answers_of_v2() -> None:
    created = t2a_async_v2.write_created(task_id=1, token="t", file_id=2, characters=9).decode()
    assert created == f'{{"task_id":1,"task_token":"t","file_id":2,"usage_characters":9,{OK}'
    done = t2a_async_v2.write_status(task_id=1, status="Success", file_id=2, reason=None).decode()
    assert done == f'{{"task_id":1,"status":"Success","file_id":2,{OK}'
    failed = t2a_async_v2.write_status(task_id=1, status="Failed", file_id=None, reason="why").decode()
    assert failed == f'{{"task_id":1,"status":"Failed","reason":"why",{OK}'


def test_whole_answers_of_the_first_endpoint() -> None:
    figures = '"word_count":4,"invisible_character_ratio":0.0123,"usage_characters":9'
    created = t2a_async.write_created(task_id=1, token="t", file_id=2, count=COUNT, audio=AudioSetting()).decode()
    packing = '"audio_sample_rate":32000,"bitrate":128000'
    assert created == f'{{"task_id":1,"task_token":"t","file_id":2,{packing},{figures},{OK}'
    done = t2a_async.write_status(
        task_id=1, token="t", status="Success", file_id=2, reason=None, count=COUNT, milliseconds=5, size=6
    ).decode()
    sums = '"audio_length":5,"audio_size":6'
    assert done == f'{{"task_id":1,"task_token":"t","status":"Success","file_id":2,{sums},{figures},{OK}'


def test_what_lies_beside_a_sound() -> None:
    request = SpeechRequest(
        model="speech-01", script=("你好。\n 你好。", Pause(milliseconds=10), "完。"), voices=(), volume=2.5
    )
    subtitles = (
        Subtitle(text="你好。", begin=0, end=900),
        Subtitle(text="你好。", begin=1000, end=1900),
        Subtitle(text="完。", begin=1910, end=2000),
    )
    titles, extra = write_notes(request, SpeechEnd(milliseconds=2000, size=99, subtitles=subtitles, count=COUNT))
    assert [(each["time_begin"], each["text_begin"], each["text_end"]) for each in json.loads(titles)] == [
        (0, 0, 3),
        (1000, 5, 8),
        (1910, 8, 10),
    ]
    assert json.loads(extra) == {
        "audio_length": 2000,
        "audio_sample_rate": 32000,
        "audio_size": 99,
        "bitrate": 128000,
        "word_count": 4,
        "invisible_character_ratio": 0.0123,
        "usage_characters": 9,
        "audio_format": "mp3",
        "audio_channel": 1,
        "vol": 2.5,
    }


def test_what_is_asked_for_reads_back() -> None:
    voices = (VoiceShare(voice_id="a", weight=1, field="timber_weights[0].voice_id"),)
    request = SpeechRequest(
        model="speech-02-hd",
        script=("你好", Pause(milliseconds=500), "世界。"),
        voices=(*voices, VoiceShare(voice_id="b", weight=3, field="timber_weights[1].voice_id")),
        speed=0.5,
        volume=2.0,
        pitch=-3,
        emotion=Emotion.SAD,
        audio=AudioSetting(format=AudioFormat.FLAC, sample_rate=16000, bitrate=64000, channels=2, streamed=True),
    )
    assert t2a_async_v2.read_request(t2a_async_v2.write_request(request)).request == request
