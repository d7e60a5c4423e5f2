"""Markdown and the like, of which only the words are read: `**bold**`, `# heading`, `[text](target)`, `<br>`, `:-)`."""

import re
from html import unescape
from typing import Final

from rhapsode.text.rules import Rule, rewrite, rule
from rhapsode.text.spoken import Spoken

_TAGS: Final = (
    "a|abbr|b|big|blockquote|br|code|del|div|em|font|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|s|small|span|strong|sub"
    "|sup|table|tbody|td|th|thead|tr|u|ul"
)
_LINE: Final = r"(?:^|(?<=\n))[ \t]*"


def _nothing(_: re.Match[str]) -> str:
    return ""


def _space(_: re.Match[str]) -> str:
    return " "


def _character(found: re.Match[str]) -> str | None:
    plain = unescape(found[0])
    return None if plain == found[0] else plain.replace("\u00a0", " ")


# A link is two finds, so that what stands between them, its text, is read by the other rules.
_RULES: Final[tuple[Rule, ...]] = (
    rule(r"\\(?=[\\`*_{}\[\]()#+.!~>|-])", _nothing),
    rule(_LINE + r"(?:`{3,}|~{3,})[\w+-]*", _nothing),
    rule(_LINE + r"(?:[-*_][ \t]*){3,}(?=\n|$)", _nothing),
    rule(_LINE + r"\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+(?:[ \t]*:?-{2,}:?[ \t]*)?(?=\n|$)", _nothing),
    rule(_LINE + r"(?:>[ \t]?)+", _nothing),
    rule(_LINE + r"#{1,6}[ \t]+", _nothing),
    rule(r"[ \t]+#{1,6}[ \t]*(?=\n|$)", _nothing),
    rule(_LINE + r"(?:[-*+•‣◦][ \t]+)(?:\[[ xX]\][ \t]+)?", _nothing),
    rule(r"\[\^[^\]\s]{1,20}\]", _nothing),
    rule(
        r"!?\[(?=[^\[\]\n]{0,200}\](?:\([^()\n]{0,500}(?:\([^()\n]{0,200}\)[^()\n]{0,200})?\)|\[[^\]\n]{0,100}\]))",
        _nothing,
    ),
    rule(
        r"(?:(?<=\S)|^)\]\([^()\n]{0,500}(?:\([^()\n]{0,200}\)[^()\n]{0,200})?\)|\](?:\(\)|\[[^\]\n]{0,100}\])",
        _nothing,
    ),
    rule(rf"</?(?:{_TAGS})(?:\s[^<>]{{0,300}})?/?>", _space, re.IGNORECASE),
    rule(r"<(?=(?:https?|mailto):[^<>\s]{1,500}>)|(?<=[\w/])>(?=\s|$|[^\x00-\x7f])", _nothing),
    rule(r"<!--.{0,500}?-->", _nothing, re.DOTALL),
    rule(r"&(?:#[0-9]{2,6}|#x[0-9a-fA-F]{2,5}|[a-z]{2,8});", _character),
    rule(r"\*{2,}|~~|`+|__+(?=\S)|(?<=\S)__+", _nothing),
    rule(r"\*(?=[^\s*0-9])|(?<=[^\s*0-9])\*(?![ ]?[0-9])", _nothing),
    rule(r"(?<![0-9A-Za-z_])_(?=[^\s_])|(?<=[^\s_])_(?![0-9A-Za-z_])", _nothing),
    rule(r"(?<![0-9A-Za-z.])[:;=]-?[()DPp](?![0-9A-Za-z(])", _space),
    rule(r"\|", _space),
)


def without_markup(text: str) -> Spoken:
    """The words, with the way back. The targets of links and the names of code's languages are left out."""
    return rewrite(text, _RULES)
