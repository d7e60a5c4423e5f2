"""ChatCompletion Pro, requests: what a caller sends to `POST /v1/text/chatcompletion_pro`, read and written.

Fields and ranges: the contract's section 1.3. Unknown fields are ignored; an optional field that is null is absent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.chat import Bot, ChatRequest, Role, Sampling, Turn
from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.chat_models import DEFAULT_TOKENS, base_model, chat_model
from rhapsode.dialects.minimax.functions import (
    FunctionChoice,
    WireCall,
    WireFunction,
    read_calls,
    read_functions,
    write_call,
    write_choice,
    write_functions,
)
from rhapsode.dialects.minimax.glyph import WireGlyph, read_glyph, write_glyph

Name = Annotated[str, Meta(min_length=1)]
Share = Annotated[float, Meta(gt=0, le=1)]

WEB_SEARCH: Final = "plugin_web_search"
"""the one plugin"""
_GLYPH: Final = "reply_constraints.glyph"
WITHOUT_FUNCTIONS: Final = "abab5.5s-chat"
"""the model that calls none"""


class Message(Struct, frozen=True, omit_defaults=True):
    """One turn on the wire. A call needs no text."""

    sender_type: Literal["USER", "BOT", "FUNCTION"]
    sender_name: Name
    text: str | None = None
    function_call: WireCall | None = None


class BotSetting(Struct, frozen=True):
    """One character on the wire."""

    bot_name: Name
    content: str


class ReplyConstraints(Struct, frozen=True, omit_defaults=True):
    """Who must reply, and in which form."""

    sender_type: Literal["BOT"]
    sender_name: Name
    glyph: WireGlyph | None = None


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
    functions: list[WireFunction] | None = None
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
_ROLES = {"USER": Role.USER, "BOT": Role.BOT, "FUNCTION": Role.FUNCTION}
_SENDER_TYPES: dict[Role, Literal["USER", "BOT", "FUNCTION"]] = {
    Role.USER: "USER",
    Role.BOT: "BOT",
    Role.FUNCTION: "FUNCTION",
}


def read_request(body: bytes) -> ProCall:
    """What the body asks for.

    Raises `MalformedBody`, `InvalidField`, or `NotSupported` for what the platform has and this server has not yet.
    """
    wire = read_json(_DECODER, body)
    if wire.knowledge_base_param is not None:
        raise NotSupported("knowledge_base_param", "this server keeps no knowledge bases")
    model = chat_model(wire.model)
    tokens = DEFAULT_TOKENS if wire.tokens_to_generate is None else wire.tokens_to_generate
    require(tokens <= model.tokens, "tokens_to_generate", f"must be at most {model.tokens} for this model")
    replier = wire.reply_constraints.sender_name
    require(
        replier in _bot_names(wire.bot_setting),
        "reply_constraints.sender_name",
        "must be the bot_name of one of bot_setting",
    )
    functions, must_call = read_functions(wire.functions, wire.function_call)
    glyph = wire.reply_constraints.glyph
    for index, plugin in enumerate(wire.plugins or ()):
        require(plugin == WEB_SEARCH, f"plugins[{index}]", f"there is no plugin but {WEB_SEARCH}")
    call = ProCall(
        request=ChatRequest(
            model=wire.model,
            bots=tuple(Bot(name=bot.bot_name, description=bot.content) for bot in wire.bot_setting),
            samples=tuple(_turn("sample_messages", i, m) for i, m in enumerate(wire.sample_messages or ())),
            turns=_read_turns(wire.messages),
            reply_as=replier,
            max_tokens=tokens,
            sampling=Sampling(
                temperature=model.temperature if wire.temperature is None else wire.temperature,
                top_p=model.top_p if wire.top_p is None else wire.top_p,
            ),
            functions=functions,
            must_call=must_call,
            constraint=None if glyph is None else read_glyph(glyph, field=_GLYPH),
            mask=wire.mask_sensitive_info is not False,
            search=bool(wire.plugins),
            search_field="plugins",
        ),
        stream=bool(wire.stream),
    )
    _refuse_what_excludes_each_other(call)
    return call


def write_request(call: ProCall) -> bytes:
    """The body that asks for `call`: `read_request` gives it back.

    Left out are a seed and the ids of calls. Raises `InvalidField`, `NotSupported` for what the wire cannot say.
    """
    request = call.request
    sampling = request.sampling
    for field, share in (("temperature", sampling.temperature), ("top_p", sampling.top_p)):
        require(0 < share <= 1, field, "must be above 0 and at most 1")  # NaN would be written as null: absent
    for field, given in (
        ("presence_penalty", sampling.presence_penalty),
        ("frequency_penalty", sampling.frequency_penalty),
        ("stop", request.stops),
        ("begun", request.begun),
        ("findings", request.findings),
    ):
        if given:
            raise NotSupported(field, "cannot be asked of a server of the platform's kind")
    return _ENCODER.encode(
        WireRequest(
            model=request.model,
            messages=[message for turn in request.turns for message in _messages(turn)],
            bot_setting=[BotSetting(bot.name, bot.description) for bot in request.bots],
            reply_constraints=ReplyConstraints(
                "BOT", request.reply_as, None if request.constraint is None else write_glyph(request.constraint)
            ),
            stream=call.stream or None,
            tokens_to_generate=request.max_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            mask_sensitive_info=None if request.mask else False,
            sample_messages=[message for turn in request.samples for message in _messages(turn)] or None,
            functions=write_functions(request.functions),
            function_call=write_choice(request.functions, request.must_call),
            plugins=[WEB_SEARCH] if request.search else None,
        )
    )


def _refuse_what_excludes_each_other(call: ProCall) -> None:
    """The matrix of the contract's section 1.3."""
    request = call.request
    if request.constraint is not None:
        require(not call.stream, "stream", f"cannot be combined with {_GLYPH}")
        require(not request.functions, "functions", f"cannot be combined with {_GLYPH}")
        require(not request.search, "plugins", f"cannot be combined with {_GLYPH}")
    if request.functions:
        rule = f"the model {WITHOUT_FUNCTIONS} does not call functions"
        require(base_model(request.model).casefold() != WITHOUT_FUNCTIONS, "functions", rule)


