"""A conversation in character: who takes part, what was said, who must reply and how, and what comes back."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from rhapsode.core.constraint import Constraint
from rhapsode.core.function import Function, FunctionCall


class Role(Enum):
    """What kind of participant speaks."""

    USER = "user"
    BOT = "bot"
    FUNCTION = "function"
    """what a function gave back, in answer to a call that a bot made"""


@dataclass(frozen=True, kw_only=True)
class Bot:
    """A character. `description` is who it is, in its maker's words. An empty name: it is not to be told its name."""

    name: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One thing that one participant said, or the functions that it called, or both.

    `answers` is the id of the call that a FUNCTION turn answers; empty where the dialect has no ids: then it answers
    the next call that has no answer yet. The speaker of a FUNCTION turn is the function's name.
    """

    role: Role
    speaker: str
    text: str
    calls: tuple[FunctionCall, ...] = ()
    answers: str = ""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next token is chosen.

    `temperature` is in [0, 2], 0 being the likeliest token always, `top_p` in (0, 1], the penalties in [-2, 2]. The
    same `seed` gives the same reply where the engine can do so.
    """

    temperature: float
    top_p: float
    seed: int | None = None
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One result of a web search."""

    title: str
    url: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """One reply, asked for.

    `samples` are example turns that show the manner and are no part of the conversation. `reply_as` is the name of one
    of `bots`. `max_tokens`, at least 1, only cuts: an engine caps it at what its context has left. The reply ends
    before the first of `stops`.

    `functions` may be called; `must_call` names those of which one must be, and is empty where the bot is free to
    reply instead. `constraint` is the form that the reply has, and excludes `functions`.

    `begun` is the beginning of the reply where the caller has it already: the reply goes on from there, without it. It
    excludes `constraint` and `functions`.

    `mask` hides what identifies people in the reply, `search` looks the last turn up on the web. These and `begun` are
    the service's work, and an engine reads `findings` alone, which are what the search found. `tokens_field` and
    `search_field` are how the caller wrote `max_tokens` and asked for the search, for errors.
    """

    model: str
    bots: tuple[Bot, ...]
    samples: tuple[Turn, ...] = ()
    turns: tuple[Turn, ...]
    reply_as: str
    max_tokens: int
    sampling: Sampling
    stops: tuple[str, ...] = ()
    functions: tuple[Function, ...] = ()
    must_call: tuple[str, ...] = ()
    constraint: Constraint | None = None
    begun: str = ""
    mask: bool = False
    search: bool = False
    search_field: str = field(default="search", compare=False, repr=False)
    findings: tuple[Finding, ...] = ()
    tokens_field: str = field(default="tokens_to_generate", compare=False, repr=False)


class Finish(Enum):
    """Why a reply ended."""

    STOP = "stop"
    """by itself, or with a function call"""
    LENGTH = "length"
    """cut by `max_tokens`"""
    CONTEXT = "context"
    """cut because the model's context is full"""


@dataclass(frozen=True, kw_only=True)
class ChatUsage:
    """Tokens, as the engine counted them. `cached_tokens` of the prompt did not have to be evaluated again."""

    prompt_tokens: int
    reply_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class ChatText:
    """A piece of the reply: never empty, and pieces joined are the reply."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ChatThought:
    """A piece of what a model thinks before it replies, where it says so: never empty, and no part of the reply."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ChatCall:
    """A piece of a function call.

    The first piece of a call holds its `name`, and its `id` where the engine has one; the `arguments` of all pieces
    with one `index` joined are JSON text. Indices count from 0, and a call is complete when the next one begins.
    """

    index: int
    name: str = ""
    id: str = ""
    arguments: str = ""


@dataclass(frozen=True, kw_only=True)
class ChatEnd:
    """The last event of every reply. `slots` are what the named slots of a glyph hold."""

    finish: Finish
    usage: ChatUsage
    slots: Mapping[str, str] = field(default_factory=dict[str, str])


ChatEvent = ChatText | ChatThought | ChatCall | ChatEnd


@dataclass(frozen=True, kw_only=True)
class ChatReply:
    """A whole reply: a collected stream."""

    text: str
    end: ChatEnd
    thought: str = ""
    calls: tuple[FunctionCall, ...] = ()


class ChatEngine(Protocol):
    """What can reply. Who opens the generator closes it (`aclosing`); closing it frees the engine at once."""

    def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        """Events of a reply, then one `ChatEnd`.

        There is at least one `ChatText` or `ChatCall`, unless the reply began with one of `stops`. The joined text,
        where there is any and no `constraint`, begins with a visible character. Raises `PromptTooLong`, and
        `NotSupported` for what this engine cannot do, before the first event, `Overloaded` when too many wait already,
        `EngineError` at any time.
        """
        ...

    async def close(self) -> None:
        """End what runs and free what is held. No reply may be asked for afterwards."""
        ...


async def collect(events: AsyncIterator[ChatEvent], shown: Callable[[str], str] = str) -> ChatReply:
    """The whole reply of a stream. `shown` is applied to all text, or thought, between two events of another kind."""
    stretches: dict[type[ChatEvent], list[list[str]]] = {ChatText: [], ChatThought: []}
    calls: list[ChatCall] = []
    last: type[ChatEvent] | None = None
    async for event in events:
        kind = type(event)
        match event:
            case ChatText() | ChatThought():
                if kind is not last:
                    stretches[kind].append([])
                stretches[kind][-1].append(event.text)
            case ChatCall():
                calls.append(event)
            case ChatEnd():
                text, thought = ("".join(shown("".join(parts)) for parts in of) for of in stretches.values())
                return ChatReply(text=text, end=event, thought=thought, calls=join_calls(calls))
        last = kind
    raise AssertionError("a stream of chat events ended without ChatEnd")


def join_calls(pieces: Iterable[ChatCall]) -> tuple[FunctionCall, ...]:
    """The calls that pieces add up to, by their index."""
    by_index: dict[int, list[ChatCall]] = {}
    for piece in pieces:
        by_index.setdefault(piece.index, []).append(piece)
    return tuple(
        FunctionCall(
            name="".join(piece.name for piece in by_index[index]),
            id="".join(piece.id for piece in by_index[index]),
            arguments="".join(piece.arguments for piece in by_index[index]),
        )
        for index in sorted(by_index)
    )
