"""The voices there are: `POST /v1/get_voice`, read and written. Fields: the contract's section 5.4."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from rhapsode.core.errors import RhapsodeError
from rhapsode.core.voice import OwnVoice, Voice
from rhapsode.dialects.json_body import read_json
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, status_of

VoiceType = Literal["system", "voice_cloning", "voice_generation", "all"]

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


class WireError(Struct, frozen=True):
    """The answer to a call that failed."""

    base_resp: BaseResp


_DECODER = msgspec.json.Decoder(WireRequest)
_ENCODER = msgspec.json.Encoder()


def read_request(body: bytes) -> VoiceType:
    """Which voices are asked for. Raises `MalformedBody`, `InvalidField`."""
    return read_json(_DECODER, body).voice_type


def write_reply(
    asked: VoiceType, *, system: Sequence[Voice], cloned: Sequence[OwnVoice], designed: Sequence[OwnVoice]
) -> bytes:
    """The answer: of what there is, what was asked for."""

    def made(kind: VoiceType, voices: Sequence[OwnVoice]) -> list[MadeVoice]:
        return [_made(voice) for voice in voices] if asked in {kind, "all"} else []

    return _ENCODER.encode(
        WireReply(
            system_voice=[_system(voice) for voice in system] if asked in {"system", "all"} else [],
            voice_cloning=made("voice_cloning", cloned),
            voice_generation=made("voice_generation", designed),
            base_resp=BaseResp(SUCCESS, "success"),
        )
    )


def write_error(error: RhapsodeError) -> bytes:
    """The answer to a call that failed."""
    return _ENCODER.encode(WireError(status_of(error)))


def _system(voice: Voice) -> SystemVoice:
    who = f"{voice.name_en}: {voice.gender.value}, {voice.age.value}, {voice.style} ({voice.language})"
    return SystemVoice(voice_id=voice.id, voice_name=voice.name_zh, description=[who])


def _made(voice: OwnVoice) -> MadeVoice:
    made = datetime.fromtimestamp(voice.created, UTC).strftime("%Y-%m-%d")
    return MadeVoice(voice_id=voice.id, description=[voice.description] if voice.description else [], created_time=made)
