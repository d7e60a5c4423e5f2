"""Functions, calls and answers as a model reads and writes them: in the tags that Hermes and Qwen models know.

They stand in the prompt as text, so that a model of any template reads them; a model that was not trained on them has
the explanation.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from rhapsode.core.chat import Role, Turn
from rhapsode.core.function import Function, FunctionCall
from rhapsode.engines.chat.constrain.json_schema import json_rules
from rhapsode.engines.chat.markers import Markers
from rhapsode.engines.chat.shortest import shortest

CALL_TAG: Final = "<tool_call>"
_LARGEST_EXAMPLE: Final = 5_000
"""characters of a grammar, in which the shortest text is found in 2 ms"""
OPEN_CALL: Final = f"{CALL_TAG}\n"
CLOSE_CALL: Final = "\n</tool_call>"
_OPEN_ANSWER: Final = "<tool_response>\n"
_CLOSE_ANSWER: Final = "\n</tool_response>"

TAGS: Final = frozenset(
    {"<tools>", "</tools>", CALL_TAG, "</tool_call>", "<tool_response>", "</tool_response>"},
)
"""What callers' text must not hold, or it could forge a call or an answer."""

_OFFER: Final = """\
# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{functions}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""


def write_offer(functions: Sequence[Function], markers: Markers) -> str:
    """The functions that may be called, and how."""
    lines = [
        {
            "type": "function",
            "function": {
                "name": function.name,
                "description": function.description,
                "parameters": function.parameters or {"type": "object", "properties": {}},
            },
        }
        for function in functions
    ]
    return _OFFER.format(functions="\n".join(markers.break_up(_json(line)) for line in lines))


def write_calls(turn: Turn, text: str, markers: Markers) -> str:
    """What a turn said, and what it called."""
    return "\n".join(part for part in (text, *(_write_call(call, markers) for call in turn.calls)) if part)


def write_answer(text: str) -> str:
    """What a function gave back."""
    return f"{_OPEN_ANSWER}{text}{_CLOSE_ANSWER}"


def open_call(name: str) -> str:
    """The beginning of a call, up to its arguments."""
    return f'{OPEN_CALL}{{"name": {_json(name)}, "arguments": '


def write_example(function: Function, markers: Markers) -> str:
    """A call with the smallest arguments; empty where the schema is too large to look for them at every reply."""
    grammar = json_rules(dict(function.parameters), name="root", field=function.field)
    if len(grammar) > _LARGEST_EXAMPLE:
        return ""
    return _write_call(FunctionCall(name=function.name, arguments=shortest(grammar)), markers)


def in_order(turns: Sequence[Turn]) -> list[Turn]:
    """The turns, with the answers to the calls of one turn in the order of the calls, where they name them."""
    ordered: list[Turn] = []
    places: dict[str, int] = {}
    for turn in turns:
        if turn.calls:
            places = {call.id: place for place, call in enumerate(turn.calls) if call.id}
        start = len(ordered)
        while start and turn.role is Role.FUNCTION and _comes_before(turn, ordered[start - 1], places):
            start -= 1
        ordered.insert(start, turn)
    return ordered


def _comes_before(turn: Turn, other: Turn, places: dict[str, int]) -> bool:
    known = other.role is Role.FUNCTION and turn.answers in places and other.answers in places
    return known and places[turn.answers] < places[other.answers]


def _write_call(call: FunctionCall, markers: Markers) -> str:
    try:
        msgspec.json.decode(call.arguments)
        arguments = call.arguments
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # as text, or it would break the form
        arguments = _json(call.arguments)
    head = open_call(markers.break_up(call.name))
    return f"{head}{markers.break_up(arguments)}}}{CLOSE_CALL}"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
