"""The check that every dialect makes of a function's parameters: a JSON schema of an object."""

from collections.abc import Mapping

import msgspec

from rhapsode.core.errors import InvalidField
from rhapsode.dialects.json_body import require


def check_object_schema(field: str, schema: Mapping[str, object]) -> None:
    """That it describes an object; an empty one takes nothing in particular. Raises `InvalidField`.

    What its properties are is the engine's to judge, which has to enforce them.
    """
    if not schema:
        return
    kind = schema.get("type", "object" if "properties" in schema else None)
    require(kind == "object", field, 'must be a JSON schema of type "object"')
    for name, shape, rule in (
        ("properties", dict[str, object], "must be an object"),
        ("required", list[str], "must be an array of names"),
    ):
        try:
            msgspec.convert(schema.get(name), shape | None)
        except msgspec.ValidationError as error:
            raise InvalidField(f"{field}.{name}", rule) from error
