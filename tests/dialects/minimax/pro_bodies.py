"""Bodies of chatcompletion_pro: a good one, and what changes it."""

import json
from collections.abc import Callable
from typing import Any

Body = dict[str, Any]

NOTHING: Body = {}

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


def with_functions(good: Body) -> None:
    good["functions"] = [WEATHER]
