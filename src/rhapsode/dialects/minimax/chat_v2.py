"""Chat completion v2, requests: what a caller sends to `POST /v1/text/chatcompletion_v2`.

Fields and ranges: the contract's section 4.2; messages, tools and the reply's form have OpenAI's shape. Unknown fields
are ignored; an optional field that is null is absent.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.chat import ChatRequest, Sampling
from rhapsode.core.errors import InvalidField
from rhapsode.core.speech import SpeechRequest
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.chat_models import chat_model
from rhapsode.dialects.minimax.t2a import TimberWeights
from rhapsode.dialects.minimax.voice_setting import VoiceSetting, WireAudio, read_voice
from rhapsode.dialects.openai_shape.message import Message
from rhapsode.dialects.openai_shape.messages import read_messages
from rhapsode.dialects.openai_shape.response_format import ResponseFormat, read_response_format
from rhapsode.dialects.openai_shape.tools import Tool, ToolChoice, read_tools

REPLIER: Final = "MiniMax AI"
"""the name on a reply whose bot has none"""

Tokens = Annotated[int, Meta(gt=0)]
Share = Annotated[float, Meta(gt=0, le=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Stop = Annotated[str, Meta(min_length=1)]


class StreamOptions(Struct, frozen=True):
    """What a stream carries besides text."""

    include_usage: bool | None = None
    speech_output: bool | None = None


class WireRequest(Struct, frozen=True):
    """The body."""

    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[Message], Meta(min_length=1)]
    stream: bool | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Share | None = None
    top_p: Share | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    stop: Stop | Annotated[list[Stop], Meta(max_length=4)] | None = None
    mask_sensitive_info: bool | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    response_format: ResponseFormat | None = None
    stream_options: StreamOptions | None = None
    voice_setting: VoiceSetting | None = None
    audio_setting: WireAudio | None = None
    timber_weights: TimberWeights | None = None
    timbre_weights: TimberWeights | None = None


@dataclass(frozen=True, kw_only=True)
class V2Call:
    """What a call asks for. `voice`, if any, is how the stream is spoken besides; its script is empty.

    `usage_in_stream`: the last piece of the stream says what the reply cost, as the event after it does anyway.
    """

    request: ChatRequest
    stream: bool = False
    usage_in_stream: bool = False
    voice: SpeechRequest | None = None


_DECODER = msgspec.json.Decoder(WireRequest)


def read_request(body: bytes) -> V2Call:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `NotSupported`."""
    wire = read_json(_DECODER, body)
    model = chat_model(wire.model)
    said = read_messages(wire.messages, alias=REPLIER, lenient=True)
    tools = read_tools(wire.tools, wire.tool_choice)
    constraint = read_response_format(wire.response_format)
    require(
        constraint is None or not tools.functions,
        "response_format",
        "cannot be used together with tools; tool_choice 'none' takes them away",
    )
    request = ChatRequest(
        model=wire.model,
        bots=said.bots,
        samples=said.samples,
        turns=said.turns,
        reply_as=said.reply_as,
        max_tokens=_read_tokens(wire, model.tokens) or model.default_tokens,
        sampling=Sampling(
            temperature=wire.temperature or model.temperature,
            top_p=wire.top_p or model.top_p,
            presence_penalty=wire.presence_penalty or 0.0,
            frequency_penalty=wire.frequency_penalty or 0.0,
        ),
        stops=(wire.stop,) if isinstance(wire.stop, str) else tuple(wire.stop or ()),
        functions=tools.functions,
        must_call=tools.must_call,
        constraint=constraint,
        mask=bool(wire.mask_sensitive_info),
        search=tools.search,
        search_field="tools",
    )
    options = wire.stream_options or StreamOptions()
    return V2Call(
        request=request,
        stream=bool(wire.stream),
        usage_in_stream=bool(options.include_usage),
        voice=_read_voice(wire) if options.speech_output else None,
    )


def _read_tokens(wire: WireRequest, limit: int) -> int | None:
    """The limit under its two names, of which the first is the older one."""
    for name, value in (("max_tokens", wire.max_tokens), ("max_completion_tokens", wire.max_completion_tokens)):
        require((value or 0) <= limit, name, f"must be at most {limit} for this model")
    if None not in {wire.max_tokens, wire.max_completion_tokens}:
        same = wire.max_tokens == wire.max_completion_tokens
        require(same, "max_completion_tokens", "must be the same as max_tokens, its older name, or alone")
    return wire.max_completion_tokens or wire.max_tokens


def _read_voice(wire: WireRequest) -> SpeechRequest:
    require(wire.stream, "stream_options.speech_output", "needs stream to be true")
    if wire.voice_setting is None and not (wire.timber_weights or wire.timbre_weights):
        raise InvalidField("voice_setting", "is required with stream_options.speech_output")
    return read_voice(
        wire.voice_setting or VoiceSetting(),
        wire.audio_setting,
        timber=wire.timber_weights,
        timbre=wire.timbre_weights,
    )
