"""Long texts: `POST /v1/t2a_async_v2` and its query, read and written. Fields: the contract's section 3.6."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from rhapsode.core.errors import InvalidField, RhapsodeError
from rhapsode.core.speech import AudioFormat, AudioSetting, Pause, SpeechRequest
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.files import FileId, read_file_id
from rhapsode.dialects.minimax.pause_marks import read_script, read_text, write_script
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, check, status_of_v2
from rhapsode.dialects.minimax.voice_setting import SpeechBody, present, read_speech, write_speech

TEXT_LIMIT: Final = 50_000
"""characters of `text`"""
FILE_LIMIT: Final = 100_000
"""a text of a file has fewer characters"""
ALL_LIMIT: Final = 10_000_000
"""all texts of a zip have fewer together"""
MOST_SILENCE: Final = 24 * 3600
"""seconds, of each text"""

INPUT_PURPOSES: Final = ("t2a_async_input", "t2a_async")

_NO_WAV: Final = "wav is not for long texts: mp3, pcm and flac are"


class WireAudio(Struct, frozen=True):
    """The packing. Other endpoints call the rate `sample_rate`; callers of this one may."""

    audio_sample_rate: Literal[8000, 16000, 22050, 24000, 32000, 44100] | None = None
    sample_rate: Literal[8000, 16000, 22050, 24000, 32000, 44100] | None = None
    bitrate: Literal[32000, 64000, 128000, 256000] | None = None
    format: Literal["mp3", "pcm", "flac", "wav"] | None = None
    channel: Literal[1, 2] | None = None
    force_cbr: bool | None = None


class WireRequest(SpeechBody, frozen=True, kw_only=True):
    """The body."""

    text: str | None = None
    text_file_id: FileId | None = None
    audio_setting: WireAudio | None = None


@dataclass(frozen=True, kw_only=True)
class AsyncCall:
    """What is asked for: how to speak, and either what, or the file that it stands in."""

    request: SpeechRequest
    file_id: int | None


class _Created(Struct, frozen=True):
    task_id: int
    task_token: str
    file_id: int
    usage_characters: int
    base_resp: BaseResp


class _Status(Struct, frozen=True):
    task_id: int
    status: str
    file_id: int | UnsetType
    reason: str | UnsetType
    base_resp: BaseResp


class _Error(Struct, frozen=True):
    base_resp: BaseResp


class WireTold(Struct, frozen=True):
    """What other servers tell of a task; their ids are numbers or texts."""

    task_id: int | str | None = None
    status: str = ""
    file_id: int | str | None = None
    reason: str = ""
    base_resp: BaseResp | None = None


@dataclass(frozen=True, kw_only=True)
class TaskTold:
    """How far a task is. `status` is in small letters; `file_id` names what will be, or is, its result."""

    status: str
    file_id: str | None
    reason: str


_DECODER: Final = msgspec.json.Decoder(WireRequest)
_TOLD_DECODER: Final = msgspec.json.Decoder(WireTold)
_ENCODER: Final = msgspec.json.Encoder()
_OK: Final = BaseResp(SUCCESS, "success")


def read_request(body: bytes) -> AsyncCall:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `UnknownModel`, `NotSupported`."""
    wire = read_json(_DECODER, body)
    request = read_speech(wire, _read_audio(wire.audio_setting or WireAudio()))
    if wire.text_file_id is not None and wire.text:
        raise InvalidField("text", "must be left out where there is text_file_id")
    if wire.text_file_id is not None:
        return AsyncCall(request=request, file_id=int(wire.text_file_id))
    require(wire.text, "text", "one of text and text_file_id is required")
    script = read_text(wire.text or "", most_characters=TEXT_LIMIT, most_silence=MOST_SILENCE)
    return AsyncCall(request=replace(request, script=script), file_id=None)


def write_request(request: SpeechRequest) -> bytes:
    """The body that asks for a text to be spoken later: `read_request` gives it back, but for `streamed`."""
    audio = request.audio
    return _ENCODER.encode(
        present(
            **write_speech(request),
            text=write_script(request.script),
            audio_setting={
                "audio_sample_rate": audio.sample_rate,
                "bitrate": audio.bitrate,
                "format": audio.format,
                "channel": audio.channels,
            },
        )
    )


def read_created(body: bytes) -> str:
    """The task that another server has taken. Raises `StatusError`, `MalformedBody`, `InvalidField`."""
    wire = read_json(_TOLD_DECODER, body)
    check(wire.base_resp, None)
    require(wire.task_id not in {None, ""}, "task_id", "is missing")
    return str(wire.task_id)


def read_status(body: bytes) -> TaskTold:
    """What another server tells of a task. Raises as `read_created`."""
    wire = read_json(_TOLD_DECODER, body)
    check(wire.base_resp, None)
    file_id = None if wire.file_id in {None, ""} else str(wire.file_id)
    return TaskTold(status=wire.status.lower(), file_id=file_id, reason=wire.reason)


def read_document(text: str, *, field: str) -> tuple[str | Pause, ...]:
    """A text out of a file. Raises `InvalidField`."""
    return read_script(text, field=field, most_silence=MOST_SILENCE)


def read_task_id(query: Mapping[str, str]) -> int:
    """Which task is asked about. Raises `InvalidField`."""
    return read_file_id(query, "task_id")


def write_created(*, task_id: int, token: str, file_id: int, characters: int) -> bytes:
    """The answer to a task that was taken."""
    return _ENCODER.encode(_Created(task_id, token, file_id, characters, _OK))


def write_status(*, task_id: int, status: str, file_id: int | None, reason: str | None) -> bytes:
    """The answer about a task. `reason`, which the platform does not have, says why one failed."""
    return _ENCODER.encode(
        _Status(task_id, status, UNSET if file_id is None else file_id, UNSET if reason is None else reason, _OK)
    )


def write_error(error: RhapsodeError) -> bytes:
    """The answer to a call that failed."""
    return _ENCODER.encode(_Error(status_of_v2(error)))


def _read_audio(wire: WireAudio) -> AudioSetting:
    require(wire.format != "wav", "audio_setting.format", _NO_WAV)
    setting = AudioSetting()
    return AudioSetting(
        format=AudioFormat(wire.format or "mp3"),
        sample_rate=wire.audio_sample_rate or wire.sample_rate or setting.sample_rate,
        bitrate=wire.bitrate or setting.bitrate,
        channels=wire.channel or setting.channels,
        streamed=True,  # hours of sound are not held in memory for a header
    )
