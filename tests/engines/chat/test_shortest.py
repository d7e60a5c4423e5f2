"""The shortest text of a grammar."""

import json

import pytest

from rhapsode.core.function import Function
from rhapsode.engines.chat.call_grammar import call_grammar
from rhapsode.engines.chat.constrain.automaton import automaton_of
from rhapsode.engines.chat.constrain.gbnf import Rules
from rhapsode.engines.chat.constrain.json_schema import json_rules
from rhapsode.engines.chat.shortest import shortest
from tests.engines.chat.gbnf import matcher


@pytest.mark.parametrize(
    ("grammar", "text"),
    [
        ('root ::= "a" "b"', "ab"),
        ('root ::= "abc" | "d" | "ef"', "d"),
        ('root ::= ("ab" | "c"){2} "\\n"? [x-z]+', "ccx"),
        ('root ::= "(" root ")" | inner\ninner ::= [0-9]{3} | "no"', "no"),
        ('root ::= [\\U00004E00-\\U00009FFF]{2,} "\\""', '一一"'),
        ('root ::= item{0,5} last\nitem ::= "x"\nlast ::= [q\\-b]', "q"),
        ("root ::= root", None),
    ],
)
def test_shortest(grammar: str, text: str | None) -> None:
    if text is None:
        with pytest.raises(ValueError, match="no text at all"):
            shortest("root ::= root")
    else:
        assert shortest(grammar) == text
        assert matcher(grammar)(text)


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        ({}, {}),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, {"a": ""}),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {}),
        ({"type": "array", "items": {"type": "integer", "minimum": 12}, "minItems": 2}, [12, 12]),
        ({"enum": ["winter", "may"]}, "may"),
        ({"type": "string", "minLength": 3}, "aaa"),
    ],
)
def test_the_smallest_document_of_a_schema(schema: dict[str, object], document: object) -> None:
    grammar = json_rules(schema, name="root")
    text = shortest(grammar)
    assert json.loads(text) == document
    assert matcher(grammar)(text)


def test_the_shortest_call() -> None:
    functions = [Function(name="longer_name"), Function(name="now", parameters={"type": "object", "properties": {}})]
    assert shortest(call_grammar(functions, ("longer_name", "now"), ())) == (
        '<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>'
    )


def test_the_shortest_match_of_a_regular_expression() -> None:
    rules = Rules("slot")
    rules.write("root", automaton_of(("[b-y]{2}(?:ab|c)+",)).write(rules))
    assert shortest(rules.text()) == "bbc"
