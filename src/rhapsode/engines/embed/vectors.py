"""Texts to llama.cpp and vectors back: its request and its answer, whose faults become ours."""

import re
from typing import Final

import msgspec

from rhapsode.core.errors import EngineError
from rhapsode.engines.chat.bridge import NATIVE_ERRORS
from rhapsode.engines.chat.native import NativeEmbedder


class TextTooLong(Exception):
    """One of the texts has more `tokens` than the context holds."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.tokens = tokens


class _Ask(msgspec.Struct, frozen=True):
    input: tuple[str, ...]


class _Item(msgspec.Struct, frozen=True):
    index: int
    embedding: list[float]


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int = 0


class _Fault(msgspec.Struct, frozen=True):
    type: str = ""
    code: int = 0
    message: str = ""
    n_prompt_tokens: int = 0


class _Answer(msgspec.Struct, frozen=True):
    data: tuple[_Item, ...] = ()
    usage: _Usage = _Usage()
    error: _Fault | None = None


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(_Answer)

# The one fault that llama.cpp tells in its sentence alone: a text that one evaluation cannot hold.
_TOO_LARGE: Final = re.compile(r"input \((\d+) tokens\) is too large")


def evaluate(embedder: NativeEmbedder, texts: tuple[str, ...]) -> tuple[list[list[float]], int]:
    """The texts' vectors, each of length 1, and the tokens of all. Blocks. Raises `TextTooLong`, `EngineError`."""
    try:
        answer = _DECODER.decode(embedder.handle_embeddings(_ENCODER.encode(_Ask(texts))))
    except NATIVE_ERRORS as error:  # msgspec's are among them: a number that is none is written as null
        raise EngineError("llama.cpp failed at an embedding") from error
    if answer.error is not None:
        raise _foreign(answer.error)
    if len(answer.data) != len(texts):
        raise EngineError("llama.cpp gave another number of vectors than there were texts")
    in_order = sorted(answer.data, key=lambda item: item.index)
    return [item.embedding for item in in_order], answer.usage.prompt_tokens


def _foreign(fault: _Fault) -> TextTooLong | EngineError:
    if fault.type == "exceed_context_size_error":
        return TextTooLong(fault.n_prompt_tokens)
    if found := _TOO_LARGE.match(fault.message):
        return TextTooLong(int(found[1]))
    # Its message is left out: it may quote the text.
    return EngineError(f"llama.cpp refused the texts: {fault.type} {fault.code}")
