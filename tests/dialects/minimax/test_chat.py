import json
from typing import Any

import pytest

from rhapsode.core.chat import Bot, ChatRequest, Role, Sampling, Turn
from rhapsode.core.errors import InvalidField, MalformedBody, NotSupported
from rhapsode.dialects.minimax.chat import ASSISTANT, ChatCall, read_request

GOOD: dict[str, Any] = {
    "model": "abab5.5-chat",
    "prompt": "MM智能助理是一款大型语言模型。",
    "role_meta": {"user_name": "小明", "bot_name": "MM智能助理"},
    "messages": [
        {"sender_type": "USER", "text": "你好"},
        {"sender_type": "BOT", "text": "你好，小明。"},
        {"sender_type": "USER", "text": "我叫什么？"},
    ],
    "stream": True,
    "use_standard_sse": True,
    "beam_width": 1,
    "tokens_to_generate": 512,
    "temperature": 0.5,
    "top_p": 0.7,
    "skip_info_mask": True,
    "some_field_of_tomorrow": [1],
}


def read(**changes: object) -> ChatCall:
    return read_request(json.dumps(GOOD | changes).encode())


def test_every_part_of_the_body_arrives() -> None:
    assert read() == ChatCall(
        request=ChatRequest(
            model="abab5.5-chat",
            bots=(Bot(name="MM智能助理", description="MM智能助理是一款大型语言模型。"),),
            turns=(
                Turn(role=Role.USER, speaker="小明", text="你好"),
                Turn(role=Role.BOT, speaker="MM智能助理", text="你好，小明。"),
                Turn(role=Role.USER, speaker="小明", text="我叫什么？"),
            ),
            reply_as="MM智能助理",
            max_tokens=512,
            sampling=Sampling(temperature=0.5, top_p=0.7),
            mask=False,
        ),
        stream=True,
        standard_sse=True,
    )


@pytest.mark.parametrize("model", ["abab5-chat", "abab5.5s-chat", "abab6.5s-chat", "ft:abab5.5-chat_1700000000000:x"])
@pytest.mark.parametrize("absent", ["absent", "null"])
def test_optional_fields_have_the_endpoints_defaults(model: str, absent: str) -> None:
    body: dict[str, object] = {"model": model, "messages": [{"sender_type": "USER", "text": "hi"}]}
    if absent == "null":
        body |= dict.fromkeys(set(GOOD) - set(body))
    assert read_request(json.dumps(body).encode()) == ChatCall(
        request=ChatRequest(
            model=model,
            bots=(ASSISTANT,),
            turns=(Turn(role=Role.USER, speaker="", text="hi"),),
            reply_as="",
            max_tokens=256,
            sampling=Sampling(temperature=0.9, top_p=0.95),
            mask=True,
        )
    )


@pytest.mark.parametrize("sender_type", ["USER", "BOT"])
def test_the_last_message_is_continued(sender_type: str) -> None:
    call = read(
        messages=[{"sender_type": "USER", "text": "念诗"}, {"sender_type": sender_type, "text": "天生我材"}],
        continue_last_message=True,
    )
    assert call.request.begun == "天生我材"
    assert [turn.text for turn in call.request.turns] == ["念诗"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"sender_type": "FUNCTION", "text": "x"}]}, "messages[0].sender_type"),
        ({"messages": [{"sender_type": "USER", "text": ""}]}, "messages[0].text"),
        ({"messages": [{"sender_type": "USER"}]}, "messages[0].text"),
        ({"messages": [{"sender_type": "BOT", "text": "x"}]}, "messages[0].sender_type"),
        ({"prompt": None}, "prompt"),
        ({"prompt": 3}, "prompt"),
        ({"role_meta": None}, "role_meta"),
        ({"role_meta": {"user_name": "", "bot_name": "b"}}, "role_meta.user_name"),
        ({"role_meta": {"user_name": "u"}}, "role_meta.bot_name"),
        ({"stream": "yes"}, "stream"),
        ({"use_standard_sse": 1}, "use_standard_sse"),
        ({"beam_width": 0}, "beam_width"),
        ({"beam_width": 5}, "beam_width"),
        ({"tokens_to_generate": 0}, "tokens_to_generate"),
        ({"tokens_to_generate": 16385}, "tokens_to_generate"),
        ({"model": "abab5-chat", "tokens_to_generate": 6145}, "tokens_to_generate"),
        ({"temperature": 0}, "temperature"),
        ({"temperature": 1.1}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 2}, "top_p"),
        ({"skip_info_mask": "no"}, "skip_info_mask"),
        ({"continue_last_message": 1}, "continue_last_message"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(**changes)
    assert caught.value.field == field
    assert caught.value.rule


@pytest.mark.parametrize(("field", "value"), [("beam_width", 2), ("knowledge_base_param", {"knowledge_base_id": 1})])
def test_what_is_not_served_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(NotSupported) as caught:
        read(**{field: value})
    assert caught.value.field == field
    assert "yet" not in caught.value.rule


@pytest.mark.parametrize("junk", [b"", b"{", b"\xff\xfe"])
def test_what_is_not_json_is_malformed(junk: bytes) -> None:
    with pytest.raises(MalformedBody):
        read_request(junk)
