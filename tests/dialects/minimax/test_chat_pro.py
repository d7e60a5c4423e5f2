import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.chat import Bot, ChatRequest, Finding, Role, Sampling, Turn
from rhapsode.core.constraint import Gen, Glyph, JsonDocument, Literal, Select
from rhapsode.core.errors import InvalidField, MalformedBody, NotSupported
from rhapsode.core.function import Function, FunctionCall
from rhapsode.dialects.minimax.chat_models import CHAT_MODELS
from rhapsode.dialects.minimax.chat_pro import WITHOUT_FUNCTIONS, ProCall, read_request, write_request

Body = dict[str, Any]

NOTHING: Body = {}

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
SAID = st.builds(Turn, role=st.sampled_from(Role), speaker=NAMES, text=TEXTS)
CALLED = st.builds(
    Turn,
    role=st.just(Role.BOT),
    speaker=NAMES,
    text=TEXTS | st.just(""),
    calls=st.tuples(st.builds(FunctionCall, name=NAMES, arguments=TEXTS | st.just(""))),
)
TURNS = st.lists(SAID | CALLED, max_size=4)
CONSTRAINTS = (
    Glyph(parts=(Literal(text="I feel "), Select(name="mood", options=("calm", "gay")), Literal(text="."))),
    Glyph(parts=(Gen(name="why", stop="\\.", temperature=0.5, max_tokens=9),)),
    JsonDocument(
        schema={
            "type": "object",
            "properties": {"mood": {"type": "string"}},
            "required": ["mood"],
            "additionalProperties": False,
        },
        must_close=True,
    ),
)
SHARES = st.floats(0, 1, exclude_min=True)
FUNCTIONS = st.lists(
    st.builds(
        Function,
        name=st.from_regex(r"(?!plugin_)[a-zA-Z0-9_-]{1,64}", fullmatch=True),
        description=TEXTS | st.just(""),
        parameters=st.just(NOTHING)
        | st.fixed_dictionaries(
            {"type": st.just("object")},
            optional={
                "properties": st.dictionaries(NAMES, st.just({"type": "string"}), max_size=3),
                "required": st.lists(NAMES, max_size=3),
                "description": TEXTS,
            },
        ),
    ),
    max_size=3,
    unique_by=lambda function: function.name,
)


@st.composite
def calls(draw: st.DrawFn) -> ProCall:
    bots = draw(
        st.lists(
            st.builds(Bot, name=NAMES, description=st.text(st.characters(exclude_categories=["Cs"]))),
            min_size=1,
            max_size=3,
            unique_by=lambda bot: " ".join(bot.name.split()),
        )
    )
    constraint = draw(st.none() | st.sampled_from(CONSTRAINTS))
    functions = () if constraint else tuple(draw(FUNCTIONS))
    request = ChatRequest(
        model=(model := draw(st.sampled_from(sorted(set(CHAT_MODELS) - {WITHOUT_FUNCTIONS})))),
        bots=tuple(bots),
        samples=tuple(draw(TURNS)),
        turns=(*draw(TURNS), Turn(role=Role.USER, speaker=draw(NAMES), text=draw(TEXTS))),
        reply_as=draw(st.sampled_from(bots)).name,
        max_tokens=draw(st.integers(1, CHAT_MODELS[model].tokens)),
        sampling=Sampling(temperature=draw(SHARES), top_p=draw(SHARES)),
        functions=functions,
        must_call=(draw(st.sampled_from(functions)).name,) if functions and draw(st.booleans()) else (),
        mask=draw(st.booleans()),
        constraint=constraint,
        search=not constraint and draw(st.booleans()),
    )
    return ProCall(request=request, stream=not constraint and draw(st.booleans()))


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER: Body = {"name": "get_weather", "description": "查询天气", "parameters": SCHEMA}


