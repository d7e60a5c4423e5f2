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
    begin: str
    go_on: str
    comma: str


ENGLISH: Final = Frame(
    one="You are {own}.",
    cast="A conversation with several characters: {names}.",
    only="You are {own}. Speak only as {own}, never for anyone else.",
    samples="Examples of the manner, not part of the conversation:",
    user="You are talking with {name}.",
    named="Every message begins with its speaker's name. Reply without a name.",
    begin="(The conversation begins.)",
    go_on="(Go on.)",
    comma=", ",
)
CHINESE: Final = Frame(
    one="你是{own}。",
    cast="这是一场多人对话，角色有：{names}。",
    only="你是{own}，只以{own}的身份说话，绝不替别人说话。",
    samples="以下是说话方式的示例，不属于本次对话：",
    user="和你对话的人是{name}。",
    named="每条消息以说话人的名字开头。回复时不要写名字。",
    begin="（对话开始。）",
    go_on="（请继续。）",
    comma="、",
)

_HAN: Final = re.compile("[\u3400-\u9fff]")


def choose_frame(descriptions: Iterable[str]) -> Frame:
    """Chinese when a description has a Chinese character in it."""
    return CHINESE if any(map(_HAN.search, descriptions)) else ENGLISH
