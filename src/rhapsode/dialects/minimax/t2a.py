"""T2A, the first speech endpoint: `POST /v1/text_to_speech`, read and written.

Fields and ranges: the contract's section 2. Success is the audio itself; an error is JSON. `timbre_weights`, a later
spelling, is read too and never written.
"""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.errors import InvalidField, NotSupported, RhapsodeError, UnknownModel
from rhapsode.core.speech import Pause, SpeechRequest
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.status import BaseResp, StatusError, check, status_of

CONTENT_TYPE = "audio/mpeg"  # a client in use wants exactly this
MODELS = ("speech-01", "speech-02")
TEXT_LIMIT = 500
"""A text has fewer characters than this, pause marks included."""

_MARK = re.compile(r"<#(.*?)#>", re.DOTALL)
_SECONDS = re.compile(r"\d{1,2}(\.\d{1,2})?", re.ASCII)
_SHORTEST, _LONGEST = 10, 99990
_MOST_SILENCE = 600_000
"""milliseconds, 10 MB of MP3: the platform names no bound, and a text of 499 characters could ask for 82 minutes"""


class TimberWeight(Struct, frozen=True):
    """One voice of a blend on the wire."""

    voice_id: Annotated[str, Meta(min_length=1)]
    weight: Annotated[int, Meta(ge=1, le=100)]


TimberWeights = Annotated[list[TimberWeight], Meta(max_length=4)]


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
    one = len(request.voices) == 1 and request.voices[0].weight == 1
    return _ENCODER.encode(
        WireRequest(
            model=request.model,
            text="".join(map(_write_part, request.script)),
            voice_id=request.voices[0].voice_id if one else None,
            timber_weights=None if one else [TimberWeight(v.voice_id, int(v.weight)) for v in request.voices],
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


def read_script(text: str, *, field: str = "text") -> tuple[str | Pause, ...]:
    """Text cut at its pause marks `<#x#>`, x in seconds. Raises `InvalidField`."""
    pieces = _MARK.split(text)  # text, mark, text, mark, ..., text
    for spoken in pieces[::2]:
        if not any(map(str.isalnum, spoken)):
            rule = "must hold something that can be spoken"
            raise InvalidField(field, rule if len(pieces) == 1 else f"{rule} before, between and after its pause marks")
    script = tuple(_read_pause(piece, field) if i % 2 else piece for i, piece in enumerate(pieces))
    silence = sum(part.milliseconds for part in script if isinstance(part, Pause))
    rule = f"its pauses must not add up to more than {_MOST_SILENCE // 1000} seconds"
    require(silence <= _MOST_SILENCE, field, rule)
    return script


def read_voices(
    voice_id: str | None, timber: TimberWeights | None, timbre: TimberWeights | None, *, field: str = "voice_id"
) -> tuple[VoiceShare, ...]:
    """One voice, or a blend, which wins. `field` is where `voice_id` stands. Raises `InvalidField`."""
    for name, weights in (("timber_weights", timber), ("timbre_weights", timbre)):
        if weights:
            return tuple(
                VoiceShare(voice_id=each.voice_id, weight=each.weight, field=f"{name}[{index}].voice_id")
                for index, each in enumerate(weights)
            )
    if not voice_id:
        raise InvalidField(field, "one of voice_id and timber_weights is required")
    return (VoiceShare(voice_id=voice_id, field=field),)


def _read_pause(mark: str, field: str) -> Pause:
    valid = _SECONDS.fullmatch(mark)
    milliseconds = round(float(mark) * 1000) if valid else 0
    require(
        _SHORTEST <= milliseconds <= _LONGEST,
        field,
        "a pause mark is <#x#> with x from 0.01 to 99.99 seconds and at most two decimals",
    )
    return Pause(milliseconds=milliseconds)


def _write_part(part: str | Pause) -> str:
    return part if isinstance(part, str) else f"<#{part.milliseconds / 1000:.2f}#>"
