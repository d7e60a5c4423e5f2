"""Function calls: the grammar that they are written by, and how they are read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.chat import ChatCall, ChatText, join_calls
from rhapsode.core.errors import InvalidField
from rhapsode.core.function import Function, FunctionCall
from rhapsode.engines.chat.call_grammar import call_grammar
from rhapsode.engines.chat.call_reader import CallReader
from rhapsode.engines.chat.label import Labels
from rhapsode.engines.chat.tools import CLOSE_CALL, open_call
from tests.engines.chat.gbnf import matcher

PLACE = Function(
    name="go_to",
    parameters={"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
)
NOW = Function(name="now")
NAMES = ("Ann", "Bob")


def call(name: str = "go_to", arguments: str = '{"place": "Rome"}') -> str:
    return f"{open_call(name)}{arguments}}}{CLOSE_CALL}"


AUTO = matcher(call_grammar((PLACE, NOW), (), NAMES))
ANY = matcher(call_grammar((PLACE, NOW), ("go_to", "now"), NAMES))
ONE = matcher(call_grammar((PLACE, NOW), ("go_to",), NAMES))


def test_what_is_free_is_a_text_or_calls_or_both() -> None:
    for text in ("Hello", " Hello", call(), f"{call()}\n{call('now', '{}')}", f"Let me see.\n{call()}", "a < b", "<b>"):
        assert AUTO(text), text
    for text in (
        "",
        "Ann: Hello",
        "<tool_call>",
        f"{call()} Hello",
        f"Hm. {call()} Hello",
        call("other"),
        "Hm <tool_call>",
    ):
        assert not AUTO(text), text


def test_what_must_be_called_is_called() -> None:
    assert ANY(call("now", "{}"))
    assert ANY(f"{call()}\n{call()}")
    assert ONE(call())
    for text in ("Hello", call("now", "{}"), f"{call()}\n{call()}", f"Hm. {call()}", call(arguments="{}"), call()[:-1]):
        assert not ONE(text), text


def test_arguments_are_what_the_schema_says() -> None:
    assert ONE(call(arguments='{"place":"a \\"b\\" }{ <tool_call>"}'))
    for arguments in ('{"place": 1}', '{"place": "a", "b": 1}', '{"place": "a"', '"a"', '{"place": "a\nb"}'):
        assert not ONE(call(arguments=arguments)), arguments


@pytest.mark.parametrize("parameters", [{}, {"type": "object", "properties": {}, "required": []}])
def test_a_function_without_parameters_is_given_none(parameters: dict[str, object]) -> None:
    matches = matcher(call_grammar((Function(name="now", parameters=parameters),), ("now",), ()))
    assert matches(call("now", "{}"))
    assert not matches(call("now", '{"a": 1}'))
    anything = Function(name="now", parameters={"type": "object", "additionalProperties": {"type": "string"}})
    assert matcher(call_grammar((anything,), ("now",), ()))(call("now", '{"a": "b"}'))


def test_a_schema_that_cannot_be_enforced_names_its_place() -> None:
    endless = Function(
        name="f", parameters={"type": "object", "properties": {"a": {"$ref": "http://x.example/s.json"}}}
    )
    with pytest.raises(InvalidField, match=r"parameters\.properties\.a"):
        call_grammar((NOW, endless), (), ())


def read(*pieces: str) -> tuple[str, tuple[FunctionCall, ...]]:
    reader = CallReader(Labels(NAMES))
    events = [event for piece in pieces for event in reader.feed(piece)]
    events += reader.finish()
    text = "".join(event.text for event in events if isinstance(event, ChatText))
    return text, join_calls(event for event in events if isinstance(event, ChatCall))


WRITTEN = f"Let me see.\n{call()}\n{call('now', '{}')}"


def test_calls_are_read_behind_a_text() -> None:
    assert read(WRITTEN) == (
        "Let me see.",
        (FunctionCall(name="go_to", arguments='{"place": "Rome"}'), FunctionCall(name="now", arguments="{}")),
    )
    assert read(call()) == ("", (FunctionCall(name="go_to", arguments='{"place": "Rome"}'),))
    assert read("a < b, <tool> and <tool_cal") == ("a < b, <tool> and <tool_cal", ())


def test_arguments_come_as_they_are_written() -> None:
    reader = CallReader(Labels(()))
    assert [*reader.feed(open_call("go_to"))] == [ChatCall(index=0, name="go_to")]
    assert [*reader.feed('{"place": ')] == [ChatCall(index=0, arguments='{"place": ')]
    assert [*reader.feed('"Ro')] == [ChatCall(index=0, arguments='"Ro')]
    assert [*reader.feed('me"}}\n</')] == [ChatCall(index=0, arguments='me"}')]
    assert [*reader.feed("tool_call>"), *reader.finish()] == []


def test_a_call_that_is_cut_is_read_as_far_as_it_came() -> None:
    assert read(call()[:20]) == read("<to", "ol") == ("", ())
    assert read("<") == ("<", ())
    assert read(open_call("go_to")) == ("", (FunctionCall(name="go_to", arguments=""),))
    assert read(open_call("go_to") + '{"pla') == ("", (FunctionCall(name="go_to", arguments='{"pla'),))


def test_a_text_before_calls_speaks_for_nobody() -> None:
    assert read("Hm.\nBob: Go!") == ("Hm.", ())


def test_a_text_ends_before_a_stop_and_a_call_does_not() -> None:
    for size in (1, 4, 400):
        reader = CallReader(Labels(NAMES), ("see", "Rome", "\n"))
        pieces = [WRITTEN[start : start + size] for start in range(0, len(WRITTEN), size)]
        events = [*(event for piece in pieces for event in reader.feed(piece)), *reader.finish()]
        assert "".join(event.text for event in events if isinstance(event, ChatText)) == "Let me"
        assert not any(isinstance(event, ChatCall) for event in events)
        assert reader.done
    reader = CallReader(Labels(NAMES), ("Rome", "\n"))
    calls = join_calls(event for event in reader.feed(call()) if isinstance(event, ChatCall))
    assert calls == (FunctionCall(name="go_to", arguments='{"place": "Rome"}'),)
    assert not reader.done


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(['"}', "\\", "{[", "<tool_call>"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), st.integers(1, 7), st.sampled_from([None, 1]))
def test_any_arguments_are_read_however_they_are_cut(value: dict[str, object], size: int, indent: int | None) -> None:
    arguments = json.dumps(value, indent=indent, ensure_ascii=False)
    written = f"{call(arguments=arguments)}\n{call('now', '{}')}"
    pieces = [written[start : start + size] for start in range(0, len(written), size)]
    assert read(*pieces) == (
        "",
        (FunctionCall(name="go_to", arguments=arguments), FunctionCall(name="now", arguments="{}")),
    )
