"""Voices listed and deleted: `POST /v1/get_voice`, `/v1/delete_voice`. Fields: the contract, sections 5.4 and 5.5."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from rhapsode.core.errors import RhapsodeError
from rhapsode.core.voice import OwnKind, OwnVoice, Voice
from rhapsode.dialects.json_body import read_json
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, status_of

VoiceType = Literal["system", "voice_cloning", "voice_generation", "voice_blend", "all"]
"""`voice_blend` is ours: blends that were saved. They are not told of where it is not asked for."""

_NEVER_MADE = "1970-01-01"
"""what the platform says of voices that nobody made"""


class WireRequest(Struct, frozen=True):
    """The body."""

    voice_type: VoiceType


class SystemVoice(Struct, frozen=True):
    """A voice of everybody's."""

    voice_id: str
    voice_name: str
    description: list[str]
    created_time: str = _NEVER_MADE


class MadeVoice(Struct, frozen=True):
    """A voice that a caller made."""

    voice_id: str
    description: list[str]
    created_time: str


class WireReply(Struct, frozen=True):
    """The answer. A list that was not asked for is empty: clients in use take the length of each."""

    system_voice: list[SystemVoice]
    voice_cloning: list[MadeVoice]
    voice_generation: list[MadeVoice]
    base_resp: BaseResp
    voice_blend: list[MadeVoice] | msgspec.UnsetType = msgspec.UNSET


class DeleteRequest(Struct, frozen=True):
    """The body of `delete_voice`. `voice_blend` is ours."""

    voice_type: Literal["voice_cloning", "voice_generation", "voice_blend"]
    voice_id: str


class DeleteReply(Struct, frozen=True):
    """Its answer."""

    voice_id: str
    created_time: str
    base_resp: BaseResp


class WireError(Struct, frozen=True):
    """The answer to a call that failed."""

    base_resp: BaseResp


_DECODER = msgspec.json.Decoder(WireRequest)
_DELETE_DECODER = msgspec.json.Decoder(DeleteRequest)
_ENCODER = msgspec.json.Encoder()


def read_request(body: bytes) -> VoiceType:
    """Which voices are asked for. Raises `MalformedBody`, `InvalidField`."""
    return read_json(_DECODER, body).voice_type


def write_reply(asked: VoiceType, *, system: Sequence[Voice], own: Sequence[OwnVoice]) -> bytes:
    """The answer: of what there is, what was asked for."""

    def made(kind: OwnKind) -> list[MadeVoice]:
        return [_made(voice) for voice in own if voice.kind is kind] if asked in {kind.value, "all"} else []

    return _ENCODER.encode(
        WireReply(
            system_voice=[_system(voice) for voice in system] if asked in {"system", "all"} else [],
            voice_cloning=made(OwnKind.CLONED),
            voice_generation=made(OwnKind.DESIGNED),
            base_resp=BaseResp(SUCCESS, "success"),
            voice_blend=made(OwnKind.BLENDED) if asked == OwnKind.BLENDED.value else msgspec.UNSET,
        )
    )


def read_delete(body: bytes) -> tuple[OwnKind, str]:
    """Which voice is to go. Raises `MalformedBody`, `InvalidField`."""
    wire = read_json(_DELETE_DECODER, body)
    return OwnKind(wire.voice_type), wire.voice_id


def write_deleted(voice: OwnVoice) -> bytes:
    """The answer to `delete_voice`."""
    return _ENCODER.encode(DeleteReply(voice.id, day(voice.created), BaseResp(SUCCESS, "success")))


def write_error(error: RhapsodeError) -> bytes:
    """The answer to a call that failed."""
    return _ENCODER.encode(WireError(status_of(error)))


def _system(voice: Voice) -> SystemVoice:
    who = f"{voice.name_en}: {voice.gender.value}, {voice.age.value}, {voice.style} ({voice.language})"
    return SystemVoice(voice_id=voice.id, voice_name=voice.name_zh, description=[who])


def _made(voice: OwnVoice) -> MadeVoice:
    description = [voice.description] if voice.description else []
    return MadeVoice(voice_id=voice.id, description=description, created_time=day(voice.created))


def day(seconds: int) -> str:
    """A moment in seconds since 1970 as the platform writes it: the day, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
