import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.chat import Bot, ChatRequest, Role, Sampling, Turn
from rhapsode.core.errors import InvalidField, MalformedBody, NotSupported
from rhapsode.dialects.minimax.chat_models import CHAT_MODELS
from rhapsode.dialects.minimax.chat_pro import ProCall, read_request, write_request

Body = dict[str, Any]

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
TURNS = st.lists(st.builds(Turn, role=st.sampled_from(Role), speaker=NAMES, text=TEXTS), max_size=4)
SHARES = st.floats(0, 1, exclude_min=True)


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
    request = ChatRequest(
        model=(model := draw(st.sampled_from(sorted(CHAT_MODELS)))),
        bots=tuple(bots),
        samples=tuple(draw(TURNS)),
        turns=(*draw(TURNS), Turn(role=Role.USER, speaker=draw(NAMES), text=draw(TEXTS))),
        reply_as=draw(st.sampled_from(bots)).name,
        max_tokens=draw(st.integers(1, CHAT_MODELS[model].tokens)),
        sampling=Sampling(temperature=draw(SHARES), top_p=draw(SHARES)),
    )
    return ProCall(request=request, stream=draw(st.booleans()))


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
    assert call.request.samples == ()
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
        (put("reply_constraints", {}), "reply_constraints"),
        (put("reply_constraints.sender_type", "USER"), "reply_constraints.sender_type"),
        (put("reply_constraints.sender_name", "小明"), "reply_constraints.sender_name"),
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
        (put("functions", [{"description": "no name"}]), "functions[0]"),
        (put("functions", [{"name": "plugin_x"}]), "functions[0].name"),
        (put("functions", [{"name": "a b"}]), "functions[0].name"),
        (put("function_call", {"type": "always"}), "function_call.type"),
        (put("plugins", "plugin_web_search"), "plugins"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(change: Callable[[Body], object], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read_request(body(change))
    # A missing field is told by its name at the place where it should stand.
    assert caught.value.field == field or f"`{field}`" in caught.value.rule
    assert caught.value.rule


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("reply_constraints.glyph", {"type": "raw", "raw_glyph": "{{gen 'x'}}"}, "reply_constraints.glyph"),
        ("functions", [{"name": "get_weather", "parameters": {"type": "object"}}], "functions"),
        ("function_call", {"type": "specific", "name": "get_weather"}, "function_call"),
        ("plugins", ["plugin_web_search"], "plugins"),
        ("knowledge_base_param", {"knowledge_base_id": 1}, "knowledge_base_param"),
        ("messages.0.sender_type", "FUNCTION", "messages[0].sender_type"),
        ("messages.1.function_call", {"name": "f", "arguments": "{}"}, "messages[1].function_call"),
    ],
)
def test_what_is_not_served_yet_is_refused_by_name(path: str, value: object, field: str) -> None:
    with pytest.raises(NotSupported) as caught:
        read_request(body(put(path, value)))
    assert caught.value.field == field


def test_functions_that_must_not_be_called_are_ignored_as_the_platform_does() -> None:
    def change(good: Body) -> None:
        good["functions"] = [{"name": "get_weather", "parameters": {"type": "object"}}]
        good["function_call"] = {"type": "none"}

    assert read_request(body(change)) == read_request(body())


@pytest.mark.parametrize("junk", [b"", b"{", b"nonsense", b"\xff\xfe", b'{"model":"\\ud800"}', b"[" * 100_000])
def test_what_is_not_json_is_malformed(junk: bytes) -> None:
    with pytest.raises((MalformedBody, InvalidField)):
        read_request(junk)


def test_an_object_is_wanted() -> None:
    with pytest.raises(InvalidField, match="object"):
        read_request(b"[1]")
