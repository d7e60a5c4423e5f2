"""The values that a closed set of a shape allows, found by the place that an error names."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec.inspect

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(?:\d+|\.\.\.)\]")


def enum_values(shape: object, place: str) -> tuple[str, ...]:
    """What may stand at `place`, as msgspec writes it (`.messages[0].role`); empty where anything else may."""
    types = list(_members(msgspec.inspect.type_info(shape)))
    for step in _STEP.finditer(place):
        types = [below for above in types for below in _below(above, step[1])]
    allowed = {value: None for each in types if isinstance(each, msgspec.inspect.LiteralType) for value in each.values}
    return tuple(repr(value) for value in allowed)


def _members(one: msgspec.inspect.Type) -> Iterable[msgspec.inspect.Type]:
    return one.types if isinstance(one, msgspec.inspect.UnionType) else (one,)


def _below(above: msgspec.inspect.Type, name: str | None) -> Iterator[msgspec.inspect.Type]:
    """The types of a struct's field, or, without a name, of what a list or a dict holds."""
    match above:
        case msgspec.inspect.StructType() if name:
            for field in above.fields:
                if field.encode_name == name:
                    yield from _members(field.type)
        case msgspec.inspect.ListType() if not name:
            yield from _members(above.item_type)
        case msgspec.inspect.DictType() if not name:
            yield from _members(above.value_type)
        case _:
            pass
