"""glyph: the form that a reply must have, as it stands in `reply_constraints.glyph`, and as a constraint.

The contract's section 1.6. `raw` is a text with slots (`raw_glyph.py`), `json_value` a JSON document with given keys.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, cast

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.constraint import Constraint, Glyph, JsonDocument
from rhapsode.core.errors import InvalidField
from rhapsode.dialects.json_body import require
from rhapsode.dialects.minimax.raw_glyph import read_raw, write_raw

DEEPEST: Final = 32
"""properties inside each other"""
MOST_PROPERTIES: Final = 512
"""of one glyph, all levels together"""

Key = Annotated[str, Meta(min_length=1)]


class WireProperty(Struct, frozen=True, omit_defaults=True):
    """What the value of a key is. The platform's own page spells `items` with a capital in one place."""

    type: Literal["string", "boolean", "number", "object", "array"]
    properties: "dict[Key, WireProperty] | None" = None
    property_list: "list[WireEntry] | None" = None
    items: "WireProperty | None" = None
    capital_items: "WireProperty | None" = msgspec.field(default=None, name="Items")


class WireEntry(Struct, frozen=True):
    """One key of an object whose order counts."""

    properties: dict[Key, WireProperty]


class WireGlyph(Struct, frozen=True, omit_defaults=True):
    """`reply_constraints.glyph`."""

    type: Literal["raw", "json_value"]
    raw_glyph: str | None = None
    json_properties: dict[Key, WireProperty] | None = None


def read_glyph(wire: WireGlyph, *, field: str) -> Constraint:
    """`field` is where the glyph stands, such as `reply_constraints.glyph`. Raises `InvalidField`."""
    if wire.type == "raw":
        require(not wire.json_properties, f"{field}.json_properties", "belongs to the type json_value")
        return read_raw(wire.raw_glyph or "", field=f"{field}.raw_glyph")
    require(not wire.raw_glyph, f"{field}.raw_glyph", "belongs to the type raw")
    return JsonDocument(schema=_Reader().object_of(wire.json_properties, f"{field}.json_properties"), must_close=True)


def write_glyph(constraint: Constraint) -> WireGlyph:
    """What `read_glyph` reads as `constraint`. Raises `InvalidField` where the platform has no words for it."""
    field = "reply_constraints.glyph"
    if isinstance(constraint, Glyph):
        return WireGlyph(type="raw", raw_glyph=write_raw(constraint, field=f"{field}.raw_glyph"))
    written = _property(constraint.schema, f"{field}.json_properties")
    require(
        constraint.must_close and written.properties, field, "a JSON schema of this kind cannot be written as a glyph"
    )
    return WireGlyph(type="json_value", json_properties=written.properties)


def pretty(text: str) -> str:
    """A JSON document with an indentation of two spaces, every character as itself; as it came if it is not whole."""
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    # Encoded anew only where characters are written as numbers: a number keeps the digits that the model gave it.
    plain = msgspec.json.encode(document).decode() if "\\u" in text else text
    return msgspec.json.format(plain, indent=2)


class _Reader:
    """Properties as a JSON schema."""

    def __init__(self) -> None:
        self._count = 0

    def object_of(self, properties: Mapping[str, WireProperty] | None, field: str, depth: int = 0) -> dict[str, object]:
        require(properties, field, "must hold at least one property")
        return self._object(((key, inner, f"{field}.{key}") for key, inner in (properties or {}).items()), depth)

    def _object(self, members: Iterator[tuple[str, WireProperty, str]], depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, inner, field in members:
            require(key not in found, field, "stands in property_list twice")
            found[key] = self._value(inner, field, depth + 1)
        return {"type": "object", "properties": found, "required": list(found), "additionalProperties": False}

    def _value(self, wire: WireProperty, field: str, depth: int) -> dict[str, object]:
        self._count += 1
        require(self._count <= MOST_PROPERTIES, field, f"a glyph must not have more than {MOST_PROPERTIES} properties")
        require(depth <= DEEPEST, field, f"properties must not be nested deeper than {DEEPEST}")
        require(wire.items is None or wire.capital_items is None, f"{field}.Items", "stands beside items")
        items = wire.items or wire.capital_items
        if wire.type != "object":
            require(not wire.properties, f"{field}.properties", "belongs to the type object")
            require(not wire.property_list, f"{field}.property_list", "belongs to the type object")
        if wire.type != "array":
            require(items is None, f"{field}.items", "belongs to the type array")
        if wire.type == "object":
            return self._nested(wire, field, depth)
        if wire.type == "array":
            if items is None:
                raise InvalidField(f"{field}.items", "an array needs it")
            return {"type": "array", "items": self._value(items, f"{field}.items", depth + 1)}
        return {"type": wire.type}

    def _nested(self, wire: WireProperty, field: str, depth: int) -> dict[str, object]:
        if not wire.property_list:
            return self.object_of(wire.properties, f"{field}.properties", depth)
        require(not wire.properties, f"{field}.properties", "stands beside property_list")
        return self._object(self._listed(wire.property_list, f"{field}.property_list"), depth)

    def _listed(self, entries: list[WireEntry], field: str) -> Iterator[tuple[str, WireProperty, str]]:
        for index, entry in enumerate(entries):
            place = f"{field}[{index}].properties"
            require(len(entry.properties) == 1, place, "must hold exactly one property")
            for key, inner in entry.properties.items():
                yield key, inner, f"{place}.{key}"


def _property(schema: Mapping[str, object], field: str) -> WireProperty:
    match dict(schema):
        case {"type": ("string" | "boolean" | "number") as kind, **others} if not others:
            return WireProperty(type=cast('Literal["string", "boolean", "number"]', kind))
        case {"type": "array", "items": items, **others} if not others:
            return WireProperty(type="array", items=_property(cast("Mapping[str, object]", items), f"{field}.items"))
        case {"type": "object", "properties": found, "required": required, "additionalProperties": False, **others}:
            properties = cast("Mapping[str, Mapping[str, object]]", found)
            whole = properties and list(properties) == required and not others
            require(whole, field, "only objects of which every key is required can be written as a glyph")
            written = {key: _property(inner, f"{field}.{key}") for key, inner in properties.items()}
            return WireProperty(type="object", properties=written)
        case _:
            raise InvalidField(field, "only objects, arrays, strings, numbers and booleans can be written as a glyph")
