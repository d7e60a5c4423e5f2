"""Why another server refused a request, as far as it may be told: its sentence, without a word that is not known here.

Such sentences quote prompts, and hosts put keys and addresses into them. So nothing is taken out of them; what is left
in is names of fields, words of rules, and figures behind such words. All else becomes an ellipsis.
"""

import re
from collections.abc import Iterator
from typing import Final

from rhapsode.engines.upstream.told_words import BEFORE_FIGURES, FIELDS, FLAGS, RULES

_QUOTED: Final = re.compile(r"""(?<!\w)(?:'([^']*)'|"([^"]*)"|`([^`]*)`|“([^”]*)”)(?!\w)""")
_PATH: Final = re.compile(r"[A-Za-z_]\w*(?:\.\w+|\[\d+\])*")
_TOKEN: Final = re.compile(r"--[a-z][a-z-]*|[^\W\d]\w*(?:\.\w+|\[\d+\])*(?:['’-][^\W\d]+)*|\d[\w.,]*|[^\w\s]+")
_PLAIN_MARKS: Final = frozenset({",", ".", ":", ";", "(", ")", "=", "<", ">", "<=", ">=", "),", ").", "):", "…"})
_HELD_BACK: Final = "…"
_LONGEST: Final = 300
_FEWEST_WORDS: Final = 2


def reason_of(sentence: str, field: str = "") -> str:
    """What may be told of it; often nothing. `field` is what the server itself names as wrong."""
    named = field if _is_field(field) else ""
    told = _told(sentence[: 4 * _LONGEST])
    if told:
        return f"{named}: {told}" if named and named not in told else told
    return named or ", ".join(dict.fromkeys(_fields_in(sentence[: 4 * _LONGEST])))


def _told(sentence: str) -> str:
    """The sentence with what is not known left out; nothing where little of it is known."""
    parts: list[str] = []
    known = gaps = 0
    before = ""
    for found in _TOKEN.finditer(_QUOTED.sub(_unquoted, sentence)):
        token = found[0]
        if token in _PLAIN_MARKS:
            parts.append(token)
        elif _may_be_told(token, before):
            known += 1
            parts.append(token)
        else:
            gaps += parts[-1:] != [_HELD_BACK]
            parts.append(_HELD_BACK)
        before = token.lower()
    if known < _FEWEST_WORDS or gaps * 2 > known:
        return ""
    return _joined(parts)[:_LONGEST].strip(" ,.:;")


def _may_be_told(token: str, before: str) -> bool:
    if token[0].isdigit():
        return before in BEFORE_FIGURES and bool(re.fullmatch(r"\d{1,8}(?:\.\d{1,4})?[.,]?", token))
    return token.lower() in RULES or token in FLAGS or _is_field(token)


def _unquoted(found: re.Match[str]) -> str:
    """What stands in quotation marks is a field, or somebody's words."""
    inside = next(filter(None, found.groups()), "")
    return inside if _is_field(inside) else _HELD_BACK


def _is_field(path: str) -> bool:
    """Whether it names a field: each of its steps is a name on the wire, or a number."""
    steps = re.split(r"[.\[\]]+", path.removesuffix("]"))
    return bool(_PATH.fullmatch(path)) and all(step in FIELDS or step.isdecimal() for step in steps)


def _fields_in(sentence: str) -> Iterator[str]:
    """The fields that are named beyond doubt: many names are words of any sentence too."""
    for found in _QUOTED.finditer(sentence):
        inside = next(filter(None, found.groups()), "")
        if _is_field(inside):
            yield inside
    for found in _PATH.finditer(sentence):
        if "_" in found[0] and _is_field(found[0]):
            yield found[0]


def _joined(parts: list[str]) -> str:
    text = ""
    for part in parts:
        if part == _HELD_BACK and text.endswith(_HELD_BACK):
            continue
        close = not text or text.endswith("(") or part[0] in ",.:;)"
        text += part if close else f" {part}"
    return text
