"""Chat completions in OpenAI's shape, requests: `POST /v1/chat/completions`, read and written.

Fields and ranges: https://platform.openai.com/docs/api-reference/chat/create. Unknown fields are ignored, as the
platform does on this path; an optional field that is null is absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.chat import ChatRequest
from rhapsode.core.errors import NotSupported
from rhapsode.dialects.json_body import read_json
from rhapsode.dialects.minimax.chat_models import chat_model
from rhapsode.dialects.openai_shape.chat_body import ChatBody, read_chat
from rhapsode.dialects.openai_shape.messages import write_messages
from rhapsode.dialects.openai_shape.response_format import write_response_format
from rhapsode.dialects.openai_shape.tools import Tool, write_tools


class StreamOptions(Struct, frozen=True, omit_defaults=True):
    """What a stream tells beside the reply."""

    include_usage: bool | None = None


class WireRequest(ChatBody, frozen=True, omit_defaults=True, kw_only=True):
    """The body. The second half is what OpenAI has and this server refuses."""

    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    parallel_tool_calls: bool | None = None

    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    modalities: list[str] | None = None
    audio: dict[str, object] | None = None
    functions: list[dict[str, object]] | None = None
    function_call: str | dict[str, object] | None = None


@dataclass(frozen=True, kw_only=True)
class ChatCall:
    """What a call asks for: a reply, whole or as a stream.

    `include_usage`: a stream tells the tokens too. `one_call`: at most one function may be called.
    """

    request: ChatRequest
    stream: bool = False
    include_usage: bool = False
    one_call: bool = False


_DECODER: Final = msgspec.json.Decoder(WireRequest)
_ENCODER: Final = msgspec.json.Encoder()


def read_request(body: bytes) -> ChatCall:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `NotSupported`."""
    wire = read_json(_DECODER, body)
    _refuse_what_is_not_served(wire)
    model = chat_model(wire.model)
    request = read_chat(
        wire,
        most_tokens=model.tokens,
        default_tokens=model.tokens,
        temperature=model.temperature if wire.temperature is None else wire.temperature,
        default_top_p=model.top_p,
        seed=wire.seed,
    )
    return ChatCall(
        request=request,
        stream=bool(wire.stream),
        include_usage=bool(wire.stream_options and wire.stream_options.include_usage),
        one_call=wire.parallel_tool_calls is False,
    )


def write_request(call: ChatCall, extra: Mapping[str, object] | None = None) -> bytes:
    """The body that asks for `call`: `read_request` gives it back. `extra` are fields that the shape does not have.

    Nothing is said of a token limit that is the model's own: a server refuses one beyond its context. Raises
    `NotSupported` for what the shape cannot say.
    """
    request, sampling = call.request, call.request.sampling
    tools, choice = write_tools(request.functions, request.must_call)
    if request.search:
        tools = [*(tools or ()), Tool("web_search")]
    limited = request.max_tokens < chat_model(request.model).tokens
    wire = WireRequest(
        model=request.model,
        messages=write_messages(request),
        stream=call.stream or None,
        stream_options=StreamOptions(include_usage=True) if call.include_usage else None,
        max_tokens=request.max_tokens if limited else None,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        seed=sampling.seed,
        presence_penalty=sampling.presence_penalty or None,
        frequency_penalty=sampling.frequency_penalty or None,
        stop=list(request.stops) or None,
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=False if call.one_call else None,
        response_format=write_response_format(request.constraint),
        mask_sensitive_info=request.mask or None,
    )
    if not extra:
        return _ENCODER.encode(wire)
    return _ENCODER.encode({**msgspec.to_builtins(wire), **extra})


def _refuse_what_is_not_served(wire: WireRequest) -> None:
    if wire.n is not None and wire.n != 1:
        raise NotSupported("n", "must be 1: this server gives one reply a call")
    if wire.logprobs:
        raise NotSupported("logprobs")
    if wire.top_logprobs:
        raise NotSupported("top_logprobs")
    if wire.modalities is not None and wire.modalities != ["text"]:
        raise NotSupported("modalities", 'must be ["text"] on this server')
    if wire.audio is not None:
        raise NotSupported("audio")
    if wire.functions:
        raise NotSupported("functions", "is the older form of tools, which are supported")
    if isinstance(wire.function_call, dict):
        raise NotSupported("function_call", "is the older form of tool_choice, which is supported")
