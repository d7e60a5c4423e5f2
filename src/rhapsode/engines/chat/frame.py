"""The sentences around a role-play, in the language that its bots are described in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Each a template of one line; the names in braces are filled in."""

    one: str
    cast: str
    only: str
    samples: str
    user: str
    named: str
    script: str
    found: str
    greeting: tuple[str, str]
    begin: str
    go_on: str
    comma: str


ENGLISH: Final = Frame(
    one="You are {own}.",
    cast="A conversation with several characters: {names}.",
    only="(Now {own} speaks.)",
    samples="Examples of the manner, not part of the conversation:",
    user="You are talking with {name}.",
    named="Every message begins with its speaker's name. Reply without a name.",
    script="You will read what was said, and then speak as one of them.",
    found="Found on the web, for what is said next:",
    greeting=("How are you?", "I am fine, thank you."),
    begin="(The conversation begins.)",
    go_on="(Go on.)",
    comma=", ",
)
CHINESE: Final = Frame(
    one="你是{own}。",
    cast="这是一场多人对话，角色有：{names}。",
    only="（现在轮到{own}说话。）",
    samples="以下是说话方式的示例，不属于本次对话：",
    user="和你对话的人是{name}。",
    named="每条消息以说话人的名字开头。回复时不要写名字。",
    script="你会先看到大家说过的话，然后扮演其中一个角色发言。",
    found="以下是网上搜索到的资料，供回答下一句时参考：",
    greeting=("你好吗？", "我很好，谢谢。"),
    begin="（对话开始。）",
    go_on="（请继续。）",
    comma="、",
)

GENERIC_NAMES: Final = ("User", "Assistant", "System", "Human", "AI", "You", "用户", "助手", "助理", "系统")
"""how models label turns when they lose the thread"""

_HAN: Final = re.compile("[\u3400-\u9fff]")


def choose_frame(descriptions: Iterable[str]) -> Frame:
    """Chinese when a description has a Chinese character in it."""
    return CHINESE if any(map(_HAN.search, descriptions)) else ENGLISH
