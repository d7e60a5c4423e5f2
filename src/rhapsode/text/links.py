"""Links, mail addresses and the addresses of machines, read sign by sign: `a@b.com` is "a at b dot com"."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from rhapsode.text.rules import Rule, rule

ENGLISH: Final = {
    ".": "dot",
    "/": "slash",
    "@": "at",
    "-": "dash",
    "_": "underscore",
    ":": "colon",
    "?": "question mark",
    "=": "equals",
    "&": "and",
    "#": "hash",
    "%": "percent",
    "+": "plus",
    "~": "tilde",
}
CHINESE: Final = {
    ".": "点",
    "/": "斜杠",
    "@": "艾特",
    "-": "杠",
    "_": "下划线",
    ":": "冒号",
    "?": "问号",
    "=": "等于",
    "&": "和",
    "#": "井号",
    "%": "百分号",
    "+": "加",
    "~": "波浪号",
}
_NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?"
_HOST: Final = rf"(?:{_NAME}\.)+[A-Za-z]{{2,24}}"
_PATH: Final = r"(?:[/?#](?:[A-Za-z0-9/?#&=+@$_~%.,:;!-]*[A-Za-z0-9/=+&#_~-])?)?"
_KNOWN: Final = (
    "com|cn|net|org|io|ai|dev|app|edu|gov|info|me|cc|tv|co|uk|jp|de|fr|ru|kr|hk|tw|xyz|top|site|online|tech|chat|biz"
)
_PARTS: Final = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]")


def link_rules(signs: Mapping[str, str], figures: Callable[[str], str], *, gap: str = " ") -> tuple[Rule, ...]:
    """How links are read with these names of signs. The scheme and a last slash are left out.

    `figures` says digits; `gap` stands between what is said.
    """

    def read(found: re.Match[str]) -> str:
        link = found["link"].removesuffix("/")
        said = (
            figures(part) if part.isdecimal() else part if part.isalpha() else signs.get(part, " ")
            for part in _PARTS.findall(link)
        )
        return gap.join(said)

    return (
        rule(
            r"(?<![\w])(?:mailto:)?(?P<link>[A-Za-z0-9](?:[\w.+-]{0,62}[\w+-])?@" + _HOST + r")(?![\w])", read, re.ASCII
        ),
        rule(
            rf"(?<![A-Za-z0-9])(?:https?|ftps?|wss?)://(?P<link>[A-Za-z0-9.-]*[A-Za-z0-9](?::[0-9]{{1,5}})?{_PATH})",
            read,
        ),
        rule(rf"(?<![A-Za-z0-9.@/-])(?P<link>www\.{_HOST}(?::[0-9]{{1,5}})?{_PATH})", read),
        rule(
            rf"(?<![A-Za-z0-9.@/-])(?P<link>(?:{_NAME}\.)+(?:{_KNOWN})(?![A-Za-z0-9-])(?::[0-9]{{1,5}})?{_PATH})", read
        ),
        rule(r"(?<![0-9.])(?P<link>(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]{1,5})?)(?![0-9])(?!\.[0-9])", read),
    )
