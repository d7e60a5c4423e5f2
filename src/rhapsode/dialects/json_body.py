"""JSON bytes to shapes: the one place where msgspec's errors become ours."""

from typing import TypeVar

import msgspec

from rhapsode.core.errors import InvalidField, MalformedBody

T = TypeVar("T")


def read_json(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The shape that `body` holds.

    Raises `InvalidField`, naming the field as the caller wrote it, or `MalformedBody`.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        # msgspec puts the place at the end of its sentence and nowhere else: "... - at `$.messages[0].text`".
        rule, _, place = str(error).partition(" - at `$")
        raise InvalidField(place.rstrip("`").removeprefix("."), rule) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise MalformedBody("the body is nested too deeply") from error


def require(condition: object, field: str, rule: str) -> None:
    """Raise `InvalidField` unless `condition` holds."""
    if not condition:
        raise InvalidField(field, rule)
