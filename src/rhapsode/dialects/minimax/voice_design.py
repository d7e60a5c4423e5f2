"""A voice out of a description: `POST /v1/voice_design`, and `/v1/text2voice` before it. Contract, section 5.6."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.errors import NotSupported
from rhapsode.dialects.json_body import read_json
from rhapsode.dialects.minimax.own_voice_id import require_voice_id
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp

PREVIEW_LIMIT: Final = 500
"""characters"""
_DESCRIPTION_LIMIT: Final = 2000


class WireRequest(Struct, frozen=True):
    """The body of `voice_design`."""

    prompt: Annotated[str, Meta(min_length=1, max_length=_DESCRIPTION_LIMIT)]
    preview_text: Annotated[str, Meta(min_length=1, max_length=PREVIEW_LIMIT)]
    voice_id: str | None = None
    aigc_watermark: bool | None = None


class OlderRequest(Struct, frozen=True):
    """The body of `text2voice`."""

    gender: Literal["male", "female"]
    age: Literal["child", "teenager", "young", "middle-aged", "old"]
    voice_desc: Annotated[list[str], Meta(max_length=8)]
    text: Annotated[str, Meta(min_length=1, max_length=PREVIEW_LIMIT)]


class WireReply(Struct, frozen=True):
    """The answer to both."""

    voice_id: str
    trial_audio: str
    base_resp: BaseResp


@dataclass(frozen=True, kw_only=True)
class DesignRequest:
    """What is asked for. `field` is where the description stands. Without an id the voice gets one."""

    description: str
    field: str
    preview: str
    preview_field: str
    voice_id: str | None


_DECODER = msgspec.json.Decoder(WireRequest)
_OLDER_DECODER = msgspec.json.Decoder(OlderRequest)
_ENCODER = msgspec.json.Encoder()


def read_request(body: bytes) -> DesignRequest:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `NotSupported`."""
    wire = read_json(_DECODER, body)
    if wire.voice_id:
        require_voice_id(wire.voice_id)
    if wire.aigc_watermark:
        raise NotSupported("aigc_watermark")
    return DesignRequest(
        description=wire.prompt,
        field="prompt",
        preview=wire.preview_text,
        preview_field="preview_text",
        voice_id=wire.voice_id or None,
    )


def read_older_request(body: bytes) -> DesignRequest:
    """The same, as `text2voice` asks it."""
    wire = read_json(_OLDER_DECODER, body)
    return DesignRequest(
        description=", ".join((wire.gender, wire.age, *wire.voice_desc)),
        field="voice_desc",
        preview=wire.text,
        preview_field="text",
        voice_id=None,
    )


def write_reply(voice_id: str, trial_audio: bytes) -> bytes:
    """The answer; the sound is an MP3."""
    return _ENCODER.encode(WireReply(voice_id, trial_audio.hex(), BaseResp(SUCCESS, "success")))
