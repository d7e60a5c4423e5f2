"""Chat completion v2, replies: whole, streamed and failed.

Shapes: the contract's section 4.2. As clients in use demand, every piece of a stream has a `delta` whose `content` is a
string, the last piece, and it alone, has `finish_reason`, and one event with the whole `message` comes after it; there
is no `[DONE]`. A tool call may come in several pieces. `audio_content` is hexadecimal, and not repeated in the whole.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from rhapsode.core.chat import (
    ChatCall,
    ChatEnd,
    ChatEvent,
    ChatReply,
    ChatText,
    ChatThought,
    ChatUsage,
    join_calls,
)
from rhapsode.core.errors import RhapsodeError
from rhapsode.dialects.frame_around import FrameAround
from rhapsode.dialects.minimax.chat_v2 import REPLIER, V2Call
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, status_of
from rhapsode.dialects.openai_shape.finish import finish_reason
from rhapsode.dialects.openai_shape.message import CalledFunction, ToolCall
from rhapsode.dialects.sse import frame, on_one_line
from rhapsode.dialects.stamp import Stamp

_ENCODER: Final = msgspec.json.Encoder()


class Message(Struct, frozen=True, omit_defaults=True):
    """The whole reply."""

    content: str
    role: str
    name: str
    audio_content: str
    reasoning_content: str = ""
    tool_calls: list[ToolCall] | None = None


class Choice(Struct, frozen=True):
    """The candidate of a whole answer."""

    finish_reason: str
    index: int
    message: Message


class CalledPiece(Struct, frozen=True, omit_defaults=True):
    """A piece of a function's name and arguments."""

    arguments: str
    name: str = ""


class ToolCallPiece(Struct, frozen=True, omit_defaults=True):
    """A piece of a tool call; the first has `id` and `type`."""

    index: int
    function: CalledPiece
    id: str = ""
    type: str = ""


class Delta(Struct, frozen=True, omit_defaults=True):
    """What a piece adds."""

    content: str
    role: str
    name: str
    audio_content: str = ""
    reasoning_content: str = ""
    tool_calls: list[ToolCallPiece] | None = None


class Increment(Struct, frozen=True, omit_defaults=True):
    """The candidate of a piece."""

    index: int
    delta: Delta
    finish_reason: str = ""


class CompletionDetails(Struct, frozen=True):
    """Of the tokens of the reply."""

    reasoning_tokens: int


class Usage(Struct, frozen=True, omit_defaults=True):
    """Tokens. How many were thought is told when none was: engines do not count them."""

    total_tokens: int
    total_characters: int
    prompt_tokens: int = -1
    completion_tokens: int = -1
    completion_tokens_details: CompletionDetails | None = None


class WireAnswer(Struct, frozen=True, omit_defaults=True):
    """A whole answer, a piece of one, or a failure."""

    id: str
    choices: list[Choice] | list[Increment] | None
    created: int
    model: str
    object: str
    usage: Usage
    input_sensitive: bool
    output_sensitive: bool
    input_sensitive_type: int
    output_sensitive_type: int
    output_sensitive_int: int
    base_resp: BaseResp | None = None


class _ModelOnly(Struct, frozen=True):
    model: str = ""


_MODEL_DECODER: Final = msgspec.json.Decoder(_ModelOnly)
_NO_USAGE: Final = Usage(0, 0)
_WHOLE, _PIECE = "chat.completion", "chat.completion.chunk"


def write_reply(asked: V2Call, reply: ChatReply, stamp: Stamp) -> bytes:
    """A whole answer."""
    return _ENCODER.encode(_whole(asked, reply, stamp))


def write_error(error: RhapsodeError, *, trace_id: str, body: bytes = b"") -> bytes:
    """The answer to a call that failed before its reply began; the model is echoed when `body` names one."""
    try:
        model = _MODEL_DECODER.decode(body).model
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        model = ""
    failure = _answer(Stamp(trace_id=trace_id, created=0), model, _WHOLE, None, _NO_USAGE, status_of(error))
    return _ENCODER.encode(failure)


def write_streamed_error(error: RhapsodeError, *, trace_id: str, body: bytes = b"") -> bytes:
    """As `write_error`, for a caller that waits for events: the one event."""
    return frame(on_one_line(write_error(error, trace_id=trace_id, body=body)))


