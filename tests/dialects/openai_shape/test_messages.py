from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.chat import Bot, ChatRequest, Role, Sampling, Turn
from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.core.function import FunctionCall
from rhapsode.dialects.openai_shape.message import Message
from rhapsode.dialects.openai_shape.messages import Conversation, read_messages, write_messages

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
NAMES = TEXTS.filter(lambda name: name not in {"example_user", "example_assistant"})


def read(*messages: dict[str, Any], alias: str = "") -> Conversation:
    return read_messages(msgspec.convert(list(messages), list[Message]), alias=alias)


def said(role: str, content: Any = "hi", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"role": role, "content": content, **more}


def call(call_id: str, name: str = "look", arguments: str = "{}") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def request(bots: Sequence[Bot], samples: Sequence[Turn], turns: Sequence[Turn]) -> ChatRequest:
    return ChatRequest(
        model="m",
        bots=tuple(bots),
        samples=tuple(samples),
        turns=tuple(turns),
        reply_as=bots[0].name,
        max_tokens=9,
        sampling=Sampling(temperature=1, top_p=1),
    )


@st.composite
def requests(draw: st.DrawFn) -> ChatRequest:
    bots = draw(
        st.lists(
            st.builds(Bot, name=NAMES, description=TEXTS),
            min_size=1,
            max_size=3,
            unique_by=lambda bot: " ".join(bot.name.split()),
        )
    )
    plain = st.builds(Turn, role=st.sampled_from([Role.USER, Role.BOT]), speaker=NAMES, text=TEXTS)
    turns: list[Turn] = []
    for index in range(draw(st.integers(0, 3))):
        turns.append(draw(plain))
        one = FunctionCall(name=draw(NAMES), arguments='{"a":1}', id=f"id{index}")
        turns.append(Turn(role=Role.BOT, speaker=draw(NAMES), text=draw(st.just("") | TEXTS), calls=(one,)))
        turns.append(Turn(role=Role.FUNCTION, speaker=one.name, text=draw(TEXTS), answers=one.id))
    return request(bots, draw(st.lists(plain, max_size=3)), turns)


@given(requests())
def test_what_is_written_reads_back(wanted: ChatRequest) -> None:
    conversation = read_messages(write_messages(wanted))
    assert conversation == Conversation(
        bots=wanted.bots, samples=wanted.samples, turns=wanted.turns, reply_as=wanted.reply_as
    )


def test_a_plain_conversation_has_no_names() -> None:
    assert read(said("system", "Be kind."), said("user", "hi"), said("assistant", "hello"), said("user", "?")) == (
        Conversation(
            bots=(Bot(name="", description="Be kind."),),
            samples=(),
            turns=(
                Turn(role=Role.USER, speaker="", text="hi"),
                Turn(role=Role.BOT, speaker="", text="hello"),
                Turn(role=Role.USER, speaker="", text="?"),
            ),
            reply_as="",
        )
    )


def test_system_messages_make_the_cast() -> None:
    conversation = read(
        said("developer", "Be brief."),
        {"role": "system", "name": "Ann"},
        said("system", "Ann's friend.", name="Bob"),
        said("system", "Ann is a smith.", name=" Ann "),
        said("user", name="Li"),
    )
    assert conversation.reply_as == "Ann"
    assert conversation.bots == (
        Bot(name="Ann", description="Be brief.\nAnn is a smith."),
        Bot(name="Bob", description="Ann's friend."),
    )
    assert conversation.turns[0].speaker == "Li"


@pytest.mark.parametrize(
    ("names", "alias", "replier", "speakers"),
    [
        (["Ann", "Ann"], "", "Ann", ["Ann", "Ann"]),
        (["Ann", None], "", "", ["Ann", ""]),
        (["Ann", "Bob"], "", "", ["Ann", "Bob"]),
        (["MiniMax AI", None], "MiniMax AI", "", ["", ""]),
    ],
)
def test_the_replier_has_the_one_name_of_the_assistant(
    names: list[str | None], alias: str, replier: str, speakers: list[str]
) -> None:
    conversation = read(*(said("assistant", name=name) for name in names), alias=alias)
    assert conversation.reply_as == replier
    assert [turn.speaker for turn in conversation.turns] == speakers