def body(change: Callable[[Body], object] = lambda _: None) -> bytes:
    """A good body, changed."""
    good: Body = {
        "model": "abab5.5-chat",
        "tokens_to_generate": 1024,
        "temperature": 0.9,
        "top_p": 0.95,
        "stream": False,
        "mask_sensitive_info": True,
        "messages": [
            {"sender_type": "USER", "sender_name": "小明", "text": "你好"},
            {"sender_type": "BOT", "sender_name": "MM智能助理", "text": "你好，小明。"},
            {"sender_type": "USER", "sender_name": "小红", "text": "我呢？"},
        ],
        "sample_messages": [{"sender_type": "USER", "sender_name": "小明", "text": "在吗"}],
        "bot_setting": [{"bot_name": "MM智能助理", "content": "MM智能助理是一款大型语言模型。"}],
        "reply_constraints": {"sender_type": "BOT", "sender_name": "MM智能助理"},
        "functions": [],
        "plugins": [],
        "beam_width": 1,
        "use_standard_sse": True,
        "prompt": None,
    }
    change(good)
    return json.dumps(good, ensure_ascii=False).encode()


@given(calls())
def test_what_is_written_reads_back(call: ProCall) -> None:
    assert read_request(write_request(call)) == call


def test_every_part_of_the_body_arrives() -> None:
    call = read_request(body())
    assert call == ProCall(
        stream=False,
        request=ChatRequest(
            model="abab5.5-chat",
            bots=(Bot(name="MM智能助理", description="MM智能助理是一款大型语言模型。"),),
            samples=(Turn(role=Role.USER, speaker="小明", text="在吗"),),
            turns=(
                Turn(role=Role.USER, speaker="小明", text="你好"),
                Turn(role=Role.BOT, speaker="MM智能助理", text="你好，小明。"),
                Turn(role=Role.USER, speaker="小红", text="我呢？"),
            ),
            reply_as="MM智能助理",
            max_tokens=1024,
            sampling=Sampling(temperature=0.9, top_p=0.95),
            mask=True,
        ),
    )


@pytest.mark.parametrize("absent", ["absent", "null"])
@pytest.mark.parametrize(
    ("model", "temperature"), [("abab5.5-chat", 0.9), ("abab6.5s-chat", 0.1), ("ft:abab5.5-chat_1700000000000:x", 0.9)]
)
def test_optional_fields_have_the_models_defaults(model: str, temperature: float, absent: str) -> None:
    def change(good: Body) -> None:
        good["model"] = model
        for name in set(good) - {"model", "messages", "bot_setting", "reply_constraints"}:
            good[name] = None
            if absent == "absent":
                del good[name]

    call = read_request(body(change))
    assert call.request.max_tokens == 256
    assert call.request.sampling == Sampling(temperature=temperature, top_p=0.95)
    assert call.request.samples == call.request.functions == ()
    assert call.request.mask
    assert not call.request.search
    assert not call.stream


def put(path: str, value: object) -> Callable[[Body], None]:
    """A change: the value at a path such as `messages.0.text`."""

    def change(good: Body) -> None:
        at: Any = good
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in steps:
            at = at[step]
        at[last] = value

    return change


