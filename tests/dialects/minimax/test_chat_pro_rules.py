"""The rules of chatcompletion_pro: every field that breaks one is named."""

from collections.abc import Callable

import pytest

from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.dialects.minimax.chat_pro import read_request
from tests.dialects.minimax.pro_bodies import NOTHING, WEATHER, Body, body, put, without


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
