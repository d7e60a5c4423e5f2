"""ChatCompletion Pro, replies: whole, streamed and failed, written for callers and read from another server.

Shapes: the contract's sections 1.4, 1.5 and 1.7. The rules that clients in use impose on a stream hold by construction:
an increment has an empty `reply`, one choice, and neither `finish_reason` nor `usage`; the last event repeats the whole
text and carries `usage` and `base_resp` 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from rhapsode.core.chat import ChatCall, ChatEnd, ChatEvent, ChatReply, ChatText, join_calls
from rhapsode.core.constraint import Glyph, JsonDocument
from rhapsode.core.errors import RhapsodeError
from rhapsode.core.function import FunctionCall
from rhapsode.dialects.frame_around import FrameAround
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.chat_pro import ProCall
from rhapsode.dialects.minimax.finish import BROKEN, FINISH
from rhapsode.dialects.minimax.functions import WireCall, read_calls, write_call
from rhapsode.dialects.minimax.glyph import pretty
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, check, status_of
from rhapsode.dialects.sse import frame, on_one_line
from rhapsode.dialects.stamp import Stamp

_ENCODER = msgspec.json.Encoder()


class ReplyMessage(Struct, frozen=True, omit_defaults=True):
    """The turn that is the reply; a client sends it back with its next call."""

    sender_type: str
    sender_name: str
    text: str | None = None
    function_call: WireCall | None = None


class GlyphContent(Struct, frozen=True):
    """What a raw glyph made, in the choice."""

    content: str = ""


class Choice(Struct, frozen=True, omit_defaults=True):
    """One candidate."""

    messages: list[ReplyMessage]
    finish_reason: str | None = ""
    glyph_result: GlyphContent | None = None


class Usage(Struct, frozen=True, omit_defaults=True):
    """Tokens. The platform gives the total only."""

    total_tokens: int
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tokens_with_added_plugin: int | None = None


class WireReply(Struct, frozen=True, omit_defaults=True):
    """The answer. What another server may leave out has a default; what we always send is set by the writers."""

    created: int = -1
    model: str | None = None
    reply: str | None = None
    choices: list[Choice] | None = None
    usage: Usage | None = None
    input_sensitive: bool | None = None
    output_sensitive: bool | None = None
    id: str | None = None
    function_call: WireCall | None = None
    glyph_result: dict[str, str] | None = None
    base_resp: BaseResp | None = None


class _Failure(Struct, frozen=True):
    """An error's answer: as the platform's, with the trace id added."""

    created: int
    model: str
    reply: str
    choices: list[Choice] | None
    id: str
    base_resp: BaseResp


class _Head(Struct, frozen=True):
    """What is of use in a body that cannot be read as a whole."""

    model: str = ""
    stream: bool | None = None


_DECODER = msgspec.json.Decoder(WireReply)
_HEAD_DECODER = msgspec.json.Decoder(_Head)


def write_reply(asked: ProCall, reply: ChatReply, stamp: Stamp) -> bytes:
    """A whole answer."""
    return _ENCODER.encode(_whole(asked, reply, stamp))


def write_error(error: RhapsodeError, *, trace_id: str, body: bytes = b"") -> bytes:
    """The answer to a call that failed before its reply began; the model is echoed when `body` names one."""
    return _ENCODER.encode(_Failure(0, _read_head(body).model, "", None, trace_id, status_of(error)))


def asks_for_stream(body: bytes) -> bool:
    """Whether the caller waits for events, whatever else is wrong with the body."""
    return _read_head(body).stream is True


def write_streamed_error(error: RhapsodeError, *, trace_id: str, body: bytes = b"") -> bytes:
    """As `write_error`, for a caller that waits for events: the one event, in the form of one that breaks a stream."""
    choices = [Choice([ReplyMessage("BOT", "", "")], BROKEN)]
    failure = _Failure(0, _read_head(body).model, "", choices, trace_id, status_of(error))
    return frame(on_one_line(_ENCODER.encode(failure)))


def _read_head(body: bytes) -> "_Head":
    try:
        return _HEAD_DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Head()


class StreamWriter:
    """The events of one streamed answer. All that does not change from event to event is encoded once."""

    def __init__(self, asked: ProCall, stamp: Stamp) -> None:
        self._asked, self._stamp = asked, stamp
        self._pieces: list[str] = []
        self._calls: list[ChatCall] = []
        self._speaker = asked.request.reply_as
        self._around = FrameAround(self._increment)

    def write_event(self, event: ChatEvent) -> bytes:
        """An increment, or the last event: the whole answer again."""
        match event:
            case ChatText():
                self._pieces.append(event.text)
                return self._around.frame(event.text)
            case ChatCall():  # whole in the last event
                self._calls.append(event)
                return b""
            case ChatEnd():
                reply = ChatReply(text="".join(self._pieces), end=event, calls=join_calls(self._calls))
                return frame(_ENCODER.encode(_whole(self._asked, reply, self._stamp)))
            case _:
                return b""

    def write_error(self, error: RhapsodeError) -> bytes:
        """The last event of a stream that broke: one empty choice, because clients index it before they look.

        It has a `finish_reason`: without one, a client in use waits for ever for the event that ends the stream.
        """
        choices = [Choice([ReplyMessage("BOT", self._speaker, "")], BROKEN)]
        stamp, model = self._stamp, self._asked.request.model
        return frame(_ENCODER.encode(_Failure(stamp.created, model, "", choices, stamp.trace_id, status_of(error))))

    def _increment(self, text: str) -> bytes:
        choice = Choice([ReplyMessage("BOT", self._speaker, text)])
        model = self._asked.request.model
        return frame(_ENCODER.encode(WireReply(self._stamp.created, model, "", [choice], output_sensitive=False)))


@dataclass(frozen=True, kw_only=True)
class ProPiece:
    """An increment of a streamed answer."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ProReply:
    """A whole answer. `finish_reason` is the wire's own word; token figures that were not sent are None.

    `glyph_result` is what the named slots of a raw glyph hold.
    """

    text: str
    speaker: str
    finish_reason: str
    model: str
    trace_id: str | None
    total_tokens: int
    prompt_tokens: int | None
    completion_tokens: int | None
    function_call: FunctionCall | None = None
    glyph_result: Mapping[str, str] = field(default_factory=dict[str, str])


