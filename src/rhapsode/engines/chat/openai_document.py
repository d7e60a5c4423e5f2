"""A document that must close, written by a server that keeps its schema and knows nothing of the tokens that are left.

Where the first one is cut, a second one is asked for whose strings and arrays the schema itself keeps short.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Final, cast

import msgspec

from rhapsode.core.chat import ChatEvent, ChatReply, ChatRequest, Finish, collect
from rhapsode.core.constraint import JsonDocument
from rhapsode.core.errors import EngineError

Schema = Mapping[str, object]

_MOST_ITEMS: Final = 4
"""of each array of a short document; fewer where there is no room"""
_TOKENS_A_CHARACTER: Final = 3
_SHORT_STRING: Final = 8
"""characters, below which arrays are made shorter instead"""
_PUNCTUATION: Final = 8
"""characters around a value and its key: quotation marks, colon, comma, blanks"""
_NUMBER: Final = 8
"""characters that a number or a boolean may take"""


async def close_document(
    request: ChatRequest, document: JsonDocument, ask: Callable[[ChatRequest], AsyncGenerator[ChatEvent]]
) -> ChatReply:
    """The whole document. Raises `EngineError` where the second one is cut too, or the server keeps no schema."""
    reply = await _whole(ask(request))
    if reply.end.finish is not Finish.STOP:
        short = replace(document, schema=shortened(document.schema, request.max_tokens))
        reply = await _whole(ask(replace(request, constraint=short)))
    if reply.end.finish is not Finish.STOP:
        raise EngineError("the upstream engine's document does not close within its tokens")
    if not _is_json(reply.text):
        raise EngineError(
            "the upstream engine does not keep to the form that was asked for: what is its grammar option?"
        )
    return reply


def shortened(schema: Schema, tokens: int) -> dict[str, object]:
    """The schema of a glyph with bounds for its strings and arrays, so that a document takes about `tokens` at most.

    A character of a string counts as three tokens, as Chinese is to small models, and two of the structure as one.
    """
    for items in range(_MOST_ITEMS, 0, -1):
        strings, structure = _size(schema, items)
        length = max(1, (tokens - structure // 2) // (_TOKENS_A_CHARACTER * max(strings, 1)))
        if length >= _SHORT_STRING or items == 1:
            return _bounded(schema, items, length)
    raise AssertionError("unreachable")


def _size(schema: Schema, items: int) -> tuple[int, int]:
    """How many strings a document has whose arrays hold so many items, and how many characters beside them."""
    match schema.get("type"):
        case "object":
            strings = structure = 0
            for key, inner in _properties(schema).items():
                of_value = _size(inner, items)
                strings, structure = strings + of_value[0], structure + of_value[1] + len(key) + _PUNCTUATION
            return strings, structure
        case "array":
            strings, structure = _size(cast("Schema", schema["items"]), items)
            return strings * items, (structure + _PUNCTUATION) * items
        case "string":
            return 1, 0
        case _:
            return 0, _NUMBER


def _bounded(schema: Schema, items: int, length: int) -> dict[str, object]:
    match schema.get("type"):
        case "object":
            inner = {key: _bounded(value, items, length) for key, value in _properties(schema).items()}
            return {**schema, "properties": inner}
        case "array":
            return {**schema, "items": _bounded(cast("Schema", schema["items"]), items, length), "maxItems": items}
        case "string":
            return {**schema, "maxLength": length}
        case _:
            return dict(schema)


def _properties(schema: Schema) -> Mapping[str, Schema]:
    return cast("Mapping[str, Schema]", schema["properties"])


async def _whole(events: AsyncGenerator[ChatEvent]) -> ChatReply:
    async with aclosing(events):
        return await collect(events)


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
