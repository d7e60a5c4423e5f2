"""Long texts, the first endpoint: `POST /v1/t2a_async`, a form, and its query. Fields: the contract's section 3.2."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from rhapsode.core.errors import InvalidField, RhapsodeError, UnknownModel
from rhapsode.core.speech import AudioFormat, AudioSetting, SpeechRequest, TextCount
from rhapsode.dialects.json_body import read_json
from rhapsode.dialects.minimax.extra_info import packed_bit_rate
from rhapsode.dialects.minimax.pronunciation import read_readings
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, status_of
from rhapsode.dialects.minimax.t2a_body import PackedBody
from rhapsode.dialects.minimax.timber_weights import read_voices

MODELS: Final = ("speech-01",)

_AS_JSON: Final = frozenset(
    {"speed", "vol", "pitch", "audio_sample_rate", "bitrate", "timber_weights", "timbre_weights", "char_to_pitch"}
)
"""fields that are no text: a form writes them as JSON does"""


class WireForm(PackedBody, frozen=True, kw_only=True):
    """The form's fields, but for the file that holds the text."""

    text: str = ""
    output_format: Literal["mp3", "pcm", "flac", "aac"] | None = None


class WireReply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a task that was taken, and about one. What is not known before the sound is there is left out."""

    task_id: int
    task_token: str
    status: str | UnsetType = UNSET
    file_id: int | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    audio_length: int | UnsetType = UNSET
    audio_sample_rate: int | UnsetType = UNSET
    audio_size: int | UnsetType = UNSET
    bitrate: int | UnsetType = UNSET
    word_count: int
    invisible_character_ratio: float
    usage_characters: int
    base_resp: BaseResp = BaseResp(SUCCESS, "success")


class _Error(msgspec.Struct, frozen=True):
    base_resp: BaseResp


_DECODER: Final = msgspec.json.Decoder(WireForm)
_ENCODER: Final = msgspec.json.Encoder()


def read_form(fields: Mapping[str, str]) -> SpeechRequest:
    """How to speak. Raises `InvalidField`, `UnknownModel`."""
    values = {name: _read_value(name, text) for name, text in fields.items() if text}
    wire = read_json(_DECODER, _ENCODER.encode(values))
    if wire.model not in MODELS:
        raise UnknownModel(wire.model)
    setting = AudioSetting()
    return SpeechRequest(
        model=wire.model,
        script=(),
        voices=read_voices(wire.voice_id, wire.timber_weights, wire.timbre_weights),
        speed=1.0 if wire.speed is None else wire.speed,
        volume=1.0 if wire.vol is None else wire.vol,
        pitch=wire.pitch or 0,
        readings=read_readings(wire.char_to_pitch, "char_to_pitch"),
        audio=AudioSetting(
            format=AudioFormat(wire.output_format or "mp3"),
            sample_rate=wire.audio_sample_rate or setting.sample_rate,
            bitrate=wire.bitrate or setting.bitrate,
            streamed=True,
        ),
    )


def write_created(*, task_id: int, token: str, file_id: int, count: TextCount, audio: AudioSetting) -> bytes:
    """The answer to a task that was taken."""
    return _ENCODER.encode(
        WireReply(
            task_id=task_id,
            task_token=token,
            file_id=file_id,
            audio_sample_rate=audio.sample_rate,
            bitrate=packed_bit_rate(audio),
            word_count=count.words,
            invisible_character_ratio=round(count.invisible, 4),
            usage_characters=count.characters,
        )
    )


def write_status(
    *,
    task_id: int,
    token: str,
    status: str,
    file_id: int | None,
    reason: str | None,
    count: TextCount,
    milliseconds: int | None,
    size: int | None,
) -> bytes:
    """The answer about a task. `reason`, which the platform does not have, says why one failed."""
    return _ENCODER.encode(
        WireReply(
            task_id=task_id,
            task_token=token,
            status=status,
            file_id=UNSET if file_id is None else file_id,
            reason=UNSET if reason is None else reason,
            audio_length=UNSET if milliseconds is None else milliseconds,
            audio_size=UNSET if size is None else size,
            word_count=count.words,
            invisible_character_ratio=round(count.invisible, 4),
            usage_characters=count.characters,
        )
    )


def write_error(error: RhapsodeError) -> bytes:
    """The answer to a call that failed."""
    return _ENCODER.encode(_Error(status_of(error)))


def _read_value(name: str, text: str) -> object:
    if name not in _AS_JSON:
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise InvalidField(name, "must be written as in JSON") from error
