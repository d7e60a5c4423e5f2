"""Chat completions in OpenAI's shape: what a body asks for."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.chat import Bot, ChatRequest, Role, Sampling, Turn
from rhapsode.core.constraint import Glyph, JsonDocument, Literal
from rhapsode.core.errors import InvalidField, MalformedBody, NotSupported
from rhapsode.core.function import Function, FunctionCall
from rhapsode.dialects.openai.chat import ChatCall, read_request, write_request

TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


def body(**changes: object) -> bytes:
    plain: dict[str, object] = {"model": "abab6.5s-chat", "messages": [{"role": "user", "content": "hi"}]}
    return json.dumps(plain | changes).encode()


def read(**changes: object) -> ChatCall:
    return read_request(body(**changes))


def test_the_least_body_has_the_models_own_defaults() -> None:
    assert read() == ChatCall(
        request=ChatRequest(
            model="abab6.5s-chat",
            bots=(Bot(name="", description=""),),
            turns=(Turn(role=Role.USER, speaker="", text="hi"),),
            reply_as="",
            max_tokens=245760,
            sampling=Sampling(temperature=0.1, top_p=0.95),
        )
    )


def test_everything_that_is_said_is_heard() -> None:
    call = read(
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "hi"}], "name": "Li"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "a wall"},
        ],
        stream=True,
        stream_options={"include_usage": True},
        max_completion_tokens=7,
        temperature=0,
        top_p=1,
        seed=-3,
        presence_penalty=-2,
        frequency_penalty=2,
        stop=["a", "b"],
        tools=[TOOL],
        tool_choice={"type": "function", "function": {"name": "look"}},
        parallel_tool_calls=False,
        mask_sensitive_info=True,
    )
    assert (call.stream, call.include_usage, call.one_call) == (True, True, True)
    request = call.request
    assert request.bots == (Bot(name="", description="Be brief."),)
    assert [turn.role for turn in request.turns] == [Role.USER, Role.BOT, Role.FUNCTION]
    assert request.turns[0].speaker == "Li"
    assert request.max_tokens == 7
    assert request.sampling == Sampling(temperature=0, top_p=1, seed=-3, presence_penalty=-2, frequency_penalty=2)
    assert request.stops == ("a", "b")
    assert request.must_call == ("look",)
    assert request.mask is True


def test_the_limit_has_two_names_and_is_named_as_it_was_written() -> None:
    older, newer, both = read(max_tokens=7), read(max_completion_tokens=7), read(max_tokens=7, max_completion_tokens=7)
    assert older == newer == both
    assert [call.request.tokens_field for call in (read(), older, newer)] == [
        "max_tokens",
        "max_tokens",
        "max_completion_tokens",
    ]


def test_a_single_stop_is_one_and_null_is_absent() -> None:
    assert read(stop="###").request.stops == ("###",)
    assert (
        read(stop=None, temperature=None, seed=None, tools=None, n=None, logprobs=None, stream_options=None) == read()
    )


IGNORED: list[dict[str, Any]] = [
    {"n": 1},
    {"logprobs": False},
    {"top_logprobs": 0},
    {"modalities": ["text"]},
    {"user": "u", "metadata": {"a": "b"}, "service_tier": "auto", "store": False, "reasoning_effort": "low"},
    {"tokens_to_generate": "what", "unheard_of": [1, {}]},
    {"function_call": "auto"},
    {"functions": []},
    {"stream_options": {}},
]


@pytest.mark.parametrize("ignored", IGNORED)
def test_what_changes_nothing_is_ignored(ignored: dict[str, Any]) -> None:
    assert read(**ignored) == read()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"n": 2}, "n"),
        ({"n": 0}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"audio": {"voice": "alloy"}}, "audio"),
        ({"functions": [{"name": "look"}]}, "functions"),
        ({"function_call": {"name": "look"}}, "function_call"),
        ({"tools": [TOOL], "response_format": {"type": "json_object"}}, "response_format"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].type"),
    ],
)
def test_what_is_not_served_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(NotSupported) as caught:
        read(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": ""}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "king", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"frequency_penalty": -3}, "frequency_penalty"),
        ({"seed": 2**63}, "seed"),
        ({"seed": 0.5}, "seed"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": [""]}, "stop[0]"),
        ({"stop": ""}, "stop"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 10**7}, "max_completion_tokens"),
        ({"max_tokens": 10**7}, "max_tokens"),
        ({"max_tokens": 9, "max_completion_tokens": 7}, "max_completion_tokens"),
        ({"stream": "yes"}, "stream"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ],
)
def test_what_breaks_a_rule_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(**changes)
    assert caught.value.field == field


def test_what_is_no_json_is_told() -> None:
    with pytest.raises(MalformedBody):
        read_request(b"{")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
FUNCTION = st.builds(
    Function,
    name=st.from_regex("[a-z_]{1,8}", fullmatch=True),
    description=TEXT,
    parameters=st.just({"type": "object"}),
)


@st.composite
def calls(draw: st.DrawFn) -> ChatCall:
    """What one bot is asked with one user, with or without functions or a form."""
    functions = draw(st.lists(FUNCTION, max_size=3, unique_by=lambda function: function.name))
    turns = [Turn(role=Role.USER, speaker=draw(st.just("") | TEXT), text=draw(TEXT))]
    if functions and draw(st.booleans()):
        call = FunctionCall(name=functions[0].name, arguments="{}", id="call_1")
        turns.append(Turn(role=Role.BOT, speaker="", text="", calls=(call,)))
        turns.append(Turn(role=Role.FUNCTION, speaker=call.name, text=draw(TEXT), answers=call.id))
    schema = draw(st.sampled_from([{}, {"type": "object", "properties": {"a": {"type": "string"}}}]))
    constraint = JsonDocument(schema=schema) if draw(st.booleans()) and not functions else None
    names = tuple(function.name for function in functions)
    return ChatCall(
        request=ChatRequest(
            model=draw(st.sampled_from(["abab5.5-chat", "MiniMax-Text-01", "my/own:7b"])),
            bots=(Bot(name="", description=draw(st.just("") | TEXT)),),
            turns=tuple(turns),
            reply_as="",
            max_tokens=draw(st.integers(1, 16384)),
            sampling=Sampling(
                temperature=draw(st.floats(0, 2)),
                top_p=draw(st.floats(0.001, 1)),
                seed=draw(st.none() | st.integers(-(2**63), 2**63 - 1)),
                presence_penalty=draw(st.floats(-2, 2)),
                frequency_penalty=draw(st.floats(-2, 2)),
            ),
            stops=tuple(draw(st.lists(TEXT, max_size=4))),
            functions=tuple(functions),
            must_call=draw(st.sampled_from([(), names, names[:1]])) if len(names) == 1 else (),
            constraint=constraint,
            mask=draw(st.booleans()),
            search=draw(st.booleans()),
        ),
        stream=draw(st.booleans()),
        include_usage=draw(st.booleans()),
        one_call=draw(st.booleans()),
    )


@given(call=calls())
def test_what_is_written_is_read_back(call: ChatCall) -> None:
    assert read_request(write_request(call)) == call


def test_a_limit_that_is_the_models_own_is_not_sent_and_another_is() -> None:
    assert "max_tokens" not in json.loads(write_request(read()))
    assert json.loads(write_request(read(max_tokens=5)))["max_tokens"] == 5


def test_fields_beside_the_shape_are_written_too() -> None:
    call = read()
    written = json.loads(write_request(call, {"structured_outputs": {"grammar": "root ::= [a]"}}))
    assert written == json.loads(write_request(call)) | {"structured_outputs": {"grammar": "root ::= [a]"}}


def test_a_glyph_cannot_be_asked_for() -> None:
    request = ChatRequest(
        model="m",
        bots=(Bot(name="", description=""),),
        turns=(),
        reply_as="",
        max_tokens=1,
        sampling=Sampling(temperature=0.5, top_p=1),
        constraint=Glyph(parts=(Literal(text="a"),)),
    )
    with pytest.raises(NotSupported):
        write_request(ChatCall(request=request))
