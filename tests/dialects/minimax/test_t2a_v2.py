import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.errors import InvalidField, UnknownModel
from rhapsode.core.speech import (
    AudioFormat,
    AudioSetting,
    Emotion,
    Pause,
    SoundEffect,
    SpeechRequest,
    VoiceModify,
)
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.minimax.t2a_v2 import T2aV2Call, read_request, write_request
from rhapsode.dialects.minimax.voice_setting import SPEECH_MODELS
from tests.dialects.minimax.test_t2a import requests as short_requests


def read(**changes: object) -> T2aV2Call:
    good: dict[str, Any] = {
        "model": "speech-02-hd",
        "text": "你好<#0.5#>世界",
        "voice_setting": {"voice_id": "female-yujie"},
    }
    return read_request(json.dumps(good | changes).encode())


def test_what_is_absent_is_as_the_platform_has_it() -> None:
    call = read()
    assert (call.stream, call.aggregated, call.subtitles, call.as_url) == (False, True, False, False)
    assert call.request.script == ("你好", Pause(milliseconds=500), "世界")
    assert call.request.audio == AudioSetting()
    nulls = dict.fromkeys(
        ("stream", "stream_options", "audio_setting", "subtitle_enable", "output_format", "pronunciation_dict",
         "timber_weights", "language_boost", "voice_modify", "aigc_watermark")
    )  # fmt: skip
    assert read(**nulls) == call


def test_a_blend_stands_in_for_the_voice() -> None:
    blend = [{"voice_id": "male-qn-qingse", "weight": 1}, {"voice_id": "female-yujie", "weight": 99}]
    wanted = (VoiceShare(voice_id="male-qn-qingse", weight=1), VoiceShare(voice_id="female-yujie", weight=99))
    for name in ("timber_weights", "timbre_weights"):
        assert read(voice_setting={"voice_id": ""}, **{name: blend}).request.voices == wanted
        assert read(voice_setting=None, **{name: blend}).request.voices == wanted


def test_what_an_answer_holds_is_chosen() -> None:
    assert read(output_format="url").as_url
    assert not read(output_format="hex").as_url
    assert read(subtitle_enable=True).subtitles
    assert read(subtitle=True).subtitles  # as the platform's own command spells it
    streamed = read(stream=True, stream_options={"exclude_aggregated_audio": True}, output_format="hex")
    assert streamed.stream
    assert not streamed.aggregated
    assert read(audio_setting={"format": "wav"}).request.audio.format is AudioFormat.WAV


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "长" * 10001}, "text"),
        ({"text": "。"}, "text"),
        ({"text": "你<#1#>"}, "text"),
        ({"voice_setting": None}, "voice_setting.voice_id"),
        ({"voice_setting": {"voice_id": "x", "speed": 3}}, "voice_setting.speed"),
        ({"stream": "yes"}, "stream"),
        ({"stream": True, "audio_setting": {"format": "wav"}}, "audio_setting.format"),
        ({"stream": True, "output_format": "url"}, "output_format"),
        ({"output_format": "base64"}, "output_format"),
        ({"audio_setting": {"format": "aac"}}, "audio_setting.format"),
        ({"audio_setting": {"sample_rate": 48000}}, "audio_setting.sample_rate"),
        ({"aigc_watermark": True}, "aigc_watermark"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(**changes)
    assert caught.value.field == field


AUDIO = st.builds(
    AudioSetting,
    format=st.sampled_from([AudioFormat.MP3, AudioFormat.PCM, AudioFormat.FLAC, AudioFormat.WAV]),
    sample_rate=st.sampled_from([8000, 16000, 22050, 24000, 32000, 44100]),
    bitrate=st.sampled_from([32000, 64000, 128000, 256000]),
    channels=st.sampled_from([1, 2]),
)
MODIFY = st.builds(
    VoiceModify,
    pitch=st.integers(-100, 100),
    intensity=st.integers(-100, 100),
    timbre=st.integers(-100, 100),
    effect=st.none() | st.sampled_from(SoundEffect),
)


@given(
    short=short_requests(),
    audio=AUDIO,
    modify=MODIFY,
    emotion=st.none() | st.sampled_from(Emotion),
    language=st.sampled_from([None, "zh", "yue", "en", "ja"]),
    figures=st.booleans(),
    latex=st.booleans(),
    aggregated=st.booleans(),
    subtitles=st.booleans(),
    as_url=st.booleans(),
)
def test_what_is_written_reads_back(
    short: SpeechRequest, audio: AudioSetting, modify: VoiceModify, emotion: Emotion | None, language: str | None,
    *, figures: bool, latex: bool, aggregated: bool, subtitles: bool, as_url: bool
) -> None:  # fmt: skip
    request = replace(
        short, audio=audio, modify=modify, emotion=emotion, language=language, english_figures=figures, latex=latex
    )
    call = T2aV2Call(request=request, aggregated=aggregated, subtitles=subtitles, as_url=as_url)
    assert read_request(write_request(call)) == call


def test_a_stream_is_asked_for() -> None:
    call = read(stream=True)
    assert read_request(write_request(call)) == call


def test_the_page_names_every_model() -> None:
    page = (Path(__file__).parents[3] / "docs" / "api" / "speech.md").read_text(encoding="utf-8")
    assert [model for model in SPEECH_MODELS if f"`{model}`" not in page] == []


def test_ten_thousand_characters_are_spoken() -> None:
    assert read(text="长" * 10000).request.text == "长" * 10000


def test_an_unknown_model() -> None:
    with pytest.raises(UnknownModel):
        read(model="speech-9")
