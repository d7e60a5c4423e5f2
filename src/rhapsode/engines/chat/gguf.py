"""What a GGUF file says about its model before it is loaded: the context it was trained on, and its special tokens.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Only the head of the file is read.
"""

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from rhapsode.core.errors import SettingsError

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_SCALARS: Final[dict[int, struct.Struct]] = {
    number: struct.Struct(f"<{letter}")
    for number, letter in {
        0: "B",
        1: "b",
        2: "H",
        3: "h",
        4: "I",
        5: "i",
        6: "f",
        7: "?",
        10: "Q",
        11: "q",
        12: "d",
    }.items()
}
_STRING: Final = 8
_ARRAY: Final = 9
_U32: Final = _SCALARS[4]
_U64: Final = _SCALARS[10]

_UNKNOWN, _CONTROL, _USER_DEFINED = 2, 3, 4
"""types of tokens that stand outside of ordinary text"""

Value: TypeAlias = "bool | int | float | str | list[Value]"


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """`context` in tokens, 0 when the file does not say. `longest_token` in bytes, at least 1."""

    context: int
    markers: frozenset[str]
    """the texts that would end a turn or begin one: control tokens, and user-defined ones that the template uses"""
    longest_token: int
    template: str
    """Jinja; empty when there is none"""


def read_facts(path: Path, *, template: str = "") -> ModelFacts:
    """Takes 0.1 s for a vocabulary of 50,000. `template` stands for the model's own.

    Raises `SettingsError` when the file is no GGUF.
    """
    found = read_metadata(path)
    try:
        return _facts(found, template)
    except ValueError as fault:
        raise _unreadable(path) from fault


def read_metadata(path: Path) -> dict[str, Value]:
    """Every key of the file's head and its value. Raises as `read_facts` does."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return dict(_metadata(data))
    except (OSError, ValueError, struct.error, KeyError, RecursionError) as fault:
        raise _unreadable(path) from fault


def _unreadable(path: Path) -> SettingsError:
    return SettingsError(f"model: {path} is not a GGUF file that this version can read")


def _facts(found: dict[str, Value], template: str) -> ModelFacts:
    context = found.get(f"{found.get('general.architecture')}.context_length", 0)
    template = template or str(found.get("tokenizer.chat_template", ""))
    tokens, types = found.get("tokenizer.ggml.tokens", []), found.get("tokenizer.ggml.token_type", [])
    if not isinstance(context, int) or not isinstance(tokens, list) or not isinstance(types, list):
        raise ValueError("metadata of an unexpected type")  # noqa: TRY004 - the file's type, not an argument's
    texts = [str(token) for token in tokens]
    markers = {
        text
        for text, kind in zip(texts, types, strict=False)
        if kind in {_UNKNOWN, _CONTROL} or (kind == _USER_DEFINED and text in template)
    }
    return ModelFacts(
        context=context,
        # llama.cpp falls back on this template when the file holds none.
        markers=frozenset(markers | {"<|im_start|>", "<|im_end|>"}),
        # A byte-level vocabulary writes a byte as one character; another writes characters, of at most 4 bytes.
        longest_token=max((len(text.encode()) for text in texts), default=1),
        template=template,
    )


def _metadata(data: mmap.mmap) -> Iterator[tuple[str, Value]]:
    reader = _Reader(data)
    if data[:4] != _MAGIC or reader.scalar_at(4, _U32) not in _VERSIONS:
        raise ValueError("no GGUF, or of a version before 2")
    reader.position = 16  # magic, version, number of tensors
    for _ in range(int(reader.scalar(_U64))):
        yield reader.string(), reader.value(int(reader.scalar(_U32)))


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.position = 0

    def scalar_at(self, position: int, layout: struct.Struct) -> bool | int | float:
        (value,) = layout.unpack_from(self._data, position)
        return value

    def scalar(self, layout: struct.Struct) -> bool | int | float:
        value = self.scalar_at(self.position, layout)
        self.position += layout.size
        return value

    def string(self) -> str:
        end = self.position + _U64.size + int(self.scalar(_U64))
        if end > len(self._data):
            raise ValueError("a string goes beyond the end of the file")
        text = self._data[self.position : end]
        self.position = end
        return text.decode(errors="replace")

    def value(self, kind: int) -> Value:
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            return self.scalar(_SCALARS[kind])
        inner, length = int(self.scalar(_U32)), int(self.scalar(_U64))
        return [self.value(inner) for _ in range(length)]
