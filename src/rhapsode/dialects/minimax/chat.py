"""The first chat endpoint, requests: what a caller sends to `POST /v1/text/chatcompletion`.

Fields and ranges: the contract's section 4.1. Unknown fields are ignored; an optional field that is null is absent.
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.chat import Bot, ChatRequest, Role, Sampling, Turn
from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.chat_models import DEFAULT_TOKENS, chat_model

TEMPERATURE: Final = 0.9
"""the default of this endpoint, whatever the model"""

ASSISTANT: Final = Bot(name="", description="You are a helpful assistant.")
"""who replies where the caller describes nobody"""

Name = Annotated[str, Meta(min_length=1)]
Share = Annotated[float, Meta(gt=0, le=1)]


class Message(Struct, frozen=True):
    """One turn on the wire. `role_meta` names the speakers."""

    sender_type: Literal["USER", "BOT"]
    text: Annotated[str, Meta(min_length=1)]


class RoleMeta(Struct, frozen=True):
    """The names of the two who talk."""

    user_name: Name
    bot_name: Name


class WireRequest(Struct, frozen=True):
    """The body."""

    model: Name
    messages: Annotated[list[Message], Meta(min_length=1)]
    prompt: str | None = None
    role_meta: RoleMeta | None = None
    stream: bool | None = None
    use_standard_sse: bool | None = None
    beam_width: Annotated[int, Meta(ge=1, le=4)] | None = None
    tokens_to_generate: Annotated[int, Meta(gt=0)] | None = None
    temperature: Share | None = None
    top_p: Share | None = None
    skip_info_mask: bool | None = None
    continue_last_message: bool | None = None
    knowledge_base_param: dict[str, object] | None = None


@dataclass(frozen=True, kw_only=True)
class ChatCall:
    """What a call asks for. `standard_sse`: two newlines end an event of the stream, not one."""

    request: ChatRequest
    stream: bool = False
    standard_sse: bool = False


_DECODER = msgspec.json.Decoder(WireRequest)


def read_request(body: bytes) -> ChatCall:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `NotSupported`."""
    wire = read_json(_DECODER, body)
    if (wire.beam_width or 1) > 1:
        raise NotSupported("beam_width", "must be 1: this server makes one reply a call")
    if wire.knowledge_base_param is not None:
        raise NotSupported("knowledge_base_param", "this server keeps no knowledge bases")
    limit = chat_model(wire.model).tokens
    tokens = wire.tokens_to_generate or DEFAULT_TOKENS
    require(tokens <= limit, "tokens_to_generate", f"must be at most {limit} for this model")
    begun = wire.messages[-1].text if wire.continue_last_message else ""
    bot, user_name = _read_roles(wire)
    turns = wire.messages[:-1] if begun else wire.messages
    request = ChatRequest(
        model=wire.model,
        bots=(bot,),
        turns=tuple(
            Turn(role=Role.USER, speaker=user_name, text=turn.text)
            if turn.sender_type == "USER"
            else Turn(role=Role.BOT, speaker=bot.name, text=turn.text)
            for turn in turns
        ),
        reply_as=bot.name,
        max_tokens=tokens,
        sampling=Sampling(temperature=wire.temperature or TEMPERATURE, top_p=wire.top_p or 0.95),
        begun=begun,
        mask=not wire.skip_info_mask,
    )
    return ChatCall(request=request, stream=bool(wire.stream), standard_sse=bool(wire.use_standard_sse))


def _read_roles(wire: WireRequest) -> tuple[Bot, str]:
    """The bot, and the user's name. Raises `InvalidField`."""
    last = len(wire.messages) - 1
    require(
        wire.messages[-1].sender_type == "USER" or wire.continue_last_message,
        f"messages[{last}].sender_type",
        "must be USER in the last message, unless continue_last_message is true",
    )
    if wire.role_meta is None:
        require(not wire.prompt, "role_meta", "is required with prompt")
        return ASSISTANT, ""
    if wire.prompt is None:
        raise InvalidField("prompt", "is required with role_meta")
    return Bot(name=wire.role_meta.bot_name, description=wire.prompt), wire.role_meta.user_name
