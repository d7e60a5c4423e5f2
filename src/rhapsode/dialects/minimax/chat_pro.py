"""ChatCompletion Pro, requests: what a caller sends to `POST /v1/text/chatcompletion_pro`, read and written.

Fields and ranges: the contract's section 1.3. Unknown fields are ignored; an optional field that is null is absent.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.chat import Bot, ChatRequest, Role, Sampling, Turn
from rhapsode.core.errors import NotSupported
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.chat_models import DEFAULT_TOKENS, chat_model

Name = Annotated[str, Meta(min_length=1)]
FunctionName = Annotated[str, Meta(pattern=r"^(?!plugin_)[a-zA-Z0-9_-]{1,64}$")]
Share = Annotated[float, Meta(gt=0, le=1)]


class FunctionCall(Struct, frozen=True):
    """A call that the model made, given back with the turn that made it."""

    name: str
    arguments: str


class Message(Struct, frozen=True, omit_defaults=True):
    """One turn on the wire."""

    sender_type: Literal["USER", "BOT", "FUNCTION"]
    sender_name: Name
    text: str
    function_call: FunctionCall | None = None


class BotSetting(Struct, frozen=True):
    """One character on the wire."""

    bot_name: Name
    content: str


class ReplyConstraints(Struct, frozen=True, omit_defaults=True):
    """Who must reply, and in which form."""

    sender_type: Literal["BOT"]
    sender_name: Name
    glyph: dict[str, object] | None = None


class Function(Struct, frozen=True):
    """A function that the model may call."""

    name: FunctionName
    description: str | None = None
    parameters: dict[str, object] | None = None
    parameters_str: str | None = None


class FunctionChoice(Struct, frozen=True):
    """Whether a function must be called."""

    type: Literal["auto", "specific", "none"] | None = None
    name: str | None = None


class WireRequest(Struct, frozen=True, omit_defaults=True):
    """The body."""

    model: Name
    messages: Annotated[list[Message], Meta(min_length=1)]
    bot_setting: Annotated[list[BotSetting], Meta(min_length=1)]
    reply_constraints: ReplyConstraints
    stream: bool | None = None
    tokens_to_generate: Annotated[int, Meta(gt=0)] | None = None
    temperature: Share | None = None
    top_p: Share | None = None
    mask_sensitive_info: bool | None = None
    sample_messages: list[Message] | None = None
    functions: list[Function] | None = None
    function_call: FunctionChoice | None = None
    plugins: list[str] | None = None
    knowledge_base_param: dict[str, object] | None = None


@dataclass(frozen=True, kw_only=True)
class ProCall:
    """What a call asks for: a reply, whole or as a stream."""

    request: ChatRequest
    stream: bool = False


_DECODER = msgspec.json.Decoder(WireRequest)
_ENCODER = msgspec.json.Encoder()
_ROLES = {"USER": Role.USER, "BOT": Role.BOT}
_SENDER_TYPES: dict[Role, Literal["USER", "BOT"]] = {Role.USER: "USER", Role.BOT: "BOT"}


def read_request(body: bytes) -> ProCall:
    """What the body asks for.

    Raises `MalformedBody`, `InvalidField`, or `NotSupported` for what the platform has and this server has not yet.
    """
    wire = read_json(_DECODER, body)
    _refuse_what_is_not_served(wire)
    model = chat_model(wire.model)
    tokens = DEFAULT_TOKENS if wire.tokens_to_generate is None else wire.tokens_to_generate
    require(tokens <= model.tokens, "tokens_to_generate", f"must be at most {model.tokens} for this model")
    replier = wire.reply_constraints.sender_name
    require(
        replier in _bot_names(wire.bot_setting),
        "reply_constraints.sender_name",
        "must be the bot_name of one of bot_setting",
    )
    request = ChatRequest(
        model=wire.model,
        bots=tuple(Bot(name=bot.bot_name, description=bot.content) for bot in wire.bot_setting),
        samples=tuple(_turn("sample_messages", i, m) for i, m in enumerate(wire.sample_messages or ())),
        turns=tuple(_turn("messages", i, m) for i, m in enumerate(wire.messages)),
        reply_as=replier,
        max_tokens=tokens,
        sampling=Sampling(
            temperature=model.temperature if wire.temperature is None else wire.temperature,
            top_p=model.top_p if wire.top_p is None else wire.top_p,
        ),
    )
    return ProCall(request=request, stream=bool(wire.stream))


def write_request(call: ProCall) -> bytes:
    """The body that asks for `call`: `read_request` gives it back. Raises `InvalidField`."""
    request = call.request
    for field, share in (("temperature", request.sampling.temperature), ("top_p", request.sampling.top_p)):
        require(0 < share <= 1, field, "must be above 0 and at most 1")  # NaN would be written as null: absent
    return _ENCODER.encode(
        WireRequest(
            model=request.model,
            messages=[_message(turn) for turn in request.turns],
            bot_setting=[BotSetting(bot.name, bot.description) for bot in request.bots],
            reply_constraints=ReplyConstraints("BOT", request.reply_as),
            stream=call.stream or None,
            tokens_to_generate=request.max_tokens,
            temperature=request.sampling.temperature,
            top_p=request.sampling.top_p,
            sample_messages=[_message(turn) for turn in request.samples] or None,
        )
    )


def _refuse_what_is_not_served(wire: WireRequest) -> None:
    choice = (wire.function_call and wire.function_call.type) or "auto"
    if wire.reply_constraints.glyph is not None:
        raise NotSupported("reply_constraints.glyph")
    if choice == "specific":
        raise NotSupported("function_call")
    if wire.functions and choice != "none":  # with "none" the platform ignores them too
        raise NotSupported("functions")
    if wire.plugins:
        raise NotSupported("plugins")
    if wire.knowledge_base_param is not None:
        raise NotSupported("knowledge_base_param")


def _bot_names(bots: list[BotSetting]) -> set[str]:
    names: set[str] = set()
    seen: set[str] = set()
    for index, bot in enumerate(bots):
        alike = " ".join(bot.bot_name.split())  # as the model reads it
        require(alike not in seen, f"bot_setting[{index}].bot_name", "two bots must not have one name")
        seen.add(alike)
        names.add(bot.bot_name)
    return names


def _turn(where: str, index: int, message: Message) -> Turn:
    field = f"{where}[{index}]"
    if message.function_call is not None:
        raise NotSupported(f"{field}.function_call")
    if message.sender_type == "FUNCTION":
        raise NotSupported(f"{field}.sender_type", "FUNCTION is not supported by this server yet")
    require(message.text, f"{field}.text", "must not be empty")
    return Turn(role=_ROLES[message.sender_type], speaker=message.sender_name, text=message.text)


def _message(turn: Turn) -> Message:
    return Message(_SENDER_TYPES[turn.role], turn.speaker, turn.text)
