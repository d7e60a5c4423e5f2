"""T2A, the first speech endpoint: `POST /v1/text_to_speech`, read and written.

Fields and ranges: the contract's section 2. Success is the audio itself; an error is JSON. `timbre_weights`, a later
spelling, is read too and never written.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.errors import InvalidField, NotSupported, RhapsodeError, UnknownModel
from rhapsode.core.speech import SpeechRequest
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.pause_marks import read_script, write_script
from rhapsode.dialects.minimax.status import BaseResp, StatusError, check, status_of
from rhapsode.dialects.minimax.timber_weights import TimberWeights, read_voices, write_voices

CONTENT_TYPE = "audio/mpeg"  # a client in use wants exactly this
MODELS = ("speech-01", "speech-02")
TEXT_LIMIT = 500
"""A text has fewer characters than this, pause marks included."""


class WireRequest(Struct, frozen=True, omit_defaults=True):
    """The body."""

    model: str
    text: str
    voice_id: str | None = None
    timber_weights: TimberWeights | None = None
    timbre_weights: TimberWeights | None = None
    speed: Annotated[float, Meta(ge=0.5, le=2)] | None = None
    vol: Annotated[float, Meta(gt=0, le=10)] | None = None
    pitch: Annotated[int, Meta(ge=-12, le=12)] | None = None
    output_format: Literal["mp3", "wav", "pcm", "flac", "aac"] | None = None
    char_to_pitch: list[str] | None = None


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
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `UnknownModel`, `NotSupported`."""
    wire = read_json(_DECODER, body)
    if wire.model not in MODELS:
        raise UnknownModel(wire.model)
    if wire.output_format not in {None, "mp3"}:
        raise NotSupported("output_format", f"{wire.output_format} is not supported by this server yet; mp3 is")
    if wire.char_to_pitch:
        raise NotSupported("char_to_pitch")
    require(wire.text, "text", "must not be empty")
    require(len(wire.text) < TEXT_LIMIT, "text", f"must have fewer than {TEXT_LIMIT} characters, not {len(wire.text)}")
    return SpeechRequest(
        model=wire.model,
        script=read_script(wire.text),
        voices=read_voices(wire.voice_id, wire.timber_weights, wire.timbre_weights),
        speed=1.0 if wire.speed is None else wire.speed,
        volume=1.0 if wire.vol is None else wire.vol,
        pitch=wire.pitch or 0,
    )


def write_request(request: SpeechRequest) -> bytes:
    """The body that asks for `request`: `read_request` gives it back."""
    voice_id, timber = write_voices(request.voices)
    return _ENCODER.encode(
        WireRequest(
            model=request.model,
            text=write_script(request.script),
            voice_id=voice_id,
            timber_weights=timber,
            speed=request.speed,
            vol=request.volume,
            pitch=request.pitch,
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
