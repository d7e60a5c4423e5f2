"""T2A over a WebSocket: every event read, every frame written."""

import json
from typing import Any

import pytest
from inline_snapshot import snapshot

from rhapsode.core.errors import (
    Draining,
    InvalidField,
    MalformedBody,
    MissingKey,
    RhapsodeError,
    UnknownKey,
    UnknownModel,
    UnknownVoice,
)
from rhapsode.core.speech import AudioFormat, AudioSetting, Pause, SpeechEnd, TextCount
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.minimax.t2a_ws import (
    FrameWriter,
    Skipped,
    SocketCode,
    SocketError,
    TaskContinue,
    TaskFinish,
    TaskStart,
    read_event,
    status_of_socket,
)

START: dict[str, Any] = {
    "event": "task_start",
    "model": "speech-02-turbo",
    "voice_setting": {"voice_id": "male-qn-qingse", "speed": 1.5},
    "audio_setting": {"format": "pcm", "sample_rate": 24000, "channel": 2},
}
WRITER = FrameWriter("s" * 32, "t" * 32)


def event(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)


def test_a_start_says_how_to_speak_and_nothing_to_say() -> None:
    start = read_event(event(**START, text_normalization=True))
    assert isinstance(start, TaskStart)
    request = start.request
    assert (request.script, request.speed, request.english_figures) == ((), 1.5, True)
    assert request.voices == (VoiceShare(voice_id="male-qn-qingse", field="voice_setting.voice_id"),)
    assert request.audio == AudioSetting(format=AudioFormat.PCM, sample_rate=24000, channels=2, streamed=True)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("你好。", ("你好。",)),
        ("one<#0.5#>two", ("one", Pause(milliseconds=500), "two")),
        ("……", ("……",)),
        ("😊", ("😊",)),
    ],
)
def test_a_text_may_be_a_piece_of_a_longer_one(text: str, script: tuple[object, ...]) -> None:
    assert read_event(event(event="task_continue", text=text)) == TaskContinue(script, len(text))  # type: ignore[arg-type]


def test_a_finish_says_nothing_else() -> None:
    assert read_event('{"event": "task_finish"}') == TaskFinish()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", SocketCode.EMPTY_TEXT),
        (" \n", SocketCode.EMPTY_TEXT),
        ("a" * 10001, SocketCode.TEXT_TOO_LONG),
    ],
)
def test_an_empty_text_and_one_too_long_are_skipped(text: str, code: SocketCode) -> None:
    skipped = read_event(event(event="task_continue", text=text))
    assert isinstance(skipped, Skipped)
    assert skipped.why.code is code


@pytest.mark.parametrize(
    ("frame", "error", "told"),
    [
        ("", MalformedBody, "is not JSON"),
        ("[]", InvalidField, "Expected `object`"),
        ("{}", InvalidField, "event: is required"),
        (event(event="task_stop"), SocketError, "there is no event 'task_stop'"),
        (event(event="task_continue"), InvalidField, "text: is required"),
        (event(event="task_continue", text="a<#1#>"), InvalidField, "text: must hold something"),
        (event(event="task_start"), InvalidField, "model: is required"),
        (event(**START | {"model": "gpt"}), UnknownModel, "unknown model 'gpt'"),
        (event(**START | {"voice_setting": {"voice_id": ""}}), InvalidField, "voice_setting.voice_id"),
        (event(**START | {"audio_setting": {"format": "wav"}}), InvalidField, "cannot be streamed"),
        (event(**START | {"audio_setting": {"format": "aac"}}), InvalidField, "audio_setting.format"),
        ('{"event": "task_continue", "text": "\ud800"}', MalformedBody, "JSON"),
    ],
)
def test_what_is_wrong_is_told_by_name(frame: str, error: type[RhapsodeError], told: str) -> None:
    with pytest.raises(error, match=told):
        read_event(frame)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SocketError(SocketCode.IDLE, "why"), (2201, "timeout disconnect, why")),
        (SocketError(SocketCode.ILLEGAL_EVENT, "why"), (2202, "illegal event, why")),
        (SocketError(SocketCode.EMPTY_TEXT, "why"), (2203, "empty text, why")),
        (SocketError(SocketCode.TEXT_TOO_LONG, "why"), (2204, "text too long, why")),
        (SocketError(SocketCode.OVER_LIMIT, "why"), (2205, "request over limit, why")),
        (UnknownVoice("voice_id", "x"), (2054, "voice id not exist, voice_id: voice id 'x' does not exist")),
        (
            MissingKey(),
            (1004, "login fail: Please carry the API secret key in the 'Authorization' field of the request header"),
        ),
        (UnknownKey(), (2049, "invalid api key")),
        (Draining("why"), (1001, "request timeout, why")),
        (InvalidField("a", "why"), (2013, "invalid params, a: why")),
    ],
)
def test_every_error_has_its_code(error: RhapsodeError, status: tuple[int, str]) -> None:
    told = status_of_socket(error)
    assert (told.status_code, told.status_msg) == status


def test_frames() -> None:
    end = SpeechEnd(milliseconds=500, size=9, subtitles=(), count=TextCount(characters=4, words=2, invisible=0))
    frames = [
        WRITER.connected(),
        WRITER.started(),
        WRITER.audio(b"\x00\xff"),
        WRITER.end(AudioSetting(), end),
        WRITER.skipped(SocketError(SocketCode.EMPTY_TEXT, "why")),
        WRITER.finished(),
        WRITER.failed(InvalidField("a", "b")),
    ]
    assert frames == snapshot(
        [
            '{"event":"connected_success","session_id":"ssssssssssssssssssssssssssssssss","trace_id":"tttttttttttttttttttttttttttttttt","base_resp":{"status_code":0,"status_msg":"success"}}',
            '{"event":"task_started","session_id":"ssssssssssssssssssssssssssssssss","trace_id":"tttttttttttttttttttttttttttttttt","base_resp":{"status_code":0,"status_msg":"success"}}',
            '{"event":"task_continued","session_id":"ssssssssssssssssssssssssssssssss","trace_id":"tttttttttttttttttttttttttttttttt","base_resp":{"status_code":0,"status_msg":"success"},"data":{"audio":"00ff"},"is_final":false}',
            '{"event":"task_continued","session_id":"ssssssssssssssssssssssssssssssss","trace_id":"tttttttttttttttttttttttttttttttt","base_resp":{"status_code":0,"status_msg":"success"},"data":{"audio":""},"is_final":true,"extra_info":{"audio_length":500,"audio_sample_rate":32000,"audio_size":9,"bitrate":128000,"word_count":2,"invisible_character_ratio":0,"usage_characters":4,"audio_format":"mp3","audio_channel":1}}',
            '{"event":"task_continued","session_id":"ssssssssssssssssssssssssssssssss","trace_id":"tttttttttttttttttttttttttttttttt","base_resp":{"status_code":2203,"status_msg":"empty text, why"},"data":{"audio":""},"is_final":true}',
            '{"event":"task_finished","session_id":"ssssssssssssssssssssssssssssssss","trace_id":"tttttttttttttttttttttttttttttttt","base_resp":{"status_code":0,"status_msg":"success"}}',
            '{"event":"task_failed","session_id":"ssssssssssssssssssssssssssssssss","trace_id":"tttttttttttttttttttttttttttttttt","base_resp":{"status_code":2013,"status_msg":"invalid params, a: b"}}',
        ]
    )
