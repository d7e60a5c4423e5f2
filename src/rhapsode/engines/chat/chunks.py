"""What llama.cpp says while it works: the chunks of its chat completion stream, as far as they are used."""

from typing import Final

import msgspec

from rhapsode.core.errors import EngineError


class Progress(msgspec.Struct, frozen=True):
    """How much of a prompt is evaluated, in tokens: `processed` of `total`, the `cache` that were known included."""

    total: int
    cache: int
    processed: int


class Delta(msgspec.Struct, frozen=True):
    """What the reply grows by."""

    content: str | None = None


class Choice(msgspec.Struct, frozen=True):
    """The one choice of a chunk. `text` is what `delta` is in the completion of a prompt that is a text."""

    delta: Delta = Delta()
    text: str = ""
    finish_reason: str | None = None


class PromptDetails(msgspec.Struct, frozen=True):
    """Part of `Usage`."""

    cached_tokens: int = 0


class Usage(msgspec.Struct, frozen=True):
    """The last chunk's count."""

    prompt_tokens: int
    completion_tokens: int
    prompt_tokens_details: PromptDetails = PromptDetails()


class Timings(msgspec.Struct, frozen=True):
    """`predicted_n` tokens have been decoded so far."""

    predicted_n: int = 0


class Fault(msgspec.Struct, frozen=True):
    """Why there is no reply. The figures come with `exceed_context_size_error`."""

    type: str = ""
    code: int = 0
    n_prompt_tokens: int = 0
    n_ctx: int = 0


class Chunk(msgspec.Struct, frozen=True):
    """One callback."""

    choices: tuple[Choice, ...] = ()
    prompt_progress: Progress | None = None
    usage: Usage | None = None
    timings: Timings | None = None
    error: Fault | None = None

    @property
    def text(self) -> str:
        """The piece of the reply; often empty."""
        return "".join(choice.delta.content or choice.text for choice in self.choices)

    @property
    def finish(self) -> str | None:
        """`stop`, `length`, or None while the reply goes on."""
        return next((choice.finish_reason for choice in self.choices if choice.finish_reason), None)

    @property
    def prompt_done(self) -> bool:
        """Whether the whole prompt is evaluated by now."""
        return self.prompt_progress is None or self.prompt_progress.processed >= self.prompt_progress.total


_decoder: Final = msgspec.json.Decoder(Chunk)


def read_chunk(data: bytes) -> Chunk:
    """Raises `EngineError`."""
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        raise EngineError("llama.cpp sent what this version cannot read") from fault
