"""JSON schemas as grammars: what a grammar takes is a document that the schema describes."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.errors import InvalidField
from rhapsode.engines.chat.constrain.gbnf import Rules
from rhapsode.engines.chat.constrain.json_number import Bounds, integer, number
from rhapsode.engines.chat.constrain.json_schema import json_rules
from tests.engines.chat.gbnf import matcher


def takes(schema: object, *documents: str) -> list[bool]:
    return list(map(matcher(json_rules(schema, name="root")), documents))


OBJECT = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}, "c": {"type": "boolean"}}}
NODE = {"$ref": "#/$defs/n", "$defs": {"n": {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}}, "required": ["next"]}}}  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({}, ["{}", '{"a":[1,{"b":null}]}', '{\n  "a": "x",\n  "b": 1\n}'], ["[]", "1", '"a"', "{,}", ""]),
        ({**OBJECT, "required": ["b"]}, ['{"b":1}', '{"a":"x", "b":-2, "c":true}', '{"b":1,"c":false}'], ["{}", '{"c":true}', '{"b":1,"a":""}', '{"b":1,"z":1}', '{"b":1,}']),
        (OBJECT, ["{}", '{"c":true}', '{"a":"","c":true}'], ['{"c":1}', '{,"c":true}']),
        ({"type": "object", "additionalProperties": {"type": "number"}}, ["{}", '{"x":1.5,"y":2e3}'], ['{"x":"1"}']),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2}, ["[true]", "[ true, false ]"], ["[]", "[true,true,true]", "[1]"]),
        ({"type": "array", "items": False}, ["[]"], ["[1]"]),
        ({"prefixItems": [{"type": "integer"}, {"const": "x"}], "type": "array"}, ['[1,"x"]'], ["[]", "[1]", '["x",1]']),
        ({"enum": ["a", 1, None, {"k": "é"}]}, ['"a"', "1", "null", '{"k":"é"}'], ['"b"', "2"]),
        ({"enum": ["a", 1], "type": "string"}, ['"a"'], ["1"]),
        ({"enum": [1, 2, 30, "ab", "abc", True], "exclusiveMaximum": 30, "maxLength": 2}, ["1", "2", '"ab"', "true"], ["30", '"abc"']),
        ({"required": ["a"], "additionalProperties": {"type": "null"}}, ['{"a":null}'], ['{"a":1}', "{}"]),
        ({"const": 'say "hi"\n'}, ['"say \\"hi\\"\\n"'], ['"say"']),
        ({"type": ["string", "null"], "maxLength": 2}, ['"ab"', '"\\n\\""', "null", '""'], ['"abc"', "1"]),
        ({"type": "string"}, ['"你好 \\\\ \\" \\n"'], ['"\n"', '"\\u0041"', '"\\ud800"', '"\x00"', '"\ufffd"', '"\x7f"', "a"]),
        ({"type": "string", "minLength": 150, "maxLength": 250}, [f'"{"x" * n}"' for n in (150, 199, 200, 201, 250)], [f'"{"x" * n}"' for n in (149, 251)]),
        ({"type": "string", "pattern": "^[a-z]{2}$"}, ['"ab"'], ['"abc"', '"a"']),
        ({"type": "string", "pattern": "[0-9]"}, ['"a1b"', '"1"'], ['"ab"']),
        ({"type": "string", "format": "date"}, ['"2024-02-28"'], ['"2024-13-01"', '"today"']),
        ({"type": "string", "format": "email"}, ['"x"'], []),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}], "description": "x"}, ["1", '"a"'], ["true"]),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"], "properties": {"b": {"type": "null"}}}]}, ['{"a":"x"}', '{"a":"x","b":null}', '{"b":null}'], ["{}"]),
        ({"allOf": [{"$ref": "#/$defs/a"}, {"properties": {"y": {"type": "null"}}, "required": ["y"]}], "$defs": {"a": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}}}, ['{"x":1,"y":null}'], ['{"x":1}']),
        (NODE, ['{"next":null}', '{"next":{"next":{"next":null}}}'], ['{"next":{}}']),
        ({"type": "integer", "nullable": True}, ["null", "12"], ["1.5", "01", "-"]),
    ],
)  # fmt: skip
def test_what_is_taken(schema: object, good: list[str], bad: list[str]) -> None:
    assert takes(schema, *good) == [True] * len(good)
    assert takes(schema, *bad) == [False] * len(bad)
    for document in good:
        json.loads(document)


@given(
    st.integers(-300, 300) | st.none(),
    st.integers(-300, 300) | st.none(),
    st.tuples(st.booleans(), st.booleans()),
    st.lists(st.integers(-400, 400), min_size=5),
)
def test_whole_numbers_keep_their_bounds(
    low: int | None, high: int | None, opened: tuple[bool, bool], tried: list[int]
) -> None:
    bounds = Bounds(
        low=low, high=high, low_open=opened[0] and low is not None, high_open=opened[1] and high is not None
    )
    allowed = [(low is None or n > low or (n == low and not bounds.low_open)) and (high is None or n < high or (n == high and not bounds.high_open)) for n in tried]  # fmt: skip
    ways = integer(bounds)
    assert [bool(ways) and matcher(f"root ::= {ways}\n")(str(n)) for n in tried] == allowed


@given(
    st.integers(-30, 30) | st.none(),
    st.integers(-30, 30) | st.none(),
    st.tuples(st.booleans(), st.booleans()),
    st.lists(st.decimals(-40, 40, places=2), min_size=5),
)
def test_numbers_keep_their_bounds(
    low: int | None, high: int | None, opened: tuple[bool, bool], tried: list[object]
) -> None:
    bounds = Bounds(
        low=low, high=high, low_open=opened[0] and low is not None, high_open=opened[1] and high is not None
    )
    ways = number(bounds)
    for text in map(str, tried):
        value = float(text)
        allowed = (low is None or value > low or (value == low and not bounds.low_open)) and (high is None or value < high or (value == high and not bounds.high_open))  # fmt: skip
        taken = bool(ways) and matcher(f"root ::= {ways}\n")(text)
        assert not taken or allowed
        if allowed and value % 1 and value not in {low, high}:
            assert taken


@given(st.integers(0, 450), st.integers(0, 450), st.integers(0, 460))
def test_repetitions_count(least: int, more: int, times: int) -> None:
    rules = Rules("r")
    rules.write("root", rules.repeated(rules.add('"x"'), least, least + more) or '""')
    assert matcher(rules.text())("x" * times) == (least <= times <= least + more)


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"properties": {"a": {"not": {}}}}, "at.properties.a.not"),
        ({"properties": {"a": False}}, "at.properties.a"),
        ({"type": "array", "items": {"type": "strin"}}, "at.items.type"),
        ({"$ref": "https://example.com/schema"}, "at.$ref"),
        ({"$ref": "#/$defs/none"}, "at.$ref"),
        ({"$ref": "#"}, "at.$ref"),
        ({"anyOf": [{"$ref": "#"}]}, "at.anyOf[0].$ref"),
        ({"anyOf": []}, "at.anyOf"),
        ({"enum": []}, "at"),
        ({"enum": ["a"], "type": "integer"}, "at"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "at.maxLength"),
        ({"type": "string", "maxLength": 10**6}, "at.maxLength"),
        ({"type": "string", "minLength": -1}, "at.minLength"),
        ({"type": "string", "pattern": "(?=a)"}, "at.pattern"),
        ({"type": "string", "pattern": '"'}, "at.pattern"),
        ({"type": "string", "pattern": "a|(^b)"}, "at.pattern"),
        ({"type": "string", "pattern": ".*a.{20}"}, "at.pattern"),
        ({"type": "string", "pattern": "a", "maxLength": 2}, "at.pattern"),
        ({"type": "integer", "multipleOf": 3}, "at.multipleOf"),
        ({"type": "number", "minimum": 0.5}, "at.minimum"),
        ({"type": "number", "minimum": float("nan")}, "at.minimum"),
        ({"type": "number", "maximum": 10**400}, "at.maximum"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "at"),
        ({"type": "array", "uniqueItems": True}, "at.uniqueItems"),
        ({"properties": []}, "at.properties"),
        ({"required": "a"}, "at.required"),
        ({"properties": {"a": {}}, "minProperties": 1}, "at"),
        ({"additionalProperties": {}, "minProperties": 2}, "at.minProperties"),
        ({"required": ["a"], "additionalProperties": False}, "at.required"),
        ({"type": "array", "items": False, "minItems": 1}, "at.minItems"),
        ({"enum": ["a"], "pattern": "^a$"}, "at.pattern"),
        ({"const": {"a": 1}, "required": ["b"]}, "at.required"),
        ({"enum": [3], "maximum": 2}, "at"),
        ({"allOf": [{"properties": {"a": True}}], "additionalProperties": False}, "at.allOf[0].additionalProperties"),
        (
            {"allOf": [{"additionalProperties": {"type": "null"}}], "properties": {"a": True}},
            "at.allOf[0].additionalProperties",
        ),
        ([], "at"),
        ("string", "at"),
    ],
)
def test_what_cannot_be_enforced_is_named(schema: object, place: str) -> None:
    with pytest.raises(InvalidField) as caught:
        json_rules(schema, name="root", field="at")
    assert caught.value.field == place


def test_hostile_schemas_are_refused() -> None:
    deep: object = {"type": "string"}
    beside: object = {"type": "string"}
    for _ in range(300):
        deep = {"type": "array", "items": deep}
    for _ in range(12):  # each is read for each of ten branches
        beside = {"properties": {"a": beside}, "anyOf": [{"description": str(number)} for number in range(10)]}
    steps: dict[str, object] = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 10} for n in range(14)}
    tenfold = {"$defs": {**steps, "d14": {"properties": {"a": True}}}, "$ref": "#/$defs/d0"}
    twice = {
        "$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)},
        "$ref": "#/$defs/d0",
    }
    loop = {"allOf": [{"$ref": "#"}]}
    wide = {"properties": {f"k{n}": {"type": "string"} for n in range(30_000)}}
    for schema in (deep, beside, twice, tenfold, loop, wide):
        with pytest.raises(InvalidField):
            json_rules(schema, name="root", field="at")


def test_all_names_begin_with_the_one_that_was_given() -> None:
    rules = json_rules({"type": "object", "properties": {"a": {}, "b": {"pattern": "x"}}}, name="call-1")
    names = [line.split(" ::= ")[0] for line in rules.splitlines()]
    assert all(name == "call-1" or name.startswith("call-1-") for name in names)
    assert len(names) == len(set(names))
    assert set(re.findall(r"call-1[-0-9]*", rules)) == set(names)
