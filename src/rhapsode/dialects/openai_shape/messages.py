"""A conversation in OpenAI's shape, to turns and back. Every dialect of that shape shares this."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from rhapsode.core.chat import Bot, ChatRequest, Role, Turn
from rhapsode.core.errors import InvalidField
from rhapsode.core.function import FunctionCall
from rhapsode.dialects.json_body import require
from rhapsode.dialects.openai_shape.cast import SAMPLE_SPEAKERS, Cast, read_cast
from rhapsode.dialects.openai_shape.message import CalledFunction, Message, RoleName, ToolCall, text_of

_SAMPLES: Final[dict[str, Role]] = {"sample_message_user": Role.USER, "sample_message_ai": Role.BOT}
_SAMPLE_SPEAKERS: Final = dict(zip(SAMPLE_SPEAKERS, (Role.USER, Role.BOT), strict=True))


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """The parts of a `ChatRequest` that messages say."""

    bots: tuple[Bot, ...]
    samples: tuple[Turn, ...]
    turns: tuple[Turn, ...]
    reply_as: str


def read_messages(
    messages: Sequence[Message], *, field: str = "messages", alias: str = "", lenient: bool = False
) -> Conversation:
    """The conversation. `alias` is the name that replies carry on the wire where the bot has none.

    An assistant message that neither says nor calls anything is left out: clients keep the blank end of a stream that
    broke. `lenient` leaves out an empty user message behind another message, and lets an answer to an unknown call
    answer the oldest that is open: a client in use appends the one and makes up ids of its own for the other. Raises
    `InvalidField`, `NotSupported`.
    """
    cast = read_cast(messages, field=field, alias=alias)
    turns = _Turns(cast, alias, lenient=lenient)
    for index, message in enumerate(messages):
        if lenient and index and message.role == "user" and not text_of(message, f"{field}[{index}]"):
            continue
        turns.read(message, f"{field}[{index}]")
    return Conversation(bots=cast.bots, samples=tuple(turns.samples), turns=tuple(turns.turns), reply_as=cast.replier)


def write_messages(request: ChatRequest) -> list[Message]:
    """The messages that say what `request` says of bots, samples and turns: `read_messages` gives it back.

    A request with samples or several bots needs roles and names that only servers of the platform's kind heed.
    """
    replier = next(bot for bot in request.bots if bot.name == request.reply_as)
    others = [bot for bot in request.bots if bot is not replier]
    written = [
        Message("system", bot.description, bot.name or None)
        for bot in (replier, *others)
        if bot.description or bot.name
    ]
    for turn in request.samples:
        role: RoleName = "sample_message_user" if turn.role is Role.USER else "sample_message_ai"
        written.append(Message(role, turn.text, turn.speaker or None))
    calls = _OpenCalls()
    written += [_write_turn(turn, calls) for turn in request.turns]
    return written


class _Turns:
    """The turns as they are read."""

    def __init__(self, cast: Cast, alias: str, *, lenient: bool) -> None:
        self._own = cast.replier
        self._alias = alias
        self._lenient = lenient
        self._names: dict[str, str] = {}
        """of the functions, by the id of the call, the oldest first"""
        self.samples: list[Turn] = []
        self.turns: list[Turn] = []

    def read(self, message: Message, field: str) -> None:
        match message.role:
            case "user":
                self.turns.append(self._turn(Role.USER, message, field))
            case "assistant":
                self._read_assistant(message, field)
            case "tool":
                self.turns.append(self._answer(message, field))
            case "sample_message_user" | "sample_message_ai":
                self.samples.append(self._turn(_SAMPLES[message.role], message, field))
            case "system" if message.name in _SAMPLE_SPEAKERS:
                turn = self._turn(_SAMPLE_SPEAKERS[message.name], Message("system", message.content), field)
                self.samples.append(turn)
            case _:
                pass  # says who takes part

    def _read_assistant(self, message: Message, field: str) -> None:
        calls = tuple(
            _read_call(call, f"{field}.tool_calls[{index}]") for index, call in enumerate(message.tool_calls or ())
        )
        text = text_of(message, field)
        if calls or text:
            self._names |= {call.id: call.name for call in calls}
            self.turns.append(Turn(role=Role.BOT, speaker=self._bot(message), text=text, calls=calls))

    def _turn(self, role: Role, message: Message, field: str) -> Turn:
        text = text_of(message, field)
        require(text, f"{field}.content", "must not be empty")
        speaker = self._bot(message) if role is Role.BOT else message.name or ""
        return Turn(role=role, speaker=speaker, text=text)

    def _bot(self, message: Message) -> str:
        name = message.name or ""
        return self._own if name in {"", self._alias} else name

    def _answer(self, message: Message, field: str) -> Turn:
        call = message.tool_call_id
        if not call:
            raise InvalidField(f"{field}.tool_call_id", "is required: the id of the call that this answers")
        if self._lenient and self._names and call not in self._names:
            call = next(iter(self._names))
        if (name := self._names.pop(call, None)) is None:
            raise InvalidField(f"{field}.tool_call_id", "answers no tool call of an earlier message, or one twice")
        return Turn(role=Role.FUNCTION, speaker=name, text=text_of(message, field), answers=call)


def _read_call(call: ToolCall, field: str) -> FunctionCall:
    arguments = call.function.arguments or "{}"
    try:
        value: object = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        value = None
    require(isinstance(value, dict), f"{field}.function.arguments", "must be the JSON text of an object")
    return FunctionCall(name=call.function.name, arguments=arguments, id=call.id)


class _OpenCalls:
    """Calls that wait for their answer; those of a dialect without ids are given one."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._count = 0

    def name(self, call: FunctionCall) -> str:
        self._count += 1
        self._open.append(call.id or f"call_{self._count}")
        return self._open[-1]

    def answer(self, turn: Turn) -> str:
        """The id of the call that a turn answers. An answer without a call gets an id that no call has."""
        if turn.answers:
            if turn.answers in self._open:
                self._open.remove(turn.answers)
            return turn.answers
        return self._open.pop(0) if self._open else "call_0"


def _write_turn(turn: Turn, calls: _OpenCalls) -> Message:
    match turn.role:
        case Role.USER:
            return Message("user", turn.text, turn.speaker or None)
        case Role.FUNCTION:
            return Message("tool", turn.text, tool_call_id=calls.answer(turn))
        case Role.BOT:
            called = [ToolCall(calls.name(call), CalledFunction(call.name, call.arguments)) for call in turn.calls]
            return Message("assistant", turn.text, turn.speaker or None, tool_calls=called or None)
