import json
from collections.abc import Mapping

import pytest
from inline_snapshot import snapshot

from rhapsode import BadRequest, Bot, Function, FunctionCall, Role, Turn, Usage
from tests.client.player import TRACE, Player, call, play, reply
from tests.client.speakers import OpenClient

HELPER = Bot(name="Helper", description="Helper answers briefly.")
OTHER = Bot(name="Other", description="Other disagrees.")
NOW = Function(name="now")
WEATHER = Function(name="get_weather", description="查询天气", parameters={"type": "object", "properties": {}})


def test_one_line_gets_one_reply(open_client: OpenClient) -> None:
    with Player(reply()) as server:
        answer = open_client(base_url=server.url, group_id="12", api_key="sk-1").chat("A calm sea?", bots=HELPER)
    assert (answer.text, answer.speaker, answer.finish_reason) == ("Glassy.", "Helper", "stop")
    assert (answer.model, answer.trace_id) == ("abab5.5-chat", TRACE)
    assert answer.usage == Usage(total_tokens=41, prompt_tokens=39, reply_tokens=2)
    assert answer.turn == Turn(role=Role.BOT, speaker="Helper", text="Glassy.")
    (asked,) = server.asked
    assert asked.target == "/v1/text/chatcompletion_pro?GroupId=12"
    assert asked.headers["authorization"] == "Bearer sk-1"
    assert asked.headers["content-type"] == "application/json"
    assert asked.body.decode() == snapshot(
        '{"model":"abab5.5-chat","messages":[{"sender_type":"USER","sender_name":"User","text":"A calm sea?"}],'
        '"bot_setting":[{"bot_name":"Helper","content":"Helper answers briefly."}],'
        '"reply_constraints":{"sender_type":"BOT","sender_name":"Helper"},'
        '"tokens_to_generate":1024,"temperature":0.9,"top_p":0.95}'
    )


def test_every_option_reaches_the_wire(open_client: OpenClient) -> None:
    turns = [Turn(role=Role.USER, speaker="小明", text="你好"), Turn(role=Role.BOT, speaker="Other", text="哦")]
    with Player(reply()) as server:
        open_client(base_url=server.url).chat(
            turns,
            bots=[HELPER, OTHER],
            reply_as="Other",
            samples=[Turn(role=Role.USER, speaker="A", text="B")],
            model="abab6.5s-chat",
            max_tokens=7,
            temperature=0.5,
            top_p=0.25,
            functions=[NOW, WEATHER],
            must_call="get_weather",
            mask=False,
            search=True,
        )
    (asked,) = server.asked
    assert asked.target == "/v1/text/chatcompletion_pro"
    assert "authorization" not in asked.headers
    assert asked.json == {
        "model": "abab6.5s-chat",
        "messages": [
            {"sender_type": "USER", "sender_name": "小明", "text": "你好"},
            {"sender_type": "BOT", "sender_name": "Other", "text": "哦"},
        ],
        "bot_setting": [
            {"bot_name": "Helper", "content": "Helper answers briefly."},
            {"bot_name": "Other", "content": "Other disagrees."},
        ],
        "reply_constraints": {"sender_type": "BOT", "sender_name": "Other"},
        "sample_messages": [{"sender_type": "USER", "sender_name": "A", "text": "B"}],
        "tokens_to_generate": 7,
        "temperature": 0.5,
        "top_p": 0.25,
        "functions": [
            {"name": "now"},
            {"name": "get_weather", "description": "查询天气", "parameters": {"type": "object", "properties": {}}},
        ],
        "function_call": {"type": "specific", "name": "get_weather"},
        "mask_sensitive_info": False,
        "plugins": ["plugin_web_search"],
    }


def test_a_reply_may_be_a_call_and_its_answer_the_next_turn(open_client: OpenClient) -> None:
    with Player(call("get_weather", '{"city": "上海"}'), reply("晴。")) as server:
        client = open_client(base_url=server.url)
        said = Turn(role=Role.USER, speaker="小明", text="上海天气？")
        asked = client.chat([said], bots=HELPER, functions=[WEATHER])
        assert (asked.text, asked.function_call) == ("", FunctionCall(name="get_weather", arguments='{"city": "上海"}'))
        told = client.chat([said, asked.turn, asked.answer("晴")], bots=HELPER, functions=[WEATHER])
    assert (told.text, told.function_call) == ("晴。", None)
    assert server.asked[1].json["messages"] == [
        {"sender_type": "USER", "sender_name": "小明", "text": "上海天气？"},
        {
            "sender_type": "BOT",
            "sender_name": "Helper",
            "text": "",
            "function_call": {"name": "get_weather", "arguments": '{"city": "上海"}'},
        },
        {"sender_type": "FUNCTION", "sender_name": "get_weather", "text": "晴"},
    ]
    with pytest.raises(BadRequest, match="called no function"):
        told.answer("?")


