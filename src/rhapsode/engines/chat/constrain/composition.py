"""A reply that is written part by part: which constraints ask for it, and who writes it."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from rhapsode.core.chat import ChatEvent
from rhapsode.core.constraint import Constraint, Glyph, JsonDocument, Literal
from rhapsode.engines.chat.constrain.continuation import Continuation
from rhapsode.engines.chat.constrain.document import check_schema, write_document
from rhapsode.engines.chat.constrain.glyph import prepare_glyph, write_glyph


class _Write(Protocol):
    def __call__(self, continuation: Continuation, *, max_tokens: int) -> AsyncGenerator[ChatEvent]: ...


@dataclass(frozen=True)
class Composition:
    """`given` bytes of the reply are literal text. `write` gives the events of the reply, and its end."""

    given: int
    write: _Write


async def read_composition(constraint: Constraint | None, *, max_tokens: int) -> Composition | None:
    """None where the reply is written in one go. Raises `InvalidField`."""
    match constraint:
        case Glyph():
            given = sum(len(part.text.encode()) for part in constraint.parts if isinstance(part, Literal))
            return Composition(given, partial(write_glyph, await asyncio.to_thread(prepare_glyph, constraint)))
        case JsonDocument(must_close=True):
            check_schema(constraint.schema, max_tokens=max_tokens)
            return Composition(0, partial(write_document, constraint.schema))
        case _:
            return None