def _bot_names(bots: list[BotSetting]) -> set[str]:
    names: set[str] = set()
    seen: set[str] = set()
    for index, bot in enumerate(bots):
        alike = " ".join(bot.bot_name.split())  # as the model reads it
        require(alike not in seen, f"bot_setting[{index}].bot_name", "two bots must not have one name")
        seen.add(alike)
        names.add(bot.bot_name)
    return names


def _read_turns(messages: list[Message]) -> tuple[Turn, ...]:
    """The conversation, without the blank turns of bots: a client in use keeps a call's turn and drops the call."""
    turns = tuple(
        _turn("messages", index, message)
        for index, message in enumerate(messages)
        if message.sender_type != "BOT" or message.text != "" or message.function_call is not None
    )
    require(turns, "messages", "must hold a turn that is not empty")
    return turns


def _turn(where: str, index: int, message: Message) -> Turn:
    field = f"{where}[{index}]"
    if message.function_call is not None:
        require(message.sender_type == "BOT", f"{field}.function_call", "only a BOT calls functions")
        require(message.function_call.name, f"{field}.function_call.name", "must not be empty")
    if message.text is None and message.function_call is None:
        raise InvalidField(f"{field}.text", "is required")
    speaks = message.text or message.function_call or message.sender_type == "FUNCTION"
    require(speaks, f"{field}.text", "must not be empty")
    return Turn(
        role=_ROLES[message.sender_type],
        speaker=message.sender_name,
        text=message.text or "",
        calls=read_calls(message.function_call),
    )


def _messages(turn: Turn) -> Iterator[Message]:
    """A turn as one message, and one more for each call beyond the first."""
    sender_type = _SENDER_TYPES[turn.role]
    yield Message(sender_type, turn.speaker, turn.text, write_call(turn.calls))
    for call in turn.calls[1:]:
        yield Message(sender_type, turn.speaker, "", write_call((call,)))
