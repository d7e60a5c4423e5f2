"""What the engines are asked over a link, as JSON, and the items of their answers, as msgpack.

Both are the core's own types. JSON holds the integers of a caller's schema, however large they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import msgspec

from rhapsode.core.chat import ChatCall, ChatEnd, ChatEvent, ChatRequest, ChatText, ChatThought
from rhapsode.core.constraint import Constraint, Gen, Glyph, JsonDocument, Literal, Select
from rhapsode.core.embedding import EmbedRequest
from rhapsode.core.speech import SpeechRequest


class _Part(msgspec.Struct, omit_defaults=True):
    """A part of a glyph: one of the three."""

    literal: Literal | None = None
    gen: Gen | None = None
    select: Select | None = None


class Form(msgspec.Struct, omit_defaults=True):
    """A constraint: a document, or the parts of a glyph."""

    document: JsonDocument | None = None
    parts: tuple[_Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _FreeRequest(ChatRequest):
    """A request whose constraint goes beside it: which of several types it has is not seen in JSON."""

    constraint: None = None


class Reply(msgspec.Struct, tag="reply"):
    """A reply, asked for."""

    engine: str
    request: _FreeRequest
    form: Form | None = None


class Speak(msgspec.Struct, tag="speak"):
    """Speech, asked for."""

    engine: str
    request: SpeechRequest


class Embed(msgspec.Struct, tag="embed"):
    """Vectors, asked for."""

    engine: str
    request: EmbedRequest


Ask = Reply | Speak | Embed


class _Event(msgspec.Struct, array_like=True):
    """An event of a reply: one of the four."""

    text: ChatText | None = None
    call: ChatCall | None = None
    thought: ChatThought | None = None
    end: ChatEnd | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Ask)
_events = msgspec.msgpack.Encoder()
_event = msgspec.msgpack.Decoder(_Event)


def write_ask(ask: Ask) -> bytes:
    """The question as bytes; a question mark stands for each character that UTF-8 has no bytes for."""
    try:
        return _encoder.encode(ask)
    except UnicodeEncodeError:
        return _encoder.encode(_sendable(msgspec.to_builtins(ask)))


def read_ask(body: bytes) -> Ask:
    """The question that was written."""
    return _decoder.decode(body)


def ask_for_reply(engine: str, request: ChatRequest) -> bytes:
    """A reply, asked for."""
    form = None if request.constraint is None else _write_form(request.constraint)
    # `request` may be any `ChatRequest`: what is written of it is the same.
    free = cast("_FreeRequest", request if form is None else replace(request, constraint=None))
    return write_ask(Reply(engine, free, form))


def read_request(ask: Reply) -> ChatRequest:
    """The request, with its constraint."""
    request: ChatRequest = ask.request
    return request if ask.form is None else replace(request, constraint=_read_form(ask.form))


def write_event(event: ChatEvent) -> bytes:
    """An event as bytes."""
    match event:
        case ChatText():
            return _events.encode(_Event(text=event))
        case ChatThought():
            return _events.encode(_Event(thought=event))
        case ChatCall():
            return _events.encode(_Event(call=event))
        case ChatEnd():
            return _events.encode(_Event(end=event))


def read_event(body: bytes) -> ChatEvent:
    """The event that was written."""
    found = _event.decode(body)
    event = found.text or found.call or found.thought or found.end
    if event is None:
        raise ValueError("an event without anything in it")
    return event


def _write_form(constraint: Constraint) -> Form:
    if isinstance(constraint, JsonDocument):
        return Form(document=constraint)
    return Form(parts=tuple(_write_part(part) for part in constraint.parts))


def _write_part(part: Literal | Gen | Select) -> _Part:
    match part:
        case Literal():
            return _Part(literal=part)
        case Gen():
            return _Part(gen=part)
        case Select():
            return _Part(select=part)


def _read_form(form: Form) -> Constraint:
    if form.document is not None:
        return form.document
    parts = (part.literal or part.gen or part.select for part in form.parts)
    return Glyph(parts=tuple(part for part in parts if part is not None))


def _sendable(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {key: _sendable(item) for key, item in cast("dict[str, object]", value).items()}
        case list() | tuple():
            return [_sendable(item) for item in cast("Sequence[object]", value)]
        case _:
            return value
