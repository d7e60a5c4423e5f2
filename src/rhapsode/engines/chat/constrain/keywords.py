"""The keywords of a JSON schema, read and checked one by one: which can be enforced, and what they say."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

from rhapsode.core.errors import InvalidField
from rhapsode.engines.chat.constrain.gbnf import MOST_TIMES
from rhapsode.engines.chat.constrain.json_number import Bounds

REFUSED: Final = (
    "not",
    "if",
    "then",
    "else",
    "contains",
    "patternProperties",
    "propertyNames",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedItems",
    "unevaluatedProperties",
    "additionalItems",
    "$dynamicRef",
    "$recursiveRef",
)
_HARMLESS: Final = {"unevaluatedProperties": False, "unevaluatedItems": False, "additionalItems": False}
"""values with which a refused keyword says nothing that is not enforced"""
_OF_TYPE: Final = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
TYPES: Final = ("object", "array", "string", "number", "boolean", "null")
_SAYING: Final = frozenset(
    (
        "$ref", "allOf", "anyOf", "oneOf", "const", "enum", "type", "nullable",
        *(key for keys in _OF_TYPE.values() for key in keys),
    )
)  # fmt: skip
"""the keywords that say what a document is; all others describe"""

Schema = Mapping[str, object]


def refuse(schema: Schema, at: str) -> None:
    """Raises `InvalidField` for a keyword that cannot be enforced."""
    for key in REFUSED:
        if key in schema and schema[key] is not _HARMLESS.get(key):
            raise InvalidField(f"{at}.{key}", "cannot be enforced")
    if schema.get("uniqueItems"):
        raise InvalidField(f"{at}.uniqueItems", "cannot be enforced")
    if schema.get("multipleOf", 1) != 1 or ("multipleOf" in schema and schema.get("type") != "integer"):
        raise InvalidField(f"{at}.multipleOf", "cannot be enforced")


def beside(schema: Schema, key: str) -> dict[str, object]:
    """What else a schema says."""
    return {other: said for other, said in schema.items() if other in _SAYING and other != key}


def types(schema: Schema, at: str) -> list[str]:
    """The types that a document may have. Where none is named, they follow from the keywords, or all are possible."""
    named = schema.get("type")
    if named is None:
        kinds = [kind for kind, keys in _OF_TYPE.items() if any(key in schema for key in keys)] or [*TYPES]
    else:
        kinds = [named] if isinstance(named, str) else list(sequence(schema, "type", at))
    if not kinds or not all(kind in TYPES or kind == "integer" for kind in kinds):
        raise InvalidField(f"{at}.type", f"must be one of {', '.join(TYPES)}, integer, or an array of them")
    named_once = dict.fromkeys(str(kind) for kind in kinds)
    if "number" in named_once:
        named_once.pop("integer", None)
    if schema.get("nullable") is True:
        named_once["null"] = None
    return list(named_once)


def listed(schema: Schema, at: str) -> list[object]:
    """The values of `const` or `enum` that have one of the types of the schema, and keep its bounds and lengths."""
    values = [schema["const"]] if "const" in schema else list(sequence(schema, "enum", at))
    if "const" in schema and "enum" in schema:
        values = [value for value in sequence(schema, "enum", at) if value == schema["const"]]
    if "type" in schema:
        kinds = types(schema, at)
        values = [value for value in values if any(kind in kinds for kind in _kinds_of(value))]
    found = [value for value in values if _fits(value, schema, at)]
    if not found:
        raise InvalidField(at, "no value is in the list and fits what stands beside it")
    return found


def _fits(value: object, schema: Schema, at: str) -> bool:
    """Whether a value that is listed keeps what else is said of its type."""
    kind = _kinds_of(value)[-1]
    for key in _OF_TYPE.get(kind, ()):
        if key in schema and key not in _JUDGED:
            raise InvalidField(f"{at}.{key}", "cannot be enforced beside enum or const")
    if kind == "number":
        return bounds(schema, at).hold(cast("float", value))
    if kind == "string":
        least, most = counts(schema, "minLength", "maxLength", at)
        return least <= len(cast("str", value)) and (most is None or len(cast("str", value)) <= most)
    return True


_JUDGED: Final = {*_OF_TYPE["number"], "minLength", "maxLength", "format"}


def _kinds_of(value: object) -> tuple[str, ...]:
    if value is None:
        return ("null",)
    if isinstance(value, bool):
        return ("boolean",)
    if isinstance(value, int):
        return ("integer", "number")
    if isinstance(value, float):
        return ("integer", "number") if value.is_integer() else ("number",)
    if isinstance(value, str):
        return ("string",)
    return ("object",) if isinstance(value, Mapping) else ("array",)


def mapping(schema: Schema, key: str, at: str) -> Schema:
    """An object, empty where it is absent."""
    found = schema.get(key, {})
    if not isinstance(found, Mapping):
        raise InvalidField(f"{at}.{key}", "must be an object")
    return cast("Schema", found)


def sequence(schema: Schema, key: str, at: str) -> Sequence[object]:
    """An array, empty where it is absent."""
    found = schema.get(key, ())
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise InvalidField(f"{at}.{key}", "must be an array")
    return cast("Sequence[object]", found)


def required(schema: Schema, at: str) -> list[str]:
    """The keys that must be there, once each."""
    keys = sequence(schema, "required", at)
    if not all(isinstance(key, str) for key in keys):
        raise InvalidField(f"{at}.required", "must be an array of strings")
    return list(dict.fromkeys(cast("Sequence[str]", keys)))


def counts(schema: Schema, least_key: str, most_key: str, at: str) -> tuple[int, int | None]:
    """Two keywords that say how many."""
    least, most = schema.get(least_key, 0), schema.get(most_key)
    for key, number in ((least_key, least), (most_key, most)):
        whole = isinstance(number, int) and not isinstance(number, bool)
        if number is not None and not (whole and 0 <= cast("int", number) <= MOST_TIMES):
            raise InvalidField(f"{at}.{key}", f"must be a whole number of at most {MOST_TIMES}")
    lower, upper = cast("int", least or 0), cast("int | None", most)
    if upper is not None and upper < lower:
        raise InvalidField(f"{at}.{most_key}", f"must not be below {least_key}")
    return lower, upper


def bounds(schema: Schema, at: str) -> Bounds:
    """Of a number."""
    low, low_open = _bound(schema, "minimum", "exclusiveMinimum", at, max)
    high, high_open = _bound(schema, "maximum", "exclusiveMaximum", at, min)
    return Bounds(low=low, high=high, low_open=low_open, high_open=high_open)


def _bound(
    schema: Schema, key: str, exclusive: str, at: str, narrower: Callable[[int, int], int]
) -> tuple[int | None, bool]:
    closed, opened = _whole(schema, key, at), _whole(schema, exclusive, at)
    if closed is None or opened is None:
        return (closed, False) if opened is None else (opened, True)
    return (opened, True) if narrower(closed, opened) == opened else (closed, False)


def _whole(schema: Schema, key: str, at: str) -> int | None:
    value = schema.get(key)
    if value is None:
        return None
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if number is None or abs(number) > _FARTHEST or not float(number).is_integer():
        raise InvalidField(f"{at}.{key}", "only a whole number with at most 15 digits can be enforced")
    return int(number)


_FARTHEST: Final = 10**15


def merged(schema: Schema, at: str, resolve: Callable[[object, str], object], *, depth: int = 0) -> dict[str, object]:
    """What all of `allOf`, and what stands beside it, say together."""
    if depth > _LONGEST_CHAIN:
        raise InvalidField(f"{at}.allOf", "refers to itself, or is nested too deeply")
    whole = beside(schema, "allOf")
    for index, given in enumerate(sequence(schema, "allOf", at)):
        place = f"{at}.allOf[{index}]"
        part = _followed(given, place, resolve)
        if part is True:
            continue
        if not isinstance(part, Mapping):
            raise InvalidField(place, "must be a JSON schema that some document fulfils")
        said = cast("Schema", part)
        refuse(said, place)
        _join(whole, merged(said, place, resolve, depth=depth + 1) if "allOf" in said else said, place)
    return whole


def _followed(schema: object, at: str, resolve: Callable[[object, str], object]) -> object:
    """What a reference refers to, together with what stands beside it."""
    found = schema
    for _ in range(_LONGEST_CHAIN):
        if not isinstance(found, Mapping) or "$ref" not in found:
            return cast("object", found)
        said = cast("Schema", found)
        target = resolve(said["$ref"], at)
        others = beside(said, "$ref")
        found = {"allOf": [target, others]} if others else target
    raise InvalidField(f"{at}.$ref", "refers to itself, or through too many others")


_LONGEST_CHAIN: Final = 16


def _join(whole: dict[str, object], part: Schema, at: str) -> None:
    for one, other in ((whole, part), (part, whole)):
        if one.get("additionalProperties", True) is not True:
            others = mapping(other, "properties", at).keys() - mapping(one, "properties", at).keys()
            if others:
                raise InvalidField(
                    f"{at}.additionalProperties", "cannot be enforced on properties of another schema in allOf"
                )
    for key, said in beside(part, "").items():
        if key not in whole or whole[key] == said:
            whole[key] = said
        elif key == "required":
            whole[key] = [*cast("Sequence[object]", whole[key]), *cast("Sequence[object]", said)]
        elif key == "properties" and isinstance(said, Mapping):
            properties = dict(cast("Schema", whole[key]))
            for name, inner in cast("Schema", said).items():
                properties[name] = {"allOf": [properties[name], inner]} if name in properties else inner
            whole[key] = properties
        else:
            raise InvalidField(f"{at}.{key}", "cannot be enforced together with another of its kind in allOf")
