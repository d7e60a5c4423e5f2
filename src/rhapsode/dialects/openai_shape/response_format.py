"""The form of a reply in OpenAI's shape: `response_format`, read and written."""

from typing import Literal

from msgspec import Struct

from rhapsode.core.constraint import Constraint, JsonDocument
from rhapsode.core.errors import InvalidField, NotSupported


class JsonSchema(Struct, frozen=True, omit_defaults=True):
    """A schema with its name, which says nothing to us."""

    schema: dict[str, object] | None = None
    name: str | None = None


class ResponseFormat(Struct, frozen=True, omit_defaults=True):
    """The form on the wire."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


def read_response_format(wire: ResponseFormat | None) -> JsonDocument | None:
    """The constraint; None for plain text. Raises `InvalidField`."""
    if wire is None or wire.type == "text":
        return None
    if wire.type == "json_object":
        return JsonDocument(schema={})
    if wire.json_schema is None:
        raise InvalidField("response_format.json_schema", "is required with the type 'json_schema'")
    if wire.json_schema.schema is None:
        raise InvalidField("response_format.json_schema.schema", "is required")
    return JsonDocument(schema=wire.json_schema.schema)


def write_response_format(constraint: Constraint | None) -> ResponseFormat | None:
    """The form that asks for `constraint`. Raises `NotSupported` for what the shape cannot say."""
    match constraint:
        case None:
            return None
        case JsonDocument(schema=schema):
            if not schema:
                return ResponseFormat("json_object")
            return ResponseFormat("json_schema", JsonSchema(dict(schema), "reply"))
        case _:
            raise NotSupported("reply_constraints.glyph", "a glyph cannot be asked for in OpenAI's shape")
