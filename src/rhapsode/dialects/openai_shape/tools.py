"""Functions on offer in OpenAI's shape: `tools` and `tool_choice`, read and written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.errors import InvalidField
from rhapsode.core.function import Function
from rhapsode.dialects.json_body import require
from rhapsode.dialects.object_schema import check_object_schema

FunctionName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}\Z")]


class ToolFunction(Struct, frozen=True, omit_defaults=True):
    """A function on the wire. `parameters` is a JSON schema of an object, or the JSON text of one."""

    name: FunctionName
    description: str | None = None
    parameters: dict[str, object] | str | None = None


class Tool(Struct, frozen=True, omit_defaults=True):
    """A tool on the wire; `web_search` is the platform's own, and has no function."""

    type: Literal["function", "web_search"]
    function: ToolFunction | None = None


class ChosenFunction(Struct, frozen=True):
    """The function that must be called."""

    name: str


class NamedTool(Struct, frozen=True):
    """The tool that must be called."""

    function: ChosenFunction
    type: Literal["function"] = "function"


ToolChoice = Literal["none", "auto", "required"] | NamedTool


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The parts of a `ChatRequest` that tools say."""

    functions: tuple[Function, ...] = ()
    must_call: tuple[str, ...] = ()
    search: bool = False


def read_tools(tools: Sequence[Tool] | None, choice: ToolChoice | None) -> Tools:
    """What may be called, and what must. With the choice `none` the tools are checked and ignored.

    Raises `InvalidField`.
    """
    functions: dict[str, Function] = {}
    search = False
    for index, tool in enumerate(tools or ()):
        if tool.type == "web_search":
            search = True
            continue
        if tool.function is None:
            raise InvalidField(f"tools[{index}].function", "is required")
        function = _read_function(tool.function, f"tools[{index}].function")
        require(function.name not in functions, f"tools[{index}].function.name", "two functions must not have one name")
        functions[function.name] = function
    if choice == "none":
        return Tools()
    return Tools(functions=tuple(functions.values()), must_call=_read_choice(choice, functions), search=search)


def write_tools(functions: Sequence[Function], must_call: Sequence[str]) -> tuple[list[Tool] | None, ToolChoice | None]:
    """`tools` and `tool_choice`.

    The shape can say that one function must be called, or any; where some of several must be, only those are offered.
    """
    if must_call:
        functions = [function for function in functions if function.name in must_call]
    tools = [
        Tool("function", ToolFunction(f.name, f.description or None, dict(f.parameters) or None)) for f in functions
    ]
    choice: ToolChoice | None = None
    if must_call:
        choice = NamedTool(ChosenFunction(must_call[0])) if len(must_call) == 1 else "required"
    return tools or None, choice


def _read_choice(choice: ToolChoice | None, functions: dict[str, Function]) -> tuple[str, ...]:
    match choice:
        case NamedTool():
            name = choice.function.name
            require(name in functions, "tool_choice.function.name", "must be the name of one of tools")
            return (name,)
        case "required":
            require(functions, "tool_choice", "'required' needs a function among tools")
            return tuple(functions)
        case _:
            return ()


def _read_function(wire: ToolFunction, field: str) -> Function:
    return Function(
        name=wire.name,
        description=wire.description or "",
        parameters=_read_parameters(wire.parameters, f"{field}.parameters"),
        field=f"{field}.parameters",
    )


def _read_parameters(wire: dict[str, object] | str | None, field: str) -> dict[str, object]:
    if isinstance(wire, str):
        try:
            decoded: object = msgspec.json.decode(wire or "{}")
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
            raise InvalidField(field, "must be a JSON schema, or the JSON text of one") from error
        require(isinstance(decoded, dict), field, "must be a JSON schema of an object")
        wire = cast("dict[str, object]", decoded)
    schema = wire or {}
    check_object_schema(field, schema)
    return schema
