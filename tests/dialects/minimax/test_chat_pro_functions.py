"""Functions of chatcompletion_pro: what is on offer, what must be called, what was called and what came of it."""

import json

import pytest

from rhapsode.core.chat import Role, Turn
from rhapsode.core.errors import InvalidField
from rhapsode.core.function import Function, FunctionCall
from rhapsode.dialects.minimax.chat_pro import read_request
from tests.dialects.minimax.pro_bodies import SCHEMA, Body, body, put, with_functions


@pytest.mark.parametrize(
    "written",
    [
        {"parameters": SCHEMA},
        {"parameters_str": json.dumps(SCHEMA)},
        {"parameters_str": json.dumps(SCHEMA), "parameters": {}},
        {"parameters": {"parameters_str": json.dumps(SCHEMA)}},
    ],
)
def test_parameters_are_an_object_or_its_text_in_either_place(written: Body) -> None:
    request = read_request(body(put("functions", [{"name": "get_weather", "description": "天气"} | written]))).request
    assert request.functions == (Function(name="get_weather", description="天气", parameters=SCHEMA),)
    assert request.must_call == ()


@pytest.mark.parametrize("nothing", [{}, {"parameters": {}}, {"parameters": None}, {"parameters_str": " "}])
def test_a_function_without_parameters(nothing: Body) -> None:
    (function,) = read_request(body(put("functions", [{"name": "now"} | nothing]))).request.functions
    assert function == Function(name="now")


@pytest.mark.parametrize(
    ("choice", "must_call"),
    [
        (None, ()),
        ({}, ()),
        ({"type": "auto"}, ()),
        ({"type": "auto", "name": ""}, ()),
        ({"type": "specific", "name": "get_weather"}, ("get_weather",)),
    ],
)
def test_what_must_be_called(choice: Body | None, must_call: tuple[str, ...]) -> None:
    def change(good: Body) -> None:
        with_functions(good)
        good["function_call"] = choice

    request = read_request(body(change)).request
    assert ([function.name for function in request.functions], request.must_call) == (["get_weather"], must_call)


def test_functions_that_must_not_be_called_are_ignored_as_the_platform_does() -> None:
    def change(good: Body) -> None:
        with_functions(good)
        good["function_call"] = {"type": "none"}

    assert read_request(body(change)) == read_request(body())


def test_a_call_and_its_answer_among_the_turns() -> None:
    call = {"name": "get_weather", "arguments": '{"city": "上海"}'}
    turns = [
        {"sender_type": "USER", "sender_name": "小明", "text": "上海天气？"},
        {"sender_type": "BOT", "sender_name": "MM智能助理", "text": "", "function_call": call},
        {"sender_type": "FUNCTION", "sender_name": "get_weather", "text": '{"sky": "晴"}'},
    ]
    assert read_request(body(put("messages", turns))).request.turns == (
        Turn(role=Role.USER, speaker="小明", text="上海天气？"),
        Turn(
            role=Role.BOT,
            speaker="MM智能助理",
            text="",
            calls=(FunctionCall(name="get_weather", arguments='{"city": "上海"}'),),
        ),
        Turn(role=Role.FUNCTION, speaker="get_weather", text='{"sky": "晴"}'),
    )


def test_a_call_needs_no_text_and_a_function_may_give_back_nothing() -> None:
    messages = [
        {"sender_type": "USER", "sender_name": "小明", "text": "Tell them."},
        {"sender_type": "BOT", "sender_name": "MM智能助理", "function_call": {"name": "tell", "arguments": "{}"}},
        {"sender_type": "FUNCTION", "sender_name": "tell", "text": ""},
    ]
    _, called, told = read_request(body(put("messages", messages))).request.turns
    assert (called.text, [call.name for call in called.calls]) == ("", ["tell"])
    assert (told.role, told.text) == (Role.FUNCTION, "")


@pytest.mark.parametrize("model", ["abab5.5s-chat", "ft:abab5.5s-chat_1700000000000:x"])
def test_a_model_that_calls_no_functions(model: str) -> None:
    def change(good: Body) -> None:
        with_functions(good)
        good["model"] = model

    with pytest.raises(InvalidField, match=r"^functions: the model abab5\.5s-chat"):
        read_request(body(change))
