"""ChatCompletion Pro, replies: whole, streamed and failed, written for callers and read from another server.

Shapes: the contract's sections 1.4, 1.5 and 1.7. The rules that clients in use impose on a stream hold by construction:
an increment has an empty `reply`, one choice, and neither `finish_reason` nor `usage`; the last event repeats the whole
text and carries `usage` and `base_resp` 0.
"""

from dataclasses import dataclass

import msgspec
from msgspec import Struct

from rhapsode.core.chat import ChatEnd, ChatReply, Finish
from rhapsode.core.errors import RhapsodeError
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, check, status_of
from rhapsode.dialects.sse import frame

_FINISH = {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.CONTEXT: "max_output"}
_ENCODER = msgspec.json.Encoder()


class ReplyMessage(Struct, frozen=True):
    """The turn that is the reply; a client sends it back with its next call."""

    sender_type: str
    sender_name: str
    text: str


class Choice(Struct, frozen=True, omit_defaults=True):
    """One candidate."""

    messages: list[ReplyMessage]
    finish_reason: str | None = ""


class Usage(Struct, frozen=True, omit_defaults=True):
    """Tokens. The platform gives the total only."""

    total_tokens: int
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


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
    base_resp: BaseResp | None = None


class _Failure(Struct, frozen=True):
    """An error's answer: as the platform's, with the trace id added."""

    created: int
    model: str
    reply: str
    choices: list[Choice] | None
    id: str
    base_resp: BaseResp


class _ModelOnly(Struct, frozen=True):
    model: str = ""


_DECODER = msgspec.json.Decoder(WireReply)
_MODEL_DECODER = msgspec.json.Decoder(_ModelOnly)


def write_reply(reply: ChatReply, *, speaker: str, model: str, trace_id: str, created: int) -> bytes:
    """A whole answer. `created` is in Unix seconds."""
    return _ENCODER.encode(_whole(reply, speaker=speaker, model=model, trace_id=trace_id, created=created))


def write_error(error: RhapsodeError, *, trace_id: str, body: bytes = b"") -> bytes:
    """The answer to a call that failed before its reply began; the model is echoed when `body` names one."""
    try:
        model = _MODEL_DECODER.decode(body).model
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        model = ""
    return _ENCODER.encode(_Failure(0, model, "", None, trace_id, status_of(error)))


class StreamWriter:
    """The events of one streamed answer. All that does not change from event to event is encoded once."""

    def __init__(self, *, speaker: str, model: str, trace_id: str, created: int) -> None:
        self._speaker, self._model, self._trace_id, self._created = speaker, model, trace_id, created
        self._pieces: list[str] = []
        mark = "\0"  # an encoded text never holds it, so it marks the one place that changes
        increment = WireReply(
            created, model, "", [Choice([ReplyMessage("BOT", speaker, mark)])], output_sensitive=False
        )
        self._before, self._after = frame(_ENCODER.encode(increment)).rsplit(_ENCODER.encode(mark), 1)

    def write_text(self, text: str) -> bytes:
        """The event of one increment."""
        self._pieces.append(text)
        return self._before + _ENCODER.encode(text) + self._after

    def write_end(self, end: ChatEnd) -> bytes:
        """The last event: the whole answer again."""
        reply = ChatReply(text="".join(self._pieces), end=end)
        whole = _whole(reply, speaker=self._speaker, model=self._model, trace_id=self._trace_id, created=self._created)
        return frame(_ENCODER.encode(whole))

    def write_error(self, error: RhapsodeError) -> bytes:
        """The last event of a stream that broke: one empty choice, because clients index it before they look."""
        choices = [Choice([ReplyMessage("BOT", self._speaker, "")])]
        return frame(
            _ENCODER.encode(_Failure(self._created, self._model, "", choices, self._trace_id, status_of(error)))
        )


@dataclass(frozen=True, kw_only=True)
class ProPiece:
    """An increment of a streamed answer."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ProReply:
    """A whole answer. `finish_reason` is the wire's own word; token figures that were not sent are None."""

    text: str
    speaker: str
    finish_reason: str
    model: str
    trace_id: str | None
    total_tokens: int
    prompt_tokens: int | None
    completion_tokens: int | None


def read_reply(body: bytes, *, trace_id: str | None = None) -> ProReply:
    """A whole answer of another server. Raises `StatusError` when it says so, `MalformedBody`, `InvalidField`."""
    return _read_whole(read_json(_DECODER, body), trace_id)


def read_event(data: bytes, *, trace_id: str | None = None) -> ProPiece | ProReply:
    """One event of another server's stream; a `ProReply` is the last. Raises as `read_reply` does."""
    wire = read_json(_DECODER, data)
    if _is_increment(wire) and wire.choices:
        return ProPiece(text="".join(message.text for message in wire.choices[0].messages))
    return _read_whole(wire, trace_id)


def _whole(reply: ChatReply, *, speaker: str, model: str, trace_id: str, created: int) -> WireReply:
    usage = reply.end.usage
    return WireReply(
        created=created,
        model=model,
        reply=reply.text,
        choices=[Choice([ReplyMessage("BOT", speaker, reply.text)], _FINISH[reply.end.finish])],
        usage=Usage(usage.prompt_tokens + usage.reply_tokens, usage.prompt_tokens, usage.reply_tokens),
        input_sensitive=False,
        output_sensitive=False,
        id=trace_id,
        base_resp=BaseResp(SUCCESS),
    )


def _is_increment(wire: WireReply) -> bool:
    """Whether the event is one of many: it does not say why the reply ended, what it cost, nor the whole text.

    A `base_resp` of 0 says nothing either: some servers put one into every event.
    """
    ended = wire.choices and wire.choices[0].finish_reason
    failed = wire.base_resp is not None and wire.base_resp.status_code != SUCCESS
    return not (ended or failed or wire.usage or wire.reply)


def _read_whole(wire: WireReply, trace_id: str | None) -> ProReply:
    trace_id = wire.id or trace_id
    check(wire.base_resp, trace_id)
    require(wire.choices or wire.reply is not None, "choices", "neither choices nor reply is there")
    choice = wire.choices[0] if wire.choices else Choice([])
    last = choice.messages[-1] if choice.messages else ReplyMessage("BOT", "", wire.reply or "")
    return ProReply(
        text=wire.reply or last.text,
        speaker=last.sender_name,
        finish_reason=choice.finish_reason or "",
        model=wire.model or "",
        trace_id=trace_id,
        total_tokens=wire.usage.total_tokens if wire.usage else 0,
        prompt_tokens=wire.usage.prompt_tokens if wire.usage else None,
        completion_tokens=wire.usage.completion_tokens if wire.usage else None,
    )
