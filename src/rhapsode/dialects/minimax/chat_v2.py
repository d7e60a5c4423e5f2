"""Chat completion v2, requests: what a caller sends to `POST /v1/text/chatcompletion_v2`.

Fields and ranges: the contract's section 4.2; messages, tools and the reply's form have OpenAI's shape. Unknown fields
are ignored; an optional field that is null is absent.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.chat import ChatRequest
from rhapsode.core.errors import InvalidField
from rhapsode.core.speech import SpeechRequest
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.chat_models import chat_model
from rhapsode.dialects.minimax.timber_weights import TimberWeights
from rhapsode.dialects.minimax.voice_setting import NO_WAV, VoiceSetting, WireAudio, read_voice
from rhapsode.dialects.openai_shape.chat_body import ChatBody, read_chat

REPLIER: Final = "MiniMax AI"
"""the name on a reply whose bot has none"""


class StreamOptions(Struct, frozen=True):
    """What a stream carries besides text."""

    include_usage: bool | None = None
    speech_output: bool | None = None


class WireRequest(ChatBody, frozen=True, omit_defaults=True, kw_only=True):
    """The body."""

    temperature: Annotated[float, Meta(gt=0, le=1)] | None = None
    stream_options: StreamOptions | None = None
    voice_setting: VoiceSetting | None = None
    audio_setting: WireAudio | None = None
    timber_weights: TimberWeights | None = None
    timbre_weights: TimberWeights | None = None


@dataclass(frozen=True, kw_only=True)
class V2Call:
    """What a call asks for. `voice`, if any, is how the stream is spoken besides, if `aloud`; its script is empty.

    `usage_in_stream`: the last piece of the stream says what the reply cost, as the event after it does anyway.
    """

    request: ChatRequest
    stream: bool = False
    usage_in_stream: bool = False
    voice: SpeechRequest | None = None
    aloud: bool = False


_DECODER = msgspec.json.Decoder(WireRequest)


def read_request(body: bytes) -> V2Call:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `NotSupported`."""
    wire = read_json(_DECODER, body)
    model = chat_model(wire.model)
    request = read_chat(
        wire,
        most_tokens=model.tokens,
        default_tokens=model.default_tokens,
        temperature=wire.temperature or model.temperature,
        default_top_p=model.top_p,
        alias=REPLIER,
        lenient=True,
    )
    options = wire.stream_options or StreamOptions()
    return V2Call(
        request=request,
        stream=bool(wire.stream),
        usage_in_stream=bool(options.include_usage),
        voice=_read_voice(wire, aloud=bool(options.speech_output)),
        aloud=bool(options.speech_output),
    )


def _read_voice(wire: WireRequest, *, aloud: bool) -> SpeechRequest | None:
    """The voice, judged alike where nothing is spoken: a client that turns the sound on later need not look again."""
    require(wire.stream or not aloud, "stream_options.speech_output", "needs stream to be true")
    if wire.voice_setting is None and not (wire.timber_weights or wire.timbre_weights):
        if aloud or wire.audio_setting is not None:
            other = "stream_options.speech_output" if aloud else "audio_setting"
            raise InvalidField("voice_setting", f"is required with {other}")
        return None
    packing = wire.audio_setting or WireAudio()
    require(packing.format != "wav", "audio_setting.format", NO_WAV)
    return read_voice(
        wire.voice_setting or VoiceSetting(),
        wire.audio_setting,
        timber=wire.timber_weights,
        timbre=wire.timbre_weights,
    )
