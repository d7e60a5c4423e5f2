"""T2A, the first speech endpoint: `POST /v1/text_to_speech`, read and written.

Fields and ranges: the contract's section 2. Success is the audio itself; an error is JSON. `timbre_weights`, a later
spelling, is read too and never written.
"""

from typing import Final, Literal

import msgspec
from msgspec import Struct

from rhapsode.core.errors import InvalidField, RhapsodeError
from rhapsode.core.speech import AudioFormat, AudioSetting, SpeechRequest
from rhapsode.dialects.json_body import read_json
from rhapsode.dialects.minimax.pause_marks import write_script
from rhapsode.dialects.minimax.pronunciation import write_reading
from rhapsode.dialects.minimax.status import BaseResp, StatusError, check, status_of
from rhapsode.dialects.minimax.t2a_body import T2aBody, read_speech
from rhapsode.dialects.minimax.timber_weights import write_voices

CONTENT_TYPES: Final = {
    AudioFormat.MP3: "audio/mpeg",  # a client in use wants exactly this
    AudioFormat.WAV: "audio/wav",
    AudioFormat.PCM: "audio/pcm",
    AudioFormat.FLAC: "audio/flac",
    AudioFormat.AAC: "audio/aac",
}


class WireRequest(T2aBody, frozen=True, omit_defaults=True, kw_only=True):
    """The body."""

    output_format: Literal["mp3", "wav", "pcm", "flac", "aac"] | None = None


class WireError(Struct, frozen=True):
    """The answer to a call that failed."""

    trace_id: str | None = None
    base_resp: BaseResp | None = None


class _AnyError(Struct, frozen=True):
    """As another server writes it: chat calls the trace id `id`, and what answers before the endpoint may too."""

    trace_id: str | None = None
    id: str | None = None
    base_resp: BaseResp | None = None


_DECODER = msgspec.json.Decoder(WireRequest)
_ERROR_DECODER = msgspec.json.Decoder(_AnyError)
_ENCODER = msgspec.json.Encoder()


def read_request(body: bytes) -> SpeechRequest:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `UnknownModel`."""
    wire = read_json(_DECODER, body)
    return read_speech(wire, AudioSetting(format=AudioFormat(wire.output_format or "mp3")))


def write_request(request: SpeechRequest) -> bytes:
    """The body that asks for `request`: `read_request` gives it back."""
    voice_id, timber = write_voices(request.voices)
    packing = request.audio.format
    return _ENCODER.encode(
        WireRequest(
            model=request.model,
            text=write_script(request.script),
            voice_id=voice_id,
            timber_weights=timber,
            speed=request.speed,
            vol=request.volume,
            pitch=request.pitch,
            output_format=None if packing is AudioFormat.MP3 else packing.value,
            char_to_pitch=[write_reading(reading) for reading in request.readings] or None,
        )
    )


def write_error(error: RhapsodeError, *, trace_id: str) -> bytes:
    """The answer to a call that failed."""
    return _ENCODER.encode(WireError(trace_id, status_of(error)))


def read_error(body: bytes, *, trace_id: str | None = None) -> StatusError:
    """What another server's JSON answer says; success never is JSON here. Raises `MalformedBody`."""
    wire = read_json(_ERROR_DECODER, body)
    try:
        check(wire.base_resp, wire.trace_id or wire.id or trace_id)
    except StatusError as error:
        return error
    raise InvalidField("base_resp", "a JSON answer that does not say what failed")
