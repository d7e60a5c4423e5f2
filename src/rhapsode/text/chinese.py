"""Chinese as it is read aloud: every figure and sign in characters. Latin words stay: they are read in English."""

import re
from typing import Final

from rhapsode.text.chinese_amounts import COUNTS, MEASURES, SUMS
from rhapsode.text.chinese_codes import CODES, PHONES
from rhapsode.text.chinese_dates import DATES
from rhapsode.text.chinese_numbers import digits
from rhapsode.text.links import CHINESE, link_rules
from rhapsode.text.rules import HAN, Rule, rule

_SIGNS: Final = {
    "&": "和",
    "=": "等于",
    "＝": "等于",
    "≈": "约等于",
    "≠": "不等于",
    "℃": "摄氏度",
    "№": "编号",
    "+": "加",
    "＋": "加",
    "√": "根号",
    "%": "百分号",
    "％": "百分号",
    "°": "度",
    "×": "乘",
    "÷": "除以",
    "π": "派",
}
_SPELT: Final = "NASA|VIP|SVIP|APP|ID|IT|UI|UX|IQ|EQ|PIN|LED|OLED|SIM|WHO|ICU|UFO|IP|IPO|OA|US|UN|EU|UP|UPS|IMAX"
"""initials that the English reader would take for words"""
_NAMES: Final = {"$": "美元", "€": "欧元", "£": "英镑", "¥": "元", "￥": "元"}


def _sign(found: re.Match[str]) -> str:
    return _SIGNS[found[0]]


def _currency(found: re.Match[str]) -> str:
    return _NAMES[found[0]]


def _at(_: re.Match[str]) -> str:
    return "艾特"


def _and(_: re.Match[str]) -> str:
    return " and "


def _sharp(found: re.Match[str]) -> str:
    return f"{found['name']} sharp"


def _letters(found: re.Match[str]) -> str:
    return " ".join(found[0])


def _silent(_: re.Match[str]) -> str:
    return " "


CHINESE_RULES: Final[tuple[Rule, ...]] = (
    *link_rules(CHINESE, digits, gap=""),
    *PHONES,
    *DATES,
    *SUMS,
    *MEASURES,
    *CODES,
    *COUNTS,
    rule(r"(?<=[A-Za-z])[ ]?&[ ]?(?=[A-Za-z])", _and),
    rule(r"(?<![A-Za-z0-9])(?P<name>[CF])#(?![A-Za-z0-9#])", _sharp),
    rule(rf"(?<![A-Za-z0-9.])(?:{_SPELT})(?![A-Za-z'’])", _letters),
    rule("@(?=[\\w])", _at),
    rule(r"[+&=＝≈≠℃№＋√%％°×÷π]", _sign),
    rule(r"[$€£¥￥]", _currency),
    rule(r"[#＃~～^*_/\\|<>@＠{}\[\]→←↑↓↔⇒©®™•·§¶†‡…]+(?<!…)", _silent),
    rule(rf"(?<=[{HAN}])[-–](?=[{HAN}])|(?<=[0-9A-Za-z])[-–](?=[0-9])", _silent),
)  # fmt: skip
"""in order"""
