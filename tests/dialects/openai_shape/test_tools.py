from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.errors import InvalidField
from rhapsode.core.function import Function
from rhapsode.dialects.openai_shape.tools import Tool, ToolChoice, Tools, read_tools, write_tools

NAMES = st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTIONS = st.lists(
    st.builds(Function, name=NAMES, description=st.text(max_size=9), parameters=st.sampled_from([{}, SCHEMA])),
    max_size=3,
    unique_by=lambda function: function.name,
)


def tool(name: str = "weather", **function: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"type": "function", "function": {"name": name, **function}}


def read(tools: list[dict[str, Any]] | None, choice: Any = None) -> Tools:  # noqa: ANN401 - JSON
    return read_tools(msgspec.convert(tools, list[Tool] | None), msgspec.convert(choice, ToolChoice | None))


@given(FUNCTIONS, st.data())
def test_what_is_written_reads_back(functions: list[Function], data: st.DataObject) -> None:
    names = [function.name for function in functions]
    must_call = data.draw(st.sampled_from([(), tuple(names), *((name,) for name in names)]))
    wanted = functions if len(must_call) != 1 else [one for one in functions if one.name in must_call]
    assert read_tools(*write_tools(functions, must_call)) == Tools(functions=tuple(wanted), must_call=must_call)


def test_parameters_may_be_an_object_or_its_text() -> None:
    as_object, as_text = (
        read([tool(parameters=parameters)]) for parameters in (SCHEMA, msgspec.json.encode(SCHEMA).decode())
    )
    assert as_object == as_text == Tools(functions=(Function(name="weather", parameters=SCHEMA),))


def test_a_web_search_is_no_function() -> None:
    assert read([{"type": "web_search"}]) == Tools(search=True)


@pytest.mark.parametrize("choice", [None, "auto"])
def test_the_model_is_free_to_choose(choice: str | None) -> None:
    assert read([tool(), tool("other")], choice).must_call == ()


def test_a_call_may_be_demanded() -> None:
    assert read([tool(), tool("other")], "required").must_call == ("weather", "other")
    assert read([tool(), tool("other")], {"type": "function", "function": {"name": "other"}}).must_call == ("other",)


def test_tools_that_must_not_be_called_are_ignored() -> None:
    assert read([tool(), {"type": "web_search"}], "none") == Tools()


@pytest.mark.parametrize(
    ("tools", "choice", "field"),
    [
        ([{"type": "function"}], None, "tools[0].function"),
        ([tool(), tool()], None, "tools[1].function.name"),
        ([tool(parameters="{")], None, "tools[0].function.parameters"),
        ([tool(parameters="[]")], None, "tools[0].function.parameters"),
        ([tool(parameters="[" * 9999)], None, "tools[0].function.parameters"),
        ([tool(parameters={"type": "string"})], "none", "tools[0].function.parameters"),
        ([tool(parameters={"city": "string"})], None, "tools[0].function.parameters"),
        ([tool(parameters={"type": "object", "properties": []})], None, "tools[0].function.parameters.properties"),
        ([tool(parameters='{"type": "object", "required": "a"}')], None, "tools[0].function.parameters.required"),
        ([tool(parameters={"type": "object", "required": [1]})], None, "tools[0].function.parameters.required"),
        ([], "required", "tool_choice"),
        ([{"type": "web_search"}], "required", "tool_choice"),
        ([tool()], {"type": "function", "function": {"name": "nobody"}}, "tool_choice.function.name"),
    ],
)
def test_tools_that_break_a_rule_are_named(tools: list[dict[str, Any]], choice: Any, field: str) -> None:  # noqa: ANN401 - JSON
    with pytest.raises(InvalidField) as caught:
        read(tools, choice)
    assert caught.value.field == field


def test_of_several_that_one_must_be_called_only_those_are_offered() -> None:
    tools, choice = write_tools([Function(name=name) for name in "abc"], ("a", "c"))
    assert [one.function.name for one in tools or () if one.function] == ["a", "c"]
    assert choice == "required"