class StreamWriter:
    """The events of one streamed answer. All that does not change from piece to piece of text is encoded once."""

    def __init__(self, asked: V2Call, stamp: Stamp) -> None:
        self._asked, self._stamp = asked, stamp
        self._name = asked.request.reply_as or REPLIER
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._calls: list[ChatCall] = []
        self._around = FrameAround(lambda text: self._piece(Delta(text, "assistant", self._name)))

    def write_event(self, event: ChatEvent) -> bytes:
        """A piece; at the end the last piece, and the whole answer."""
        match event:
            case ChatText():
                self._text.append(event.text)
                return self._around.frame(event.text)
            case ChatThought():
                self._thoughts.append(event.text)
                return self._piece(Delta("", "assistant", self._name, reasoning_content=event.text))
            case ChatCall():
                self._calls.append(event)
                return b"".join(self._call(piece) for piece in self._pieces_of(event))
            case ChatEnd():
                return self._end(event)

    def write_audio(self, audio: bytes) -> bytes:
        """A piece of the sound."""
        return self._piece(Delta("", "assistant", self._name, audio_content=audio.hex()))

    def write_error(self, error: RhapsodeError) -> bytes:
        """The last event of a stream that broke. It has no choices: a client that looks no further must not go on."""
        model = self._asked.request.model
        return frame(_ENCODER.encode(_answer(self._stamp, model, _PIECE, None, _NO_USAGE, status_of(error))))

    def _call(self, piece: ToolCallPiece) -> bytes:
        return self._piece(Delta("", "assistant", self._name, tool_calls=[piece]))

    def _pieces_of(self, call: ChatCall) -> Iterator[ToolCallPiece]:
        """The name and the arguments apart: a client in use takes what stands beside a `type` for all of them."""
        if call.name:
            name = CalledPiece("", call.name)
            yield ToolCallPiece(call.index, name, call.id or _call_id(self._stamp, call.index), "function")
        if call.arguments or not call.name:
            yield ToolCallPiece(call.index, CalledPiece(call.arguments))

    def _end(self, end: ChatEnd) -> bytes:
        calls = join_calls(self._calls)
        reply = ChatReply(text="".join(self._text), end=end, thought="".join(self._thoughts), calls=calls)
        usage = _usage(reply) if self._asked.usage_in_stream else _NO_USAGE
        last = self._piece(Delta("", "assistant", self._name), _finish(reply), usage)
        return last + frame(_ENCODER.encode(_whole(self._asked, reply, self._stamp)))

    def _piece(self, delta: Delta, finish_reason: str = "", usage: Usage = _NO_USAGE) -> bytes:
        choices = [Increment(0, delta, finish_reason)]
        return frame(_ENCODER.encode(_answer(self._stamp, self._asked.request.model, _PIECE, choices, usage)))


def _whole(asked: V2Call, reply: ChatReply, stamp: Stamp) -> WireAnswer:
    calls = [
        ToolCall(call.id or _call_id(stamp, index), CalledFunction(call.name, call.arguments))
        for index, call in enumerate(reply.calls)
    ]
    name = asked.request.reply_as or REPLIER
    message = Message(reply.text, "assistant", name, "", reply.thought, calls or None)
    choices = [Choice(_finish(reply), 0, message)]
    return _answer(stamp, asked.request.model, _WHOLE, choices, _usage(reply), BaseResp(SUCCESS))


def _answer(
    stamp: Stamp,
    model: str,
    kind: str,
    choices: list[Choice] | list[Increment] | None,
    usage: Usage,
    base_resp: BaseResp | None = None,
) -> WireAnswer:
    return WireAnswer(
        id=stamp.trace_id,
        choices=choices,
        created=stamp.created,
        model=model,
        object=kind,
        usage=usage,
        input_sensitive=False,
        output_sensitive=False,
        input_sensitive_type=0,
        output_sensitive_type=0,
        output_sensitive_int=0,
        base_resp=base_resp,
    )


def _usage(reply: ChatReply) -> Usage:
    figures: ChatUsage = reply.end.usage
    return Usage(
        total_tokens=figures.prompt_tokens + figures.reply_tokens,
        total_characters=0,
        prompt_tokens=figures.prompt_tokens,
        completion_tokens=figures.reply_tokens,
        completion_tokens_details=None if reply.thought else CompletionDetails(0),
    )


def _finish(reply: ChatReply) -> str:
    return finish_reason(reply.end.finish, called=bool(reply.calls))


def _call_id(stamp: Stamp, index: int) -> str:
    """An id as the platform makes them, for a call that the engine gave none."""
    return f"call_function_{(int(stamp.trace_id, 16) + index) % 10**10:010d}"