def without(name: str) -> Callable[[Body], None]:
    """A change: the field is not there."""

    def change(good: Body) -> None:
        del good[name]

    return change


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (without("model"), "model"),
        (put("model", 7), "model"),
        (put("model", ""), "model"),
        (without("messages"), "messages"),
        (put("messages", []), "messages"),
        (put("messages", "hi"), "messages"),
        (put("messages.0", 3), "messages[0]"),
        (put("messages.1.sender_type", "SYSTEM"), "messages[1].sender_type"),
        (put("messages.1.sender_name", ""), "messages[1].sender_name"),
        (put("messages.1.sender_name", None), "messages[1].sender_name"),
        (put("messages.2.text", None), "messages[2].text"),
        (put("messages.2.text", ""), "messages[2].text"),
        (put("messages.2.text", 1), "messages[2].text"),
        (without("bot_setting"), "bot_setting"),
        (put("bot_setting", []), "bot_setting"),
        (put("bot_setting.0.bot_name", ""), "bot_setting[0].bot_name"),
        (
            put("bot_setting", [{"bot_name": "MM智能助理", "content": ""}, {"bot_name": " MM智能助理", "content": ""}]),
            "bot_setting[1].bot_name",
        ),
        (put("bot_setting.0.content", None), "bot_setting[0].content"),
        (without("reply_constraints"), "reply_constraints"),
        (put("reply_constraints", {}), "reply_constraints.sender_type"),
        (put("reply_constraints.sender_type", "USER"), "reply_constraints.sender_type"),
        (put("reply_constraints.sender_name", "小明"), "reply_constraints.sender_name"),
        (put("reply_constraints.glyph", "raw"), "reply_constraints.glyph"),
        (put("reply_constraints.glyph", {"type": "json"}), "reply_constraints.glyph.type"),
        (put("reply_constraints.glyph", {"type": "raw", "raw_glyph": "{{gen}}"}), "reply_constraints.glyph.raw_glyph"),
        (
            put("reply_constraints.glyph", {"type": "json_value", "json_properties": {"a": {"type": "array"}}}),
            "reply_constraints.glyph.json_properties.a.items",
        ),
        (put("stream", "true"), "stream"),
        (put("tokens_to_generate", 0), "tokens_to_generate"),
        (put("tokens_to_generate", 16385), "tokens_to_generate"),
        (put("tokens_to_generate", 1.5), "tokens_to_generate"),
        (put("tokens_to_generate", "10"), "tokens_to_generate"),
        (put("temperature", 0), "temperature"),
        (put("temperature", 1.01), "temperature"),
        (put("temperature", "hot"), "temperature"),
        (put("top_p", 0), "top_p"),
        (put("top_p", -1), "top_p"),
        (put("mask_sensitive_info", 1), "mask_sensitive_info"),
        (put("sample_messages.0.sender_type", None), "sample_messages[0].sender_type"),
        (put("sample_messages.0.sender_name", ""), "sample_messages[0].sender_name"),
        (put("sample_messages.0.text", 5), "sample_messages[0].text"),
        (put("sample_messages.0.text", ""), "sample_messages[0].text"),
        (put("sample_messages.0.sender_type", "SYSTEM"), "sample_messages[0].sender_type"),
        (put("sample_messages", "hi"), "sample_messages"),
        (put("messages.0.function_call", {"name": "f", "arguments": "{}"}), "messages[0].function_call"),
        (put("messages.1.function_call", {"name": "", "arguments": "{}"}), "messages[1].function_call.name"),
        (put("messages.1.function_call", {"arguments": "{}"}), "messages[1].function_call.name"),
        (put("messages.1.function_call", {"name": "f", "arguments": NOTHING}), "messages[1].function_call.arguments"),
        (put("messages.1.function_call", "f"), "messages[1].function_call"),
        (put("messages.0", {"sender_type": "FUNCTION", "sender_name": "", "text": "x"}), "messages[0].sender_name"),
        (put("messages.0", {"sender_type": "FUNCTION", "sender_name": "f"}), "messages[0].text"),
        (put("messages", [{"sender_type": "BOT", "sender_name": "B", "text": ""}]), "messages"),
        (put("functions", {}), "functions"),
        (put("functions", [{"description": "no name"}]), "functions[0].name"),
        (put("functions", [WEATHER, {"name": "plugin_x"}]), "functions[1].name"),
        (put("functions", [{"name": "a b"}]), "functions[0].name"),
        (put("functions", [{"name": "a" * 65}]), "functions[0].name"),
        (put("functions", [{"name": ""}]), "functions[0].name"),
        (put("functions", [WEATHER, WEATHER]), "functions[1].name"),
        (put("functions", [WEATHER | {"description": 5}]), "functions[0].description"),
        (put("functions", [WEATHER | {"parameters": "{}"}]), "functions[0].parameters"),
        (put("functions", [WEATHER | {"parameters": {"type": "string"}}]), "functions[0].parameters"),
        (put("functions", [WEATHER | {"parameters": {"city": "string"}}]), "functions[0].parameters"),
        (
            put("functions", [WEATHER | {"parameters": {"type": "object", "properties": 0}}]),
            "functions[0].parameters.properties",
        ),
        (
            put("functions", [WEATHER | {"parameters": {"type": "object", "required": "city"}}]),
            "functions[0].parameters.required",
        ),
        (put("functions", [{"name": "f", "parameters_str": "{"}]), "functions[0].parameters_str"),
        (put("functions", [{"name": "f", "parameters_str": "[" * 5000}]), "functions[0].parameters_str"),
        (put("functions", [{"name": "f", "parameters_str": "[]"}]), "functions[0].parameters_str"),
        (put("functions", [{"name": "f", "parameters_str": '{"type": "array"}'}]), "functions[0].parameters_str"),
        (put("functions", [{"name": "f", "parameters_str": NOTHING}]), "functions[0].parameters_str"),
        (
            put("functions", [{"name": "f", "parameters": {"parameters_str": "{"}}]),
            "functions[0].parameters.parameters_str",
        ),
        (
            put("functions", [{"name": "f", "parameters": {"parameters_str": NOTHING}}]),
            "functions[0].parameters.parameters_str",
        ),
        (put("functions", [WEATHER | {"parameters_str": "{}"}]), "functions[0].parameters_str"),
        (put("functions", [{"name": "f\n"}]), "functions[0].name"),
        (
            put(
                "functions",
                [
                    {
                        "name": "f",
                        "parameters": {
                            "type": "object",
                            "properties": {"a": {"type": "string"}},
                            "parameters_str": "{}",
                        },
                    }
                ],
            ),
            "functions[0].parameters.parameters_str",
        ),
        (
            put("functions", [{"name": "f", "parameters": {"type": "object", "parameters_str": NOTHING}}]),
            "functions[0].parameters.parameters_str",
        ),
        (
            put("functions", [{"name": "f", "parameters": {"parameters_str": "{}"}, "parameters_str": "{}"}]),
            "functions[0].parameters_str",
        ),
        (put("function_call", "auto"), "function_call"),
        (put("function_call", {"type": "always"}), "function_call.type"),
        (put("function_call", {"type": "specific"}), "function_call.name"),
        (put("function_call", {"type": "specific", "name": "get_weather"}), "function_call.name"),
        (put("function_call", {"type": "auto", "name": "get_weather"}), "function_call.name"),
        (put("function_call", {"type": "none", "name": "get_weather"}), "function_call.name"),
        (put("function_call", {"name": "get_weather"}), "function_call.name"),
        (put("function_call", {"type": "specific", "name": 1}), "function_call.name"),
        (put("plugins", ["plugin_web_search", "plugin_x"]), "plugins[1]"),
        (put("plugins", [7]), "plugins[0]"),
        (put("plugins", "plugin_web_search"), "plugins"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(change: Callable[[Body], object], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read_request(body(change))
    # A missing field is told by its name at the place where it should stand.
    assert caught.value.field == field
    assert caught.value.rule


def test_knowledge_bases_are_refused_by_name() -> None:
    with pytest.raises(NotSupported) as caught:
        read_request(body(put("knowledge_base_param", {"knowledge_base_id": 1})))
    assert caught.value.field == "knowledge_base_param"


def with_functions(good: Body) -> None:
    good["functions"] = [WEATHER]


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


@pytest.mark.parametrize(("told", "mask"), [(None, True), (True, True), (False, False)])
def test_masking_is_on_unless_it_is_switched_off(told: bool | None, mask: bool) -> None:  # noqa: FBT001 - a parameter
    assert read_request(body(put("mask_sensitive_info", told))).request.mask is mask


def test_a_call_needs_no_text_and_a_function_may_give_back_nothing() -> None:
    messages = [
        {"sender_type": "USER", "sender_name": "小明", "text": "Tell them."},
        {"sender_type": "BOT", "sender_name": "MM智能助理", "function_call": {"name": "tell", "arguments": "{}"}},
        {"sender_type": "FUNCTION", "sender_name": "tell", "text": ""},
    ]
    _, called, told = read_request(body(put("messages", messages))).request.turns
    assert (called.text, [call.name for call in called.calls]) == ("", ["tell"])
    assert (told.role, told.text) == (Role.FUNCTION, "")


def test_the_blank_turn_of_a_bot_is_left_out() -> None:
    blank = {"sender_type": "BOT", "sender_name": "MM智能助理", "text": ""}
    assert read_request(body(put("messages.1", blank))).request.turns == (
        Turn(role=Role.USER, speaker="小明", text="你好"),
        Turn(role=Role.USER, speaker="小红", text="我呢？"),
    )


def test_the_plugin_searches_the_web() -> None:
    assert read_request(body(put("plugins", ["plugin_web_search"]))).request.search
    assert not read_request(body()).request.search


@pytest.mark.parametrize("model", ["abab5.5s-chat", "ft:abab5.5s-chat_1700000000000:x"])
def test_a_model_that_calls_no_functions(model: str) -> None:
    def change(good: Body) -> None:
        with_functions(good)
        good["model"] = model

    with pytest.raises(InvalidField, match=r"^functions: the model abab5\.5s-chat"):
        read_request(body(change))


GLYPH = {"type": "raw", "raw_glyph": "I feel {{gen 'mood'}}."}


@pytest.mark.parametrize(
    ("name", "value"), [("stream", True), ("functions", [WEATHER]), ("plugins", ["plugin_web_search"])]
)
def test_what_a_glyph_excludes_is_named_beside_it(name: str, value: object) -> None:
    def change(good: Body) -> None:
        good["reply_constraints"]["glyph"] = GLYPH
        good[name] = value

    with pytest.raises(InvalidField, match=r"reply_constraints\.glyph") as caught:
        read_request(body(change))
    assert caught.value.field == name


def test_a_glyph_goes_with_samples_and_with_functions_that_are_not_to_be_called() -> None:
    def change(good: Body) -> None:
        good["reply_constraints"]["glyph"] = GLYPH
        good["functions"], good["function_call"] = [WEATHER], {"type": "none"}

    request = read_request(body(change)).request
    assert request.constraint == Glyph(parts=(Literal(text="I feel "), Gen(name="mood"), Literal(text=".")))
    assert request.samples


@pytest.mark.parametrize("together", [("stream", "functions"), ("stream", "plugins"), ("functions", "plugins")])
def test_everything_else_goes_together(together: tuple[str, str]) -> None:
    def change(good: Body) -> None:
        good |= {
            name: {"stream": True, "functions": [WEATHER], "plugins": ["plugin_web_search"]}[name] for name in together
        }

    request = read_request(body(change)).request
    assert request.samples
    assert (bool(request.functions), request.search) == ("functions" in together, "plugins" in together)


CALL = read_request(body())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"stops": ("x",)}, "stop"),
        ({"must_call": ("a", "b")}, "function_call"),
        ({"findings": (Finding(title="", url="", text=""),)}, "findings"),
        ({"sampling": Sampling(temperature=0.9, top_p=0.95, presence_penalty=1)}, "presence_penalty"),
        ({"sampling": Sampling(temperature=0.9, top_p=0.95, frequency_penalty=-1)}, "frequency_penalty"),
        ({"sampling": Sampling(temperature=0, top_p=0.95)}, "temperature"),
        ({"sampling": Sampling(temperature=1.5, top_p=0.95)}, "temperature"),
        ({"sampling": Sampling(temperature=float("nan"), top_p=0.95)}, "temperature"),
    ],
)
def test_what_the_wire_cannot_say_is_not_sent(change: Body, field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        write_request(replace(CALL, request=replace(CALL.request, **change)))
    assert caught.value.field == field


def test_several_calls_of_one_turn_become_turns_of_their_own() -> None:
    calls = tuple(FunctionCall(name=name, arguments="{}", id=name) for name in "ab")
    turn = Turn(role=Role.BOT, speaker="MM智能助理", text="Let me see.", calls=calls)
    sent = write_request(replace(CALL, request=replace(CALL.request, turns=(turn,))))
    assert [(turn.text, [call.name for call in turn.calls]) for turn in read_request(sent).request.turns] == [
        ("Let me see.", ["a"]),
        ("", ["b"]),
    ]


@pytest.mark.parametrize("junk", [b"", b"{", b"nonsense", b"\xff\xfe", b'{"model":"\\ud800"}', b"[" * 100_000])
def test_what_is_not_json_is_malformed(junk: bytes) -> None:
    with pytest.raises((MalformedBody, InvalidField)):
        read_request(junk)


def test_an_object_is_wanted() -> None:
    with pytest.raises(InvalidField, match="object"):
        read_request(b"[1]")
