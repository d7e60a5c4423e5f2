"""A JSON schema as the rules of a grammar: every document that the grammar lets pass is one that the schema describes.

The grammar may let pass less than the schema: a caller asked for a document, not for all of them. The keys of an object
come in the order of `properties`, none besides; of keys in `additionalProperties` alone there may be any. What no
grammar of a decent size can say is refused (`keywords.py`). Keywords that only describe are left aside, as JSON schema
has it, and so is a `format` that `json_string.py` does not know.
"""

from collections.abc import Iterator, Mapping
from typing import Final, cast

import msgspec

from rhapsode.core.errors import InvalidField
from rhapsode.engines.chat.constrain import json_number, json_string, keywords
from rhapsode.engines.chat.constrain.gbnf import Rules, characters, quote
from rhapsode.engines.chat.constrain.places import TooLarge
from rhapsode.engines.chat.constrain.regex import CannotEnforce

DEEPEST: Final = 64
"""schemas inside each other"""
SCHEMA_FIELD: Final = "response_format.json_schema.schema"
"""where the dialects that take a caller's schema for a reply have it"""
LARGEST: Final = 20_000
"""Rules of one grammar: llama.cpp reads that many in 0.1 s. Also schemas that are read, one in every place: 0.5 s."""

# `\u` is left out: whatever it says can be said in the character itself, but half a character.
CHARACTER: Final = f'{characters(json_string.PLAIN)} | "\\\\" ["\\\\/nrt]'
_SPACE: Final = '(" " | "\\n"{1,2} [ \\t]{0,16})?'


def json_rules(schema: object, *, name: str, field: str = "") -> str:
    """Rules of which `name` is one JSON document; the names of all others begin with `name` too.

    An empty schema, at the top, is any object. Raises `InvalidField`, which names the place in the schema below
    `field`.
    """
    writer = _Writer(schema, name, field)
    top = {"type": "object"} if schema == {} else schema
    writer.rules.write(name, writer.value(top, field, 0, frozenset()))
    return writer.rules.text()


