"""JSON bytes to shapes: the one place where msgspec's errors become ours."""

import re
from typing import Final, TypeVar

import msgspec

from rhapsode.core.errors import InvalidField, MalformedBody
from rhapsode.dialects.enum_values import enum_values

T = TypeVar("T")

_PLACE: Final = re.compile(r" - at (?P<key>`key` in )?`\$(?P<place>[^`]*)`\Z")
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>[^`]+)`\Z")


def read_json(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The shape that `body` holds.

    Raises `InvalidField`, naming the field as the caller wrote it, or `MalformedBody`.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _invalid_field(str(error), decoder.type) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise MalformedBody("the body is nested too deeply") from error


def require(condition: object, field: str, rule: str) -> None:
    """Raise `InvalidField` unless `condition` holds."""
    if not condition:
        raise InvalidField(field, rule)


def _invalid_field(said: str, shape: object) -> InvalidField:
    """The error for a sentence of msgspec, which has the place at its end: "... - at `$.messages[0].text`"."""
    found = _PLACE.search(said)
    rule, place = (said[: found.start()], found["place"]) if found else (said, "")
    if missing := _MISSING.match(rule):
        return InvalidField(f"{place}.{missing['name']}".removeprefix("."), "is required")
    if found and found["key"]:
        rule = f"each name in it must keep to the rule: {rule}"
    elif rule.startswith("Invalid enum value") and (allowed := enum_values(shape, place)):
        rule = f"{rule}; allowed are {', '.join(allowed)}"
    return InvalidField(place.removeprefix("."), rule)
