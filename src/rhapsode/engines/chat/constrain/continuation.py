"""The seam between a reply that is written part by part and the engine that writes the parts."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from rhapsode.core.chat import Finish


@dataclass(frozen=True, kw_only=True)
class Step:
    """What the model shall write next: a text of `grammar`, whose first rule is `root`, in at most `max_tokens`.

    `temperature` None: that of the request. `free`: it is free text, which must not speak for anybody else; an engine
    that has a grammar for that uses it instead.
    """

    grammar: str
    temperature: float | None
    max_tokens: int
    free: bool


@dataclass(frozen=True, kw_only=True)
class Written:
    """A piece of it, which may be empty. The last one has a `finish`.

    `tokens` are those written since the step began, `prompt_tokens` all that stood before them, and `cached_tokens`
    what of those did not have to be evaluated again.
    """

    text: str
    tokens: int
    prompt_tokens: int
    cached_tokens: int
    finish: Finish | None = None


class Continuation(Protocol):
    """Continues one reply."""

    def __call__(self, begun: str, step: Step, /) -> AsyncGenerator[Written]:
        """`begun` is the whole reply so far. Who opens the generator closes it, which ends the writing.

        Raises `PromptTooLong`, `EngineError`.
        """
        ...
