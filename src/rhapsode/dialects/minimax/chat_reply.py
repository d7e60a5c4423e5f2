r"""The first chat endpoint, replies: whole, streamed and failed.

Shapes: the contract's section 4.1. A stream's events are one line each, and end with one newline or, where the caller
asked for standard server-sent events, with two. As clients in use demand, an increment has an empty `reply` and no
`finish_reason`; the last event has the whole text in `reply`.
"""

from typing import Final

import msgspec
from msgspec import Struct

from rhapsode.core.chat import ChatEnd, ChatEvent, ChatReply, ChatText
from rhapsode.core.errors import RhapsodeError
from rhapsode.dialects.frame_around import FrameAround
from rhapsode.dialects.minimax.chat import ChatCall
from rhapsode.dialects.minimax.finish import BROKEN, FINISH
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, status_of
from rhapsode.dialects.sse import on_one_line
from rhapsode.dialects.stamp import Stamp

_SUCCESS: Final = BaseResp(SUCCESS, "success")
_ENCODER: Final = msgspec.json.Encoder()


class WholeChoice(Struct, frozen=True):
    """The candidate of a whole answer."""

    text: str
    index: int
    finish_reason: str


class Increment(Struct, frozen=True):
    """The candidate of a streamed piece."""

    delta: str


class LastChoice(Struct, frozen=True):
    """The candidate of a stream's last event."""

    index: int
    finish_reason: str
    delta: str


class Usage(Struct, frozen=True):
    """Tokens."""

    total_tokens: int
    prompt_tokens: int
    completion_tokens: int


class WireReply(Struct, frozen=True):
    """A whole answer, and the last event of a stream."""

    created: int
    model: str
    reply: str
    choices: list[WholeChoice] | list[LastChoice]
    usage: Usage
    input_sensitive: bool
    output_sensitive: bool
    id: str
    base_resp: BaseResp


class WirePiece(Struct, frozen=True):
    """An event of a stream that is not the last."""

    created: int
    model: str
    reply: str
    choices: list[Increment]


class WireBroken(Struct, frozen=True):
    """The last event of a stream that broke."""

    created: int
    model: str
    reply: str
    choices: list[LastChoice]
    id: str
    base_resp: BaseResp


def write_reply(asked: ChatCall, reply: ChatReply, stamp: Stamp) -> bytes:
    """A whole answer."""
    choice = WholeChoice(reply.text, 0, FINISH[reply.end.finish])
    return _ENCODER.encode(_whole(asked, reply.text, [choice], reply.end, stamp))


class StreamWriter:
    """The events of one streamed answer. All that does not change from event to event is encoded once."""

    def __init__(self, asked: ChatCall, stamp: Stamp) -> None:
        self._asked, self._stamp = asked, stamp
        self._pieces: list[str] = []
        self._end = b"\n\n" if asked.standard_sse else b"\n"
        model = asked.request.model
        self._around = FrameAround(
            lambda text: self._frame(WirePiece(stamp.created, model, "", [Increment(text)])),
        )

    def write_event(self, event: ChatEvent) -> bytes:
        """An increment, or the last event, which has the whole text."""
        match event:
            case ChatText():
                self._pieces.append(event.text)
                return self._around.frame(event.text)
            case ChatEnd():
                choice = LastChoice(0, FINISH[event.finish], "")
                return self._frame(_whole(self._asked, "".join(self._pieces), [choice], event, self._stamp))
            case _:
                return b""

    def write_error(self, error: RhapsodeError) -> bytes:
        """One empty choice, because clients index it before they look, with a `finish_reason`, for which one waits."""
        stamp, model = self._stamp, self._asked.request.model
        return self._frame(
            WireBroken(stamp.created, model, "", [LastChoice(0, BROKEN, "")], stamp.trace_id, status_of(error))
        )

    def _frame(self, data: Struct) -> bytes:
        return b"data: " + on_one_line(_ENCODER.encode(data)) + self._end


def _whole(
    asked: ChatCall, text: str, choices: list[WholeChoice] | list[LastChoice], end: ChatEnd, stamp: Stamp
) -> WireReply:
    usage = end.usage
    return WireReply(
        created=stamp.created,
        model=asked.request.model,
        reply=text,
        choices=choices,
        usage=Usage(usage.prompt_tokens + usage.reply_tokens, usage.prompt_tokens, usage.reply_tokens),
        input_sensitive=False,
        output_sensitive=False,
        id=stamp.trace_id,
        base_resp=_SUCCESS,
    )