@pytest.mark.parametrize(
    ("glyph", "sent"),
    [
        ("I feel {{gen 'mood'}}.", {"type": "raw", "raw_glyph": "I feel {{gen 'mood'}}."}),
        (
            {"mood": {"type": "string"}, "ages": {"type": "array", "items": {"type": "number"}}},
            {
                "type": "json_value",
                "json_properties": {"mood": {"type": "string"}, "ages": {"type": "array", "items": {"type": "number"}}},
            },
        ),
    ],
)
def test_a_reply_has_the_form_that_was_asked_for(
    open_client: OpenClient, glyph: str | Mapping[str, object], sent: dict[str, object]
) -> None:
    made = {"reply": "I feel fine.", "glyph_result": {"mood": "fine"}, "base_resp": {"status_code": 0}}
    with Player(play(json.dumps(made).encode())) as server:
        answer = open_client(base_url=server.url).chat("How?", bots=HELPER, glyph=glyph)
    assert answer.glyph_result == {"mood": "fine"}
    constraints = server.asked[0].json["reply_constraints"]
    assert isinstance(constraints, dict)
    assert constraints["glyph"] == sent


def test_a_reply_of_the_cloud_is_read(open_client: OpenClient) -> None:
    """As the platform's documentation prints it: the total of the tokens only, and fields of its own."""
    cloud = {
        "created": 1689738159,
        "model": "abab5.5-chat",
        "reply": "你好，有什么可以帮您？",
        "choices": [
            {
                "finish_reason": "stop",
                "index": 0,
                "messages": [{"sender_type": "BOT", "sender_name": "MM智能助理", "text": "你好，有什么可以帮您？"}],
            }
        ],
        "usage": {"total_tokens": 191, "tokens_with_added_plugin": 0},
        "input_sensitive": False,
        "output_sensitive": False,
        "id": "01068eb9e0ee6e8b6cd8ed1b5b4eb7a2",
        "base_resp": {"status_code": 0, "status_msg": ""},
    }
    with Player(play(json.dumps(cloud).encode(), Trace_Id="01068eb9e0ee6e8b6cd8ed1b5b4eb7a2")) as server:
        answer = open_client(base_url=server.url).chat("你好", bots=Bot(name="MM智能助理", description="..."))
    assert (answer.text, answer.speaker) == ("你好，有什么可以帮您？", "MM智能助理")
    assert answer.usage == Usage(total_tokens=191)


def test_the_trace_id_of_the_header_stands_in_for_the_bodys(open_client: OpenClient) -> None:
    with Player(play(b'{"reply":"Hm.","base_resp":{"status_code":0}}', Trace_Id="abc")) as server:
        answer = open_client(base_url=server.url).chat("Hm?", bots=HELPER)
    assert (answer.text, answer.speaker, answer.trace_id) == ("Hm.", "Helper", "abc")


def test_what_cannot_be_asked_is_not_sent(open_client: OpenClient) -> None:
    with Player() as server:
        client = open_client(base_url=server.url)
        with pytest.raises(BadRequest, match="bots: at least one"):
            client.chat("Hm?", bots=[])
        with pytest.raises(BadRequest, match="turns: at least one"):
            client.chat([], bots=HELPER)
        with pytest.raises(BadRequest, match="reply_as: none of the bots is named 'Nobody'"):
            client.chat("Hm?", bots=HELPER, reply_as="Nobody")
        with pytest.raises(BadRequest, match="must_call: none of the functions is named 'now'"):
            client.chat("Hm?", bots=HELPER, functions=[WEATHER], must_call="now")
        for glyph in ("{{gen}}", {"mood": "string"}, {"mood": {"type": "text"}}):
            with pytest.raises(BadRequest, match=r"^glyph"):
                client.chat("Hm?", bots=HELPER, glyph=glyph)
        with pytest.raises(BadRequest, match="temperature: must be above 0"):
            client.chat("Hm?", bots=HELPER, temperature=1.5)
        with pytest.raises(BadRequest, match="surrogate"):
            client.chat("\ud800", bots=HELPER)
        assert server.asked == []
