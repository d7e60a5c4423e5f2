"""The grammar (GBNF) of replies that may, or must, be function calls; arguments as the functions' schemas say."""

from collections.abc import Iterator, Sequence
from typing import Final

from rhapsode.core.function import Function
from rhapsode.engines.chat.constrain.gbnf import quote
from rhapsode.engines.chat.constrain.json_schema import json_rules
from rhapsode.engines.chat.grammar import reply_grammar
from rhapsode.engines.chat.tools import CALL_TAG, CLOSE_CALL, OPEN_CALL, open_call

_MOST_CALLS: Final = 8
"""of one reply: a model that has lost the thread calls until it is stopped"""


def call_grammar(functions: Sequence[Function], must_call: Sequence[str], names: tuple[str, ...]) -> str:
    """A text, with calls after it or without, or calls alone; where `must_call` is not empty, calls alone.

    Of one function that must be called there is one call. Raises `InvalidField` for a schema that cannot be enforced.
    """
    offered = [(place, function) for place, function in enumerate(functions) if _may(function, must_call)]
    head = OPEN_CALL.removeprefix(CALL_TAG)
    next_tag = quote("\n" + CALL_TAG)
    more = "" if len(must_call) == 1 else f"({next_tag} one-call){{0,{_MOST_CALLS - 1}}}"
    rules = [
        f"calls ::= {quote(CALL_TAG)} more-calls",
        f"more-calls ::= one-call {more}",
        f"one-call ::= {quote(head)} ({' | '.join(f'call-{place}' for place, _ in offered)})",
        *(line for place, function in offered for line in _rules(place, function)),
    ]
    if must_call:
        return "\n".join(("root ::= calls", *rules))
    reply = reply_grammar(names, name="reply", tag=CALL_TAG, then="more-calls")
    return "\n".join(("root ::= reply | calls", *rules, reply))


def _may(function: Function, must_call: Sequence[str]) -> bool:
    return not must_call or function.name in must_call


def _rules(place: int, function: Function) -> Iterator[str]:
    arguments = f"arguments-{place}"
    head = open_call(function.name).removeprefix(OPEN_CALL)
    yield f"call-{place} ::= {quote(head)} {arguments} {quote('}' + CLOSE_CALL)}"
    if _takes_nothing(function):
        yield f"{arguments} ::= {quote('{}')}"
    else:
        yield json_rules(dict(function.parameters), name=arguments, field=function.field)


def _takes_nothing(function: Function) -> bool:
    """Whether no parameter is named, as OpenAI's functions without any have it; any object would be right too."""
    said = {key for key, value in function.parameters.items() if value}
    return said <= {"type", "title", "description", "$schema"} and function.parameters.get("type", "object") == "object"
