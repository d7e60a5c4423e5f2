"""T2A Pro, long texts spoken at once: `POST /v1/t2a_pro`, read and written. Fields: the contract's section 3.1."""

from typing import Final, Literal

import msgspec
from msgspec import Struct

from rhapsode.core.errors import RhapsodeError
from rhapsode.core.speech import AudioFormat, SpeechEnd, SpeechRequest
from rhapsode.dialects.json_body import read_json
from rhapsode.dialects.minimax.extra_info import ExtraInfo, extra_info
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, status_of
from rhapsode.dialects.minimax.t2a_body import PackedBody, read_speech

TEXT_LIMIT: Final = 50000
MOST_SILENCE: Final = 3600
"""seconds"""


class WireRequest(PackedBody, frozen=True, omit_defaults=True, kw_only=True):
    """The body."""

    output_format: Literal["mp3", "wav", "pcm", "flac", "aac"] | None = None


class WireReply(Struct, frozen=True):
    """The answer. The two files are where they can be fetched."""

    trace_id: str
    audio_file: str
    subtitle_file: str
    extra_info: ExtraInfo
    base_resp: BaseResp


class WireError(Struct, frozen=True):
    """The answer to a call that failed."""

    trace_id: str
    base_resp: BaseResp


_DECODER: Final = msgspec.json.Decoder(WireRequest)
_ENCODER: Final = msgspec.json.Encoder()


def read_request(body: bytes) -> SpeechRequest:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `UnknownModel`."""
    wire = read_json(_DECODER, body)
    audio = wire.packing(AudioFormat(wire.output_format or "mp3"))
    return read_speech(wire, audio, most_characters=TEXT_LIMIT, most_silence=MOST_SILENCE)


def write_reply(request: SpeechRequest, end: SpeechEnd, *, trace_id: str, audio_url: str, subtitle_url: str) -> bytes:
    """The answer."""
    info = extra_info(request.audio, end)
    return _ENCODER.encode(WireReply(trace_id, audio_url, subtitle_url, info, BaseResp(SUCCESS, "success")))


def write_error(error: RhapsodeError, *, trace_id: str) -> bytes:
    """The answer to a call that failed."""
    return _ENCODER.encode(WireError(trace_id, status_of(error)))
