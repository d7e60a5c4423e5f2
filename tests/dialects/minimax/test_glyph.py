"""glyph, on the wire and as a constraint."""

from typing import cast

import msgspec
import pytest
from inline_snapshot import snapshot

from rhapsode.core.constraint import Constraint, Gen, Glyph, JsonDocument, Literal
from rhapsode.core.errors import InvalidField
from rhapsode.dialects.minimax.glyph import DEEPEST, MOST_PROPERTIES, WireGlyph, pretty, read_glyph, write_glyph


def read(wire: object) -> Constraint:
    return read_glyph(msgspec.convert(wire, WireGlyph), field="glyph")


def properties(**given: object) -> dict[str, object]:
    return {"type": "json_value", "json_properties": given}


def test_a_document_has_its_keys_in_order_and_no_other() -> None:
    ordered = [
        {"properties": {"z": {"type": "array", "Items": {"type": "number"}}}},
        {"properties": {"a": {"type": "boolean"}}},
    ]
    constraint = read(properties(b={"type": "string"}, a={"type": "object", "property_list": ordered}))
    assert constraint == JsonDocument(must_close=True, schema=snapshot({
        "type": "object",
        "properties": {
            "b": {"type": "string"},
            "a": {
                "type": "object",
                "properties": {"z": {"type": "array", "items": {"type": "number"}}, "a": {"type": "boolean"}},
                "required": ["z", "a"],
                "additionalProperties": False,
            },
        },
        "required": ["b", "a"],
        "additionalProperties": False,
    }))  # fmt: skip
    assert list(cast("dict[str, object]", cast("JsonDocument", constraint).schema["properties"])) == ["b", "a"]
    assert read_glyph(write_glyph(constraint), field="glyph") == constraint


def test_a_raw_glyph_is_its_parts() -> None:
    constraint = read({"type": "raw", "raw_glyph": "a{{gen 'x'}}"})
    assert constraint == Glyph(parts=(Literal(text="a"), Gen(name="x")))
    assert read_glyph(write_glyph(constraint), field="glyph") == constraint


NO_KEY: dict[str, dict[str, object]] = {"properties": {}}


def nested(levels: int) -> dict[str, object]:
    return {"type": "array", "items": nested(levels - 1)} if levels else {"type": "string"}


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        ({"type": "raw"}, "glyph.raw_glyph"),
        ({"type": "raw", "raw_glyph": "{{gen}}"}, "glyph.raw_glyph"),
        ({"type": "raw", "raw_glyph": "a", "json_properties": {"a": {"type": "string"}}}, "glyph.json_properties"),
        ({"type": "json_value"}, "glyph.json_properties"),
        (properties(), "glyph.json_properties"),
        ({**properties(a={"type": "string"}), "raw_glyph": "a"}, "glyph.raw_glyph"),
        (properties(a={"type": "array"}), "glyph.json_properties.a.items"),
        (properties(a={"type": "string", "items": {"type": "string"}}), "glyph.json_properties.a.items"),
        (properties(a={"type": "array", "items": {"type": "string"}, "Items": {"type": "string"}}), "glyph.json_properties.a.Items"),
        (properties(a={"type": "object"}), "glyph.json_properties.a.properties"),
        (properties(a={"type": "number", "properties": {"b": {"type": "string"}}}), "glyph.json_properties.a.properties"),
        (properties(a={"type": "number", "property_list": [NO_KEY]}), "glyph.json_properties.a.property_list"),
        (properties(a={"type": "object", "property_list": [NO_KEY]}), "glyph.json_properties.a.property_list[0].properties"),
        (
            properties(a={"type": "object", "property_list": [{"properties": {"b": {"type": "string"}}}] * 2}),
            "glyph.json_properties.a.property_list[1].properties.b",
        ),
        (properties(a=nested(DEEPEST)), "glyph.json_properties.a" + ".items" * DEEPEST),
        (properties(**{f"k{n}": {"type": "string"} for n in range(MOST_PROPERTIES + 1)}), f"glyph.json_properties.k{MOST_PROPERTIES}"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named(wire: object, field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(wire)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "schema", [{}, {"type": "object"}, {"type": "string"}, {"type": "array", "items": {"type": "null"}}]
)
def test_a_schema_that_no_glyph_can_say_is_not_written(schema: dict[str, object]) -> None:
    with pytest.raises(InvalidField):
        write_glyph(JsonDocument(schema=schema, must_close=True))


def test_documents_are_printed_with_two_spaces_and_every_character_as_itself() -> None:
    assert pretty('{"a":[],"b":{"c":1.50,"d":"\\u4f60好\\n"},"e":[1,{}]}') == snapshot("""\
{
  "a": [],
  "b": {
    "c": 1.5,
    "d": "你好\\n"
  },
  "e": [
    1,
    {}
  ]
}\
""")
    assert pretty(pretty('{"a": 1.50}')) == '{\n  "a": 1.50\n}'
    assert pretty('{"cut": "her') == '{"cut": "her'
