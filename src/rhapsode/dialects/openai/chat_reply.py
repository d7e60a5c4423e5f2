"""Chat completions in OpenAI's shape, replies: whole and streamed, written for callers.

The `id` is the trace id. The platform's own fields (`base_resp` and its like) are left out: no client of this shape
asks for them, and errors have a status of their own.
"""

from typing import Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from rhapsode.core.chat import ChatCall as CallPiece
from rhapsode.core.chat import ChatEnd, ChatEvent, ChatReply, ChatText, ChatThought, ChatUsage
from rhapsode.core.errors import RhapsodeError
from rhapsode.dialects.frame_around import FrameAround
from rhapsode.dialects.openai.chat import ChatCall
from rhapsode.dialects.openai.errors import write_error_event
from rhapsode.dialects.openai_shape.finish import finish_reason
from rhapsode.dialects.openai_shape.message import CalledFunction, ToolCall
from rhapsode.dialects.sse import frame
from rhapsode.dialects.stamp import Stamp

_DONE: Final = frame(b"[DONE]")


class _CachedTokens(Struct, frozen=True):
    cached_tokens: int


class Usage(Struct, frozen=True):
    """Tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _CachedTokens


class _ReplyMessage(Struct, frozen=True, omit_defaults=True):
    role: str
    content: str | None
    reasoning_content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


class _Choice(Struct, frozen=True, kw_only=True):
    index: int = 0
    message: _ReplyMessage
    logprobs: None = None
    finish_reason: str


class _Completion(Struct, frozen=True, kw_only=True):
    id: str
    object: str = "chat.completion"
    created: int
    model: str
    choices: tuple[_Choice, ...]
    usage: Usage


class _Delta(Struct, frozen=True, omit_defaults=True):
    role: str = ""
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: tuple[dict[str, object], ...] = ()


class _ChunkChoice(Struct, frozen=True, kw_only=True):
    index: int = 0
    delta: _Delta
    finish_reason: str | None = None


class _Chunk(Struct, frozen=True, kw_only=True):
    id: str
    object: str = "chat.completion.chunk"
    created: int
    model: str
    choices: tuple[_ChunkChoice, ...]
    usage: Usage | UnsetType = UNSET


_ENCODER: Final = msgspec.json.Encoder()


def write_reply(asked: ChatCall, reply: ChatReply, stamp: Stamp) -> bytes:
    """A whole answer."""
    calls = reply.calls[:1] if asked.one_call else reply.calls
    message = _ReplyMessage(
        role="assistant",
        content=reply.text if reply.text or not calls else None,
        reasoning_content=reply.thought,
        tool_calls=tuple(
            ToolCall(call.id or _call_id(stamp, index), CalledFunction(call.name, call.arguments), "function")
            for index, call in enumerate(calls)
        ),
    )
    choice = _Choice(message=message, finish_reason=finish_reason(reply.end.finish, called=bool(calls)))
    return _ENCODER.encode(
        _Completion(
            id=stamp.trace_id,
            created=stamp.created,
            model=asked.request.model,
            choices=(choice,),
            usage=_usage(reply.end.usage),
        )
    )


class StreamWriter:
    """The frames of one streamed answer. All that does not change from event to event is encoded once."""

    def __init__(self, asked: ChatCall, stamp: Stamp) -> None:
        self._asked, self._stamp = asked, stamp
        self._text = FrameAround(lambda text: self._frame(_Delta(content=text)))
        self._thought = FrameAround(lambda text: self._frame(_Delta(reasoning_content=text)))
        self._begun = False
        self._called = False

    def write_event(self, event: ChatEvent) -> bytes:
        """What goes to the socket for an event; the role goes ahead of the first."""
        match event:
            case ChatText():
                frames = self._text.frame(event.text)
            case ChatThought():
                frames = self._thought.frame(event.text)
            case CallPiece():
                frames = self._call(event)
            case ChatEnd():
                frames = self._end(event)
        if self._begun:
            return frames
        self._begun = True
        return self._frame(_Delta(role="assistant", content="")) + frames

    def write_error(self, error: RhapsodeError) -> bytes:
        """The last frame of a stream that broke."""
        return write_error_event(error, trace_id=self._stamp.trace_id)

    def _call(self, piece: CallPiece) -> bytes:
        if self._asked.one_call and piece.index:
            return b""
        self._called = True
        function = {"arguments": piece.arguments}
        call: dict[str, object] = {"index": piece.index, "function": function}
        if piece.name:
            function["name"] = piece.name
            call |= {"id": piece.id or _call_id(self._stamp, piece.index), "type": "function"}
        return self._frame(_Delta(tool_calls=(call,)))

    def _end(self, end: ChatEnd) -> bytes:
        frames = self._frame(_Delta(), finish_reason(end.finish, called=self._called))
        if self._asked.include_usage:
            frames += self._chunk((), _usage(end.usage))
        return frames + _DONE

    def _frame(self, delta: _Delta, finish: str | None = None) -> bytes:
        return self._chunk((_ChunkChoice(delta=delta, finish_reason=finish),))

    def _chunk(self, choices: tuple[_ChunkChoice, ...], usage: Usage | UnsetType = UNSET) -> bytes:
        chunk = _Chunk(
            id=self._stamp.trace_id,
            created=self._stamp.created,
            model=self._asked.request.model,
            choices=choices,
            usage=usage,
        )
        return frame(_ENCODER.encode(chunk))


def _usage(usage: ChatUsage) -> Usage:
    total = usage.prompt_tokens + usage.reply_tokens
    return Usage(usage.prompt_tokens, usage.reply_tokens, total, _CachedTokens(usage.cached_tokens))


def _call_id(stamp: Stamp, index: int) -> str:
    """For a call that its engine gave no id: no other call of any reply has the same."""
    return f"call_{stamp.trace_id}_{index}"