class _Writer:
    """Each method gives an expression: of a value that a schema describes, which was found at a place."""

    def __init__(self, root: object, name: str, field: str) -> None:
        self.rules = Rules(name)
        self._root = root
        self._field = field
        self._read = 0
        self._references: dict[str, str] = {}

    def value(self, schema: object, at: str, depth: int, entered: frozenset[str]) -> str:
        """`entered`: the references that were followed since the last character of the document."""
        if schema is True or schema == {}:
            return self._anything()
        if not isinstance(schema, Mapping):
            raise InvalidField(at, "must be a JSON schema that some document fulfils")
        given = cast("Mapping[str, object]", schema)
        _require(depth < DEEPEST, at, f"must not be nested deeper than {DEEPEST} schemas")
        self._count(at)
        keywords.refuse(given, at)
        if "$ref" in given:
            return self._reference(given, at, depth, entered)
        if "allOf" in given:
            return self.value(keywords.merged(given, at, self._resolve), at, depth + 1, entered)
        for key in ("anyOf", "oneOf"):
            if key in given:
                return self._any_of(given, key, at, depth, entered)
        if "const" in given or "enum" in given:
            return self._listed(given, at)
        return self._either(self._typed(kind, given, at, depth) for kind in keywords.types(given, at))

    def _typed(self, kind: str, schema: Mapping[str, object], at: str, depth: int) -> str:
        match kind:
            case "object":
                return self._object(schema, at, depth)
            case "array":
                return self._array(schema, at, depth)
            case "string":
                return self._string(schema, at)
            case "number" | "integer":
                bounds = keywords.bounds(schema, at)
                ways = json_number.integer(bounds) if kind == "integer" else json_number.number(bounds)
                _require(ways, at, "no number is between these bounds")
                return f"({ways})"
            case "boolean":
                return '("true" | "false")'
            case _:
                return '"null"'

    def _object(self, schema: Mapping[str, object], at: str, depth: int) -> str:
        properties = keywords.mapping(schema, "properties", at)
        required = keywords.required(schema, at)
        additional = schema.get("additionalProperties", True)
        unnamed = [key for key in required if key not in properties]
        _require(not unnamed or additional is not False, f"{at}.required", "names what additionalProperties excludes")
        known = {**properties, **dict.fromkeys(unnamed, additional)}
        least, most = keywords.counts(schema, "minProperties", "maxProperties", at)
        if not known and additional is not False:
            _require(least <= 1, f"{at}.minProperties", "cannot be enforced where any key may come twice")
            value = self.value(additional, f"{at}.additionalProperties", depth + 1, frozenset())
            member = f"{self._key_text()} {self._colon()} {value}"
            return self._enclosed("{", self._listing(self.rules.add(member), least, most), "}")
        fits = least <= len(required) and (most is None or most >= len(known))
        _require(fits, at, "minProperties and maxProperties cannot be enforced beside properties")
        members = [
            (self._member(key, inner, f"{at}.properties.{key}", depth), key in required) for key, inner in known.items()
        ]
        return self._enclosed("{", self._members(members), "}")

    def _member(self, key: str, schema: object, at: str, depth: int) -> str:
        return self.rules.add(f"{self._literal(key)} {self._colon()} {self.value(schema, at, depth + 1, frozenset())}")

    def _members(self, members: list[tuple[str, bool]]) -> str:
        """Members in their order, those that are not required being there or not."""
        after = first = ""  # what follows a member that is there, and what follows where none is there yet
        for member, is_required in reversed(members):
            comma = f"{self._comma()} {member} {after}".rstrip()
            begun = f"{member} {after}".rstrip()
            if is_required:
                after, first = self.rules.add(comma), self.rules.add(begun)
            else:
                after = self.rules.add(f"{comma} | {after or _NOTHING}")
                first = self.rules.add(f"{begun} | {first or _NOTHING}")
        return first

    def _array(self, schema: Mapping[str, object], at: str, depth: int) -> str:
        least, most = keywords.counts(schema, "minItems", "maxItems", at)
        leading = keywords.sequence(schema, "prefixItems", at)
        if leading:
            fits = least <= len(leading) and (most is None or most >= len(leading))
            _require(fits, at, "minItems and maxItems cannot be enforced beside prefixItems")
            items = [
                self.value(inner, f"{at}.prefixItems[{index}]", depth + 1, frozenset())
                for index, inner in enumerate(leading)
            ]
            return self._enclosed("[", f" {self._comma()} ".join(items), "]")
        item = schema.get("items", True)
        if item is False:
            _require(not least, f"{at}.minItems", "must be 0 where items is false")
            return '"[]"'
        value = self.rules.add(self.value(item, f"{at}.items", depth + 1, frozenset()))
        return self._enclosed("[", self._listing(value, least, most), "]")

    def _listing(self, item: str, least: int, most: int | None) -> str:
        """So many items with commas between; empty where there may be none but none."""
        if most == 0:
            return ""
        following = self.rules.add(f"{self._comma()} {item}")
        more = self.rules.repeated(following, max(0, least - 1), None if most is None else most - 1)
        listed = f"{item} {more}".rstrip()
        return listed if least else self.rules.add(f"{listed} | {_NOTHING}")

    def _string(self, schema: Mapping[str, object], at: str) -> str:
        least, most = keywords.counts(schema, "minLength", "maxLength", at)
        key = "pattern" if "pattern" in schema else "format"
        pattern = schema.get("pattern") if key == "pattern" else json_string.FORMATS.get(str(schema.get("format")))
        if pattern is not None:
            _require(isinstance(pattern, str), f"{at}.{key}", "must be a string")
            _require(not least and most is None, f"{at}.{key}", "cannot be enforced beside minLength and maxLength")
            try:
                return json_string.string_of(str(pattern), self.rules)
            except CannotEnforce as fault:
                raise InvalidField(f"{at}.{key}", f"cannot be enforced: {fault}") from fault
            except TooLarge as fault:
                raise InvalidField(f"{at}.{key}", "too large to be enforced") from fault
        character = self.rules.add(CHARACTER)
        return f'"\\"" {self.rules.repeated(character, least, most)} "\\""'

    def _listed(self, schema: Mapping[str, object], at: str) -> str:
        values = keywords.listed(schema, at)
        return self._either(quote(msgspec.json.encode(value).decode()) for value in values)

    def _any_of(self, schema: Mapping[str, object], key: str, at: str, depth: int, entered: frozenset[str]) -> str:
        branches = keywords.sequence(schema, key, at)
        _require(branches, f"{at}.{key}", "must not be empty")
        beside = keywords.beside(schema, key)
        ways = (
            self.value({"allOf": [beside, branch]} if beside else branch, f"{at}.{key}[{index}]", depth + 1, entered)
            for index, branch in enumerate(branches)
        )
        return self._either(ways)

    def _reference(self, schema: Mapping[str, object], at: str, depth: int, entered: frozenset[str]) -> str:
        if keywords.beside(schema, "$ref"):
            return self.value(
                {"allOf": [{"$ref": schema["$ref"]}, keywords.beside(schema, "$ref")]}, at, depth + 1, entered
            )
        pointer = str(schema["$ref"])
        target = self._resolve(pointer, at)
        _require(pointer not in entered, f"{at}.$ref", "refers to itself")
        if pointer not in self._references:
            self._references[pointer] = self.rules.reserve()
            place = f"{self._field}{pointer.removeprefix('#').replace('/', '.')}".lstrip(".")
            body = self.value(target, place, depth + 1, entered | {pointer})
            self.rules.write(self._references[pointer], body)
        return self._references[pointer]

    def _count(self, at: str) -> None:
        """One more schema: where one stands beside branches, or is referred to, it is read for each."""
        self._read += 1
        _require(max(self._read, len(self.rules)) < LARGEST, at, "the schema is too large to be enforced")

    def _resolve(self, pointer: object, at: str) -> object:
        self._count(at)
        local = isinstance(pointer, str) and (pointer == "#" or pointer.startswith("#/"))
        _require(local, f"{at}.$ref", "only references into this schema can be enforced, such as #/$defs/name")
        found = self._root
        for step in str(pointer).split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            _require(isinstance(found, Mapping) and key in found, f"{at}.$ref", "refers to nothing in this schema")
            found = cast("Mapping[str, object]", found)[key]
        return found

    def _anything(self) -> str:
        """Any value; it refers to itself, so that it may be nested."""
        if "" not in self._references:
            self._references[""] = name = self.rules.reserve()
            self.rules.write(name, self.value({"type": list(keywords.TYPES)}, "", 0, frozenset()))
        return self._references[""]

    def _key_text(self) -> str:
        return f'"\\"" {self.rules.add(CHARACTER)}* "\\""'

    def _literal(self, key: str) -> str:
        return quote(msgspec.json.encode(key).decode())

    def _enclosed(self, opening: str, inside: str, closing: str) -> str:
        space = self._blank()
        return f"{quote(opening)} {space} {inside} {space} {quote(closing)}" if inside else quote(opening + closing)

    def _colon(self) -> str:
        return f'":" {self._blank()}'

    def _comma(self) -> str:
        return f'"," {self._blank()}'

    def _blank(self) -> str:
        return self.rules.add(_SPACE)

    def _either(self, ways: Iterator[str]) -> str:
        """A way may be a choice itself only where it stands in brackets."""
        listed = list(dict.fromkeys(ways))
        return listed[0] if len(listed) == 1 else f"({' | '.join(listed)})"


_NOTHING: Final = '""'


def _require(condition: object, at: str, rule: str) -> None:
    if not condition:
        raise InvalidField(at, rule)
