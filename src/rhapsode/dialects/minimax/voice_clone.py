"""A voice out of a recording: `POST /v1/voice_clone`, read and written. Fields: the contract's section 5.3."""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.errors import NotSupported
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.language_boost import read_language
from rhapsode.dialects.minimax.own_voice_id import require_voice_id
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp
from rhapsode.dialects.minimax.voice_setting import SPEECH_MODELS

PREVIEW_LIMIT: Final = 2000
"""characters"""

_ENDS: Final = "。！？；….!?;"
_CARRIED: Final = (
    "the embedded engine carries the speaker's pitch and its range, the length of the vocal tract, spectral tilt, "
    "breathiness and pace; not the accent, the articulation or the identity"
)


class ClonePrompt(Struct, frozen=True):
    """A short recording beside the sample, and what is said in it."""

    prompt_audio: int
    prompt_text: Annotated[str, Meta(min_length=1)]


class WireRequest(Struct, frozen=True):
    """The body."""

    file_id: int
    voice_id: str
    clone_prompt: ClonePrompt | None = None
    text: Annotated[str, Meta(max_length=PREVIEW_LIMIT)] | None = None
    model: str | None = None
    language_boost: str | None = None
    need_noise_reduction: bool | None = None
    need_volume_normalization: bool | None = None
    aigc_watermark: bool | None = None


class ExtraInfo(Struct, frozen=True):
    """What the preview counted, and what a clone is here."""

    usage_characters: int
    cloned: str = _CARRIED


class WireReply(Struct, frozen=True):
    """The answer."""

    input_sensitive: bool
    input_sensitive_type: int
    demo_audio: str
    extra_info: ExtraInfo
    base_resp: BaseResp


@dataclass(frozen=True, kw_only=True)
class CloneRequest:
    """What is asked for. `prompt_id`: the file of a second, short recording. `preview`: a model, and what it says."""

    voice_id: str
    file_id: int
    prompt_id: int | None
    preview: tuple[str, str] | None
    language: str | None


_DECODER = msgspec.json.Decoder(WireRequest)
_ENCODER = msgspec.json.Encoder()


def read_request(body: bytes) -> CloneRequest:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `NotSupported`.

    `need_volume_normalization` changes nothing: no figure that is measured depends on how loud the recording is.
    """
    wire = read_json(_DECODER, body)
    require_voice_id(wire.voice_id)
    if wire.need_noise_reduction:
        raise NotSupported("need_noise_reduction", "is not done here: send a recording without noise")
    if wire.aigc_watermark:
        raise NotSupported("aigc_watermark")
    if wire.clone_prompt is not None:
        said = wire.clone_prompt.prompt_text.rstrip()
        require(said.endswith(tuple(_ENDS)), "clone_prompt.prompt_text", "must end with a punctuation mark")
    preview = None
    if wire.text:
        require(bool(wire.model), "model", "is required where there is a text to be spoken")
        require(wire.model in SPEECH_MODELS, "model", f"unknown model {(wire.model or '')[:80]!r}")
        preview = (wire.model or "", wire.text)
    return CloneRequest(
        voice_id=wire.voice_id,
        file_id=wire.file_id,
        prompt_id=wire.clone_prompt.prompt_audio if wire.clone_prompt is not None else None,
        preview=preview,
        language=read_language(wire.language_boost, "language_boost"),
    )


def write_reply(*, demo_audio: str, usage_characters: int) -> bytes:
    """The answer. `demo_audio` is the address of the preview, or nothing."""
    return _ENCODER.encode(
        WireReply(
            input_sensitive=False,
            input_sensitive_type=0,
            demo_audio=demo_audio,
            extra_info=ExtraInfo(usage_characters),
            base_resp=BaseResp(SUCCESS, "success"),
        )
    )
