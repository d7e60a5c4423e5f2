"""Chat completions in OpenAI's shape, replies of another server: whole and streamed, read.

Lenient where servers differ (vLLM, SGLang, Ollama, llama-server and the hosts that resell them): thoughts are called
`reasoning_content` or `reasoning`; usage comes in a chunk of its own, with the last choice, or with every one;
`choices`, `delta` and `content` may be missing or null, a call's `index` and `id` too, and its arguments an object.
"""

from typing import Final

import msgspec
from msgspec import Struct

from rhapsode.core.chat import ChatCall, ChatEnd, ChatReply, ChatText, ChatThought, ChatUsage, Finish
from rhapsode.core.errors import InvalidField, MalformedBody
from rhapsode.core.function import FunctionCall
from rhapsode.core.usage import counted
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.openai.errors import WireError, reported

Piece = ChatText | ChatThought | ChatCall


class _Function(Struct, frozen=True):
    name: str | None = None
    arguments: str | dict[str, object] | None = None


class _ToolCall(Struct, frozen=True):
    function: _Function = _Function()
    index: int | None = None
    id: str | None = None


class _Message(Struct, frozen=True):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: tuple[_ToolCall, ...] | None = None


class _Choice(Struct, frozen=True):
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: str | None = None


class _Details(Struct, frozen=True):
    cached_tokens: int | None = None


class _Usage(Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None


class _Wire(Struct, frozen=True):
    choices: tuple[_Choice, ...] | None = None
    usage: _Usage | None = None
    error: WireError | str | None = None


_DECODER: Final = msgspec.json.Decoder(_Wire)
_ENCODER: Final = msgspec.json.Encoder()
_DONE: Final = b"[DONE]"
_CUT: Final = "length"


def read_reply(body: bytes) -> ChatReply:
    """A whole answer. Raises `ReportedError` when it tells of one, `MalformedBody`, `InvalidField`."""
    wire = _read(body)
    choice = wire.choices[0] if wire.choices else _Choice()
    if (message := choice.message) is None:
        raise InvalidField("choices", "must hold a message")
    return ChatReply(
        text=message.content or "",
        thought=message.reasoning_content or message.reasoning or "",
        calls=tuple(
            FunctionCall(name=call.function.name or "", arguments=_arguments(call) or "{}", id=call.id or "")
            for call in message.tool_calls or ()
        ),
        end=ChatEnd(finish=_finish(choice.finish_reason), usage=_usage(wire.usage)),
    )


class StreamReader:
    """The events of one streamed answer, as they come."""

    def __init__(self) -> None:
        self._finish: str | None = None
        self._usage: _Usage | None = None
        self._calls: list[str] = []
        """the id of each call, in the order in which they began"""
        self._places: dict[int, int] = {}
        """which of them the server's own index means at present"""
        self.done = False
        """whether the server said that nothing more comes"""

    @property
    def end(self) -> ChatEnd | None:
        """How the reply ended; None while it has not, and so for ever where a stream broke off."""
        if not self._finish:
            return None
        return ChatEnd(finish=_finish(self._finish), usage=_usage(self._usage))

    def read_event(self, data: bytes) -> list[Piece]:
        """What one event says of the reply. Raises `ReportedError`, `MalformedBody`, `InvalidField`."""
        if data.strip() == _DONE:
            self.done = True
            return []
        wire = _read(data)
        self._usage = wire.usage or self._usage
        if not wire.choices:
            return []
        choice = wire.choices[0]
        self._finish = choice.finish_reason or self._finish
        delta = choice.delta or choice.message or _Message()
        pieces: list[Piece] = []
        if thought := delta.reasoning_content or delta.reasoning:
            pieces.append(ChatThought(text=thought))
        if delta.content:
            pieces.append(ChatText(text=delta.content))
        pieces += [self._call(call, place) for place, call in enumerate(delta.tool_calls or ())]
        return pieces

    def _call(self, call: _ToolCall, place: int) -> ChatCall:
        theirs = place if call.index is None else call.index
        ours = self._places.get(theirs)
        name = call.function.name or ""
        # Some send every call under the index 0, each with an id of its own.
        if ours is None or (name and call.id and call.id != self._calls[ours]):
            require(name, f"choices[0].delta.tool_calls[{place}].function.name", "is required where a call begins")
            ours = self._places[theirs] = len(self._calls)
            self._calls.append(call.id or "")
            return ChatCall(index=ours, name=name, id=call.id or "", arguments=_arguments(call))
        return ChatCall(index=ours, arguments=_arguments(call))  # some repeat name and id in every piece


def _read(data: bytes) -> _Wire:
    wire = read_json(_DECODER, data)
    if wire.error is not None:
        raise reported(wire.error)
    if wire.choices is None and wire.usage is None:
        raise MalformedBody("the event has neither choices nor usage")
    return wire


def _arguments(call: _ToolCall) -> str:
    given = call.function.arguments
    return _ENCODER.encode(given).decode() if isinstance(given, dict) else given or ""


def _finish(reason: str | None) -> Finish:
    return Finish.LENGTH if reason == _CUT else Finish.STOP


def _usage(wire: _Usage | None) -> ChatUsage:
    """Zeros where the server does not say. Some count what they knew of a prompt beside it."""
    if wire is None:
        return ChatUsage(prompt_tokens=0, reply_tokens=0)
    details, prompt_tokens = wire.prompt_tokens_details, counted(wire.prompt_tokens)
    return ChatUsage(
        prompt_tokens=prompt_tokens,
        reply_tokens=counted(wire.completion_tokens),
        cached_tokens=counted(details.cached_tokens, most=prompt_tokens) if details is not None else 0,
    )
