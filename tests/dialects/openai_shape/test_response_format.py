from typing import Any

import msgspec
import pytest

from rhapsode.core.constraint import Constraint, Glyph, JsonDocument, Literal
from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.dialects.openai_shape.response_format import ResponseFormat, read_response_format, write_response_format

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def read(wire: dict[str, Any] | None) -> Constraint | None:
    return read_response_format(msgspec.convert(wire, ResponseFormat | None))


@pytest.mark.parametrize("constraint", [None, JsonDocument(schema={}), JsonDocument(schema=SCHEMA)])
def test_what_is_written_reads_back(constraint: Constraint | None) -> None:
    assert read_response_format(write_response_format(constraint)) == constraint


def test_each_type() -> None:
    assert read(None) is read({"type": "text"}) is None
    assert read({"type": "json_object"}) == JsonDocument(schema={})
    named = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}}
    assert read(named) == JsonDocument(schema=SCHEMA)


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        ({"type": "json_schema"}, "response_format.json_schema"),
        ({"type": "json_schema", "json_schema": {"name": "x"}}, "response_format.json_schema.schema"),
    ],
)
def test_a_schema_is_required(wire: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(wire)
    assert caught.value.field == field


def test_a_glyph_cannot_be_said() -> None:
    with pytest.raises(NotSupported):
        write_response_format(Glyph(parts=(Literal(text="a"),)))
