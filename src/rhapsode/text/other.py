"""Languages whose figures the engine reads by itself: only what it would get wrong is put right.

espeak-ng loses the minus of `-5` in most of them, takes a comma between thousands for a decimal one, and says a
currency's sign before the figure.
"""

import re
from typing import Final

from rhapsode.text.rules import Rule, rule

_MINUS: Final = {
    "ar": "ناقص", "bg": "минус", "ca": "menys", "cs": "minus", "da": "minus", "de": "minus", "el": "μείον",
    "es": "menos", "fa": "منفی", "fi": "miinus", "fr": "moins", "he": "מינוס", "hi": "ऋण", "hr": "minus",
    "hu": "mínusz", "id": "minus", "it": "meno", "ja": "マイナス", "ko": "마이너스", "ms": "negatif", "nb": "minus",
    "nl": "min", "pl": "minus", "pt": "menos", "ro": "minus", "ru": "минус", "sk": "mínus", "sl": "minus",
    "sv": "minus", "ta": "கழித்தல்", "th": "ลบ", "tr": "eksi", "uk": "мінус", "vi": "âm", "af": "minus",
}  # fmt: skip
_PERCENT: Final = {"ja": "パーセント", "ko": "퍼센트"}
"""where the engine would say it in English"""


def other_rules(language: str) -> tuple[Rule, ...]:
    """The rules of a language that has none of its own."""
    minus, percent = _MINUS.get(language, ""), _PERCENT.get(language)

    def negative(_: re.Match[str]) -> str | None:
        return f"{minus} " if minus else None

    def joined(found: re.Match[str]) -> str:
        return found[0].replace(",", "")

    def money(found: re.Match[str]) -> str:
        return f"{found['number'].replace(',', '') if ',' in found['thousands'] else found['number']} {found['sign']}"

    def share(_: re.Match[str]) -> str | None:
        return percent

    number = r"(?P<number>(?P<thousands>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:[.,][0-9]+)?)"
    return (
        rule(r"(?<![A-Za-z0-9])(?:https?|ftp)://(?:www\.)?(?=[A-Za-z0-9])", lambda _: ""),
        rule(rf"(?P<sign>[$€£¥￥₩])[ ]?{number}", money),
        rule(r"(?<![\w.,)-])[-−－](?=[0-9])", negative),
        rule(r"(?<![0-9.,])[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9])", joined),
        rule(r"(?<=[0-9])[ ]?[%％]", share),
        rule(r"[#~^*_\\|<>{}\[\]→←↑↓↔⇒©®™•§¶†‡]+", lambda _: " "),
    )
