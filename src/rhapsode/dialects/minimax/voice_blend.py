"""A blend under a name of its own: `POST /v1/voice_blend`. It is ours; the platform blends in each call alone."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from rhapsode.core.voice import OwnVoice, VoiceShare
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.own_voice_id import require_voice_id
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp
from rhapsode.dialects.minimax.timber_weights import TimberWeights, read_voices
from rhapsode.dialects.minimax.voices import day


class WireRequest(Struct, frozen=True):
    """The body."""

    voice_id: str
    timber_weights: TimberWeights | None = None
    timbre_weights: TimberWeights | None = None


class WireReply(Struct, frozen=True):
    """The answer."""

    voice_id: str
    created_time: str
    base_resp: BaseResp


_DECODER = msgspec.json.Decoder(WireRequest)
_ENCODER = msgspec.json.Encoder()


def read_request(body: bytes) -> tuple[str, Sequence[VoiceShare]]:
    """The blend's id and its shares. Raises `MalformedBody`, `InvalidField`."""
    wire = read_json(_DECODER, body)
    require_voice_id(wire.voice_id)
    require(bool(wire.timber_weights or wire.timbre_weights), "timber_weights", "must name one to four voices")
    return wire.voice_id, read_voices(None, wire.timber_weights, wire.timbre_weights)


def write_reply(made: OwnVoice) -> bytes:
    """The answer."""
    return _ENCODER.encode(WireReply(made.id, day(made.created), BaseResp(SUCCESS, "success")))