def read_reply(body: bytes, *, trace_id: str | None = None) -> ProReply:
    """A whole answer of another server. Raises `StatusError` when it says so, `MalformedBody`, `InvalidField`."""
    return _read_whole(read_json(_DECODER, body), trace_id)


def read_event(data: bytes, *, trace_id: str | None = None) -> ProPiece | ProReply:
    """One event of another server's stream; a `ProReply` is the last. Raises as `read_reply` does."""
    wire = read_json(_DECODER, data)
    if _is_increment(wire) and wire.choices:
        return ProPiece(text="".join(message.text or "" for message in wire.choices[0].messages))
    return _read_whole(wire, trace_id)


def _whole(asked: ProCall, reply: ChatReply, stamp: Stamp) -> WireReply:
    request, usage, call = asked.request, reply.end.usage, write_call(reply.calls)
    text = pretty(reply.text) if isinstance(request.constraint, JsonDocument) else reply.text
    content = GlyphContent(text) if isinstance(request.constraint, Glyph) else None
    message = ReplyMessage("BOT", request.reply_as, text, call)
    plugged = request.functions or request.search
    return WireReply(
        created=stamp.created,
        model=request.model,
        reply="" if call else text,  # what was said before the call stands in the message alone
        choices=[Choice([message], FINISH[reply.end.finish], content)],
        usage=Usage(
            usage.prompt_tokens + usage.reply_tokens,
            usage.prompt_tokens,
            usage.reply_tokens,
            0 if plugged else None,  # as the platform's own examples have it
        ),
        input_sensitive=False,
        output_sensitive=False,
        id=stamp.trace_id,
        function_call=call,
        glyph_result=dict(reply.end.slots) if content else None,
        base_resp=BaseResp(SUCCESS),
    )


def _is_increment(wire: WireReply) -> bool:
    """Whether the event is one of many: it does not say why the reply ended, what it cost, nor the whole text.

    A `base_resp` of 0 says nothing either: some servers put one into every event.
    """
    ended = wire.choices and wire.choices[0].finish_reason
    failed = wire.base_resp is not None and wire.base_resp.status_code != SUCCESS
    return not (ended or failed or wire.usage or wire.reply or wire.function_call)


def _read_whole(wire: WireReply, trace_id: str | None) -> ProReply:
    trace_id = wire.id or trace_id
    check(wire.base_resp, trace_id)
    require(wire.choices or wire.reply is not None, "choices", "neither choices nor reply is there")
    choice = wire.choices[0] if wire.choices else Choice([])
    last = choice.messages[-1] if choice.messages else ReplyMessage("BOT", "", wire.reply)
    called = next((call for call in (last.function_call, wire.function_call) if call and call.name), None)
    return ProReply(
        text=wire.reply or last.text or "",
        speaker=last.sender_name,
        finish_reason=choice.finish_reason or "",
        model=wire.model or "",
        trace_id=trace_id,
        total_tokens=wire.usage.total_tokens if wire.usage else 0,
        prompt_tokens=wire.usage.prompt_tokens if wire.usage else None,
        completion_tokens=wire.usage.completion_tokens if wire.usage else None,
        function_call=next(iter(read_calls(called)), None),
        glyph_result=wire.glyph_result or {},
    )
