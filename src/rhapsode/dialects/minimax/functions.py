"""Functions in ChatCompletion Pro: what may be called, what must be, and calls, between the wire and the core."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.core.function import Function, FunctionCall
from rhapsode.dialects.json_body import require
from rhapsode.dialects.object_schema import check_object_schema

FunctionName = Annotated[str, Meta(pattern=r"^(?!plugin_)[a-zA-Z0-9_-]{1,64}\Z")]


class WireCall(Struct, frozen=True):
    """A call: `arguments` is JSON text. Without a name it is none."""

    name: str = ""
    arguments: str = ""


class WireFunction(Struct, frozen=True, omit_defaults=True):
    """A function on offer: its parameters are a JSON schema, or the text of one."""

    name: FunctionName
    description: str | None = None
    parameters: dict[str, object] | None = None
    parameters_str: str | None = None


class FunctionChoice(Struct, frozen=True, omit_defaults=True):
    """Whether a function must be called."""

    type: Literal["auto", "specific", "none"] | None = None
    name: str | None = None


def read_functions(
    wire: Sequence[WireFunction] | None, choice: FunctionChoice | None
) -> tuple[tuple[Function, ...], tuple[str, ...]]:
    """The functions on offer, and those of which one must be called. Raises `InvalidField`."""
    functions = tuple(_read_function(f"functions[{index}]", each) for index, each in enumerate(wire or ()))
    names: set[str] = set()
    for index, function in enumerate(functions):
        require(function.name not in names, f"functions[{index}].name", "two functions must not have one name")
        names.add(function.name)
    kind = (choice and choice.type) or "auto"
    name = (choice and choice.name) or ""
    if kind != "specific":
        require(not name, "function_call.name", "belongs to the type specific only")
        return ((), ()) if kind == "none" else (functions, ())
    require(name, "function_call.name", "is required with the type specific")
    require(name in names, "function_call.name", "must be the name of one of functions")
    return functions, (name,)


def write_functions(functions: Sequence[Function]) -> list[WireFunction] | None:
    """The functions on the wire; none is absent."""
    return [
        WireFunction(function.name, function.description or None, dict(function.parameters) or None)
        for function in functions
    ] or None


def write_choice(functions: Sequence[Function], must_call: Sequence[str]) -> FunctionChoice | None:
    """The choice on the wire; free choice is absent. Raises `NotSupported`: the wire can demand one function only."""
    match must_call:
        case []:
            return None
        case [name]:
            return FunctionChoice("specific", name)
        case _:
            rule = f"a call of one of {len(functions)} functions cannot be demanded of this server, only of one named"
            raise NotSupported("function_call", rule)


def read_calls(wire: WireCall | None) -> tuple[FunctionCall, ...]:
    """The one call that a turn can hold."""
    return () if wire is None else (FunctionCall(name=wire.name, arguments=wire.arguments),)


def write_call(calls: Sequence[FunctionCall]) -> WireCall | None:
    """The first of the calls: the wire has room for one."""
    return WireCall(calls[0].name, calls[0].arguments) if calls else None


def _read_function(field: str, wire: WireFunction) -> Function:
    return Function(
        name=wire.name,
        description=wire.description or "",
        parameters=_read_parameters(field, wire),
        field=f"{field}.parameters_str" if wire.parameters_str else f"{field}.parameters",
    )


def _read_parameters(field: str, wire: WireFunction) -> Mapping[str, object]:
    """The schema: as it is, or as text beside `parameters` or inside it."""
    given = wire.parameters or {}
    nested = given.get("parameters_str")
    if nested is not None:
        require(
            "properties" not in given,
            f"{field}.parameters.parameters_str",
            "stands for properties: only one of the two may be there",
        )
        require(isinstance(nested, str), f"{field}.parameters.parameters_str", "must be a string")
        require(not wire.parameters_str, f"{field}.parameters_str", "is there twice: inside parameters too")
        return _read_schema(f"{field}.parameters.parameters_str", str(nested))
    if wire.parameters_str:
        require(not given, f"{field}.parameters_str", "stands for parameters: only one of the two may be there")
        return _read_schema(f"{field}.parameters_str", wire.parameters_str)
    check_object_schema(f"{field}.parameters", given)
    return given


def _read_schema(field: str, text: str) -> Mapping[str, object]:
    try:
        schema = msgspec.json.decode(text, type=dict[str, object]) if text.strip() else {}
    except msgspec.ValidationError as error:
        raise InvalidField(field, "must be the JSON text of an object") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidField(field, f"is not JSON: {error}") from error
    check_object_schema(field, schema)
    return schema