def test_what_is_known_of_the_user_and_the_occasion_reaches_the_bot() -> None:
    (bot,) = read(
        said("system", "你是李白。"), said("user_system", "一位书生", name="小明"), said("group", "月下对饮")
    ).bots
    assert bot.description == "你是李白。\n用户小明的设定：一位书生\n对话名称：月下对饮"
    (bot,) = read(said("user_system", "A smith."), {"role": "group", "name": "At the forge"}).bots
    assert bot.description == "About the user: A smith.\nThe conversation: At the forge"


def test_samples_are_no_turns() -> None:
    conversation = read(
        said("system", "Be kind.", name="Ann"),
        said("sample_message_user", "hey", name="Li"),
        said("sample_message_ai", "hello"),
        said("system", "one?", name="example_user"),
        said("system", "two!", name="example_assistant"),
    )
    assert not conversation.turns
    assert conversation.bots == (Bot(name="Ann", description="Be kind."),)
    assert [(turn.role, turn.speaker, turn.text) for turn in conversation.samples] == [
        (Role.USER, "Li", "hey"),
        (Role.BOT, "Ann", "hello"),
        (Role.USER, "", "one?"),
        (Role.BOT, "Ann", "two!"),
    ]


def test_text_parts_are_one_text() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert read(said("user", parts)).turns[0].text == "a\nb"


def test_calls_and_their_answers() -> None:
    *_, called, second, first = read(
        said("user"),
        said("assistant", None, tool_calls=[call("1", "look", '{"at":"sea"}'), call("2", "sing", "")]),
        said("tool", "la", tool_call_id="2", name=None),
        said("tool", "", tool_call_id="1"),
    ).turns
    assert called.calls == (
        FunctionCall(name="look", arguments='{"at":"sea"}', id="1"),
        FunctionCall(name="sing", arguments="{}", id="2"),
    )
    assert (second.role, second.speaker, second.text, second.answers) == (Role.FUNCTION, "sing", "la", "2")
    assert (first.speaker, first.text, first.answers) == ("look", "", "1")


def test_calls_without_ids_are_given_some() -> None:
    calls = (FunctionCall(name="a", arguments="{}"), FunctionCall(name="b", arguments="{}"))
    answers = [Turn(role=Role.FUNCTION, speaker=name, text="x") for name in "ab"]
    turns = [Turn(role=Role.BOT, speaker="", text="", calls=calls), *answers]
    messages = write_messages(request([Bot(name="", description="")], [], turns))
    ids = [one.id for one in messages[0].tool_calls or ()]
    assert len(set(ids)) == 2
    assert [message.tool_call_id for message in messages[1:]] == ids
    assert [turn.speaker for turn in read_messages(messages).turns[1:]] == ["a", "b"]


def test_a_blank_assistant_message_is_left_out() -> None:
    assert [turn.role for turn in read(said("user"), said("assistant", ""), said("user")).turns] == [Role.USER] * 2


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (said("user", ""), "messages[1].content"),
        (said("user", None), "messages[1].content"),
        (said("user", []), "messages[1].content"),
        (said("user", [{"type": "text"}]), "messages[1].content[0].text"),
        (said("sample_message_ai", ""), "messages[1].content"),
        (said("group", ""), "messages[1].content"),
        (said("tool", "x"), "messages[1].tool_call_id"),
        (said("tool", "x", tool_call_id="nobody"), "messages[1].tool_call_id"),
        (said("tool", "x", tool_call_id="0"), "messages[1].tool_call_id"),
        (said("assistant", tool_calls=[call("1", arguments="[]")]), "messages[1].tool_calls[0].function.arguments"),
        (said("assistant", tool_calls=[call("1", arguments="{")]), "messages[1].tool_calls[0].function.arguments"),
        (
            said("assistant", tool_calls=[call("1", arguments="[" * 9999)]),
            "messages[1].tool_calls[0].function.arguments",
        ),
    ],
)
def test_a_message_that_breaks_a_rule_is_named(message: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(said("user"), message)
    assert caught.value.field == field


@pytest.mark.parametrize("kind", ["image_url", "input_audio", "file"])
@pytest.mark.parametrize("role", ["user", "system", "tool", "assistant"])
def test_what_is_no_text_is_refused_by_name(kind: str, role: str) -> None:
    with pytest.raises(NotSupported) as caught:
        read(said("assistant", tool_calls=[call("1")]), said(role, [{"type": kind}], tool_call_id="1"))
    assert caught.value.field == "messages[1].content[0].type"
    assert kind in caught.value.rule
