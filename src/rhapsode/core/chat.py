"""A conversation in character: who takes part, what was said, who must reply, and what comes back."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Role(Enum):
    """What kind of participant speaks."""

    USER = "user"
    BOT = "bot"


@dataclass(frozen=True, kw_only=True)
class Bot:
    """A character. `description` is who it is, in its maker's words."""

    name: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One thing that one participant said."""

    role: Role
    speaker: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next token is chosen. `temperature` is in (0, 1], `top_p` in (0, 1]."""

    temperature: float
    top_p: float


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """One reply, asked for.

    `samples` are example turns that show the manner and are no part of the conversation. `reply_as` is the name of one
    of `bots`. `max_tokens`, at least 1, only cuts: an engine caps it at what its context has left.
    """

    model: str
    bots: tuple[Bot, ...]
    samples: tuple[Turn, ...] = ()
    turns: tuple[Turn, ...]
    reply_as: str
    max_tokens: int
    sampling: Sampling


class Finish(Enum):
    """Why a reply ended."""

    STOP = "stop"
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
class ChatEnd:
    """The last event of every reply."""

    finish: Finish
    usage: ChatUsage


ChatEvent = ChatText | ChatEnd


@dataclass(frozen=True, kw_only=True)
class ChatReply:
    """A whole reply: a collected stream."""

    text: str
    end: ChatEnd


class ChatEngine(Protocol):
    """What can reply. Who opens the generator closes it (`aclosing`); closing it frees the engine at once."""

    def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        """Zero or more `ChatText`, then one `ChatEnd`.

        The joined text holds at least one visible character and begins with it. Raises `PromptTooLong` before the
        first event, `Overloaded` when too many wait already, `EngineError` at any time.
        """
        ...

    async def close(self) -> None:
        """End what runs and free what is held. No reply may be asked for afterwards."""
        ...


async def collect(events: AsyncIterator[ChatEvent]) -> ChatReply:
    """The whole reply of a stream."""
    pieces: list[str] = []
    async for event in events:
        if isinstance(event, ChatEnd):
            return ChatReply(text="".join(pieces), end=event)
        pieces.append(event.text)
    raise AssertionError("a stream of chat events ended without ChatEnd")
