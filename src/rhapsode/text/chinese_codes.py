"""Figures that name something and count nothing, in Chinese: phone numbers, models, versions, rooms, pass codes."""

import re
from typing import Final

from rhapsode.text.chinese_numbers import cardinal, digits
from rhapsode.text.rules import ALONE, OVER, Rule, rule

_SHORT: Final = 2
_HUNDREDS: Final = 3
_ROMAN: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def _phone(found: re.Match[str]) -> str:
    return ("加" if found[0].startswith("+") else "") + digits(found[0], one="幺")


def _code(found: re.Match[str]) -> str:
    return (found["name"] or "") + digits(found["code"], one="幺")


def _version(found: re.Match[str]) -> str:
    return "点".join(map(code, found[0].split(".")))


def _model(found: re.Match[str]) -> str:
    """What follows a name: GPT-4, A380, Python3.11, iPhone15."""
    first, *more = found["code"].split(".")
    if len(more) == 1:
        return f"{code(first)}点{digits(more[0])}"
    return "点".join(map(code, (first, *more)))


def _serial(found: re.Match[str]) -> str:
    return "杠".join(
        cardinal(part) if len(part) <= _SHORT and part[0] != "0" else digits(part) for part in found[0].split("-")
    )


def code(figures: str) -> str:
    """Up to two digits, and whole hundreds, as a number; others one by one."""
    whole = figures[0] != "0" or len(figures) == 1
    short = len(figures) <= _SHORT or (len(figures) == _HUNDREDS and figures.endswith("00"))
    return cardinal(figures) if whole and short else digits(figures)


def _roman(found: re.Match[str]) -> str | None:
    value, before = 0, 0
    for letter in reversed(found["roman"]):
        each = _ROMAN[letter]
        value += -each if each < before else each
        before = max(before, each)
    return f"第{cardinal(str(value))}" if value < 100 else None  # noqa: PLR2004 - no chapter has more


def _ordinal(found: re.Match[str]) -> str:
    return "第" + cardinal(found["number"].lstrip("0") or "0")


def _ordinals(found: re.Match[str]) -> str:
    return f"{_ordinal(found)}到{cardinal(found['last'].lstrip('0') or '0')}"


_DASH: Final = "[- \u2010\u2011]?"
PHONES: Final[tuple[Rule, ...]] = (
    rule(
        rf"(?<![0-9A-Za-z.])(?:\+86{_DASH}|0086{_DASH})?1[3-9][0-9]{_DASH}[0-9]{{4}}{_DASH}[0-9]{{4}}"
        "(?![0-9.])",
        _phone,
    ),
    rule(
        rf"(?<![0-9A-Za-z.])(?:\+86{_DASH})?(?:\(0[0-9]{{2,3}}\)|（0[0-9]{{2,3}}）"
        f"|0[0-9]{{2,3}}[- ])[0-9]{{7,8}}(?:-[0-9]{{1,5}})?(?![0-9])",
        _phone,
    ),
    rule(
        "(?<![0-9A-Za-z.])[48]00[- ]?[0-9]{3}[- ]?[0-9]{4}(?![0-9])|(?<![0-9A-Za-z.])[48]00-[0-9]{4}-[0-9]{3}(?![0-9])",
        _phone,
    ),
    rule(r"(?<![0-9A-Za-z.+])\+[0-9]{1,3}(?:[- ][0-9]{2,5}){2,4}(?![0-9])", _phone),
    rule(
        "(?P<name>(?:打|拨|报警|热线|电话|呼叫|客服|手机号?|短信|发送|座机|传真)(?:[打给到至：:是为号码请 ]|拨打){0,4})"
        "(?P<code>[0-9]{3,12}(?:-[0-9]{3,8})?)"
        "(?![0-9.万亿个元块%％年月])",
        _code,
    ),
    rule(
        "(?P<name>(?:验证码|校验码|密码|编号|编码|单号|订单|尾号|卡号|账号|帐号|工号|学号|邮编|邮政编码|房号|房间|房间号|证号|车牌号?|QQ号?|qq号?|微信号?|群号|代码"
        "|区号|分机号?|ID|身份证号?码?|序列号|流水号|口令)(?:[是为号：: ]){0,3})(?P<code>[0-9]{3,20})(?![0-9.])",
        _code,
    ),
    rule("(?P<name>(?<=[0-9]{4})[ ]?转[ ]?)(?P<code>[0-9]{1,5})(?![0-9.])", _code),
    rule(
        f"(?P<name>){ALONE}(?P<code>[0-9]{{3,4}})(?=室|房间|号房|号航班|航班|次列车"
        "|次航班|次高铁|次动车|路公交|路车|路汽车|医院|国道|省道)",
        _code,
    ),
    rule(r"(?P<name>(?<![A-Za-z0-9])[GDCKTZ])(?P<code>[0-9]{2,4})(?=次)", _code),
)
"""1 is 幺 in these"""

CODES: Final[tuple[Rule, ...]] = (
    rule(r"第[ ]?(?P<roman>[IVXLC]{1,7})(?=[ ]?[章节部卷册篇回届代次季期集场幕层级条款编])", _roman),
    rule(r"(?<![A-Za-z0-9])(?:No\.?|NO\.?|№)[ ]?(?P<number>[0-9]{1,4})(?![0-9.])", _ordinal),
    rule(r"第[ ]?(?P<number>[0-9]{1,4})[ ]?[-~～—–至到][ ]?(?P<last>[0-9]{1,4})(?![0-9.])", _ordinals),
    rule(r"第[ ]?(?P<number>[0-9]{1,12})(?![0-9.,])", _ordinal),
    rule(r"(?<=[A-Za-z])(?<![0-9][xX])[-\u2010\u2011]?(?P<code>[0-9]+(?:\.[0-9]+)*)(?![0-9])", _model),
    rule(r"(?<=[A-Za-z] )(?P<code>[0-9]+\.[0-9]+(?:\.[0-9]+)*)(?![0-9])", _model),
    rule(r"(?<=[A-Z]{2} )(?P<code>[0-9]{3,5})(?![0-9.,:]|[ ]?[万亿元个块%％])", _model),
    rule("(?<=波音|空客)(?P<code>[0-9]{3})(?![0-9])", lambda found: digits(found[0])),
    rule(ALONE + r"[0-9]+(?:\.[0-9]+){2,}(?![0-9])", _version),
    rule(r"(?<![0-9A-Za-z.,])(?P<code>[0-9]+)(?=[A-Za-z])(?![xX][0-9])", _model),
    rule(r"(?<![0-9A-Za-z.,-])[0-9]+(?:-[0-9]+){2,}(?![0-9A-Za-z.-])", _serial),
    rule(r"(?<![0-9.])[0-9]{1,2}[·・][0-9]{1,2}(?![0-9])", lambda found: digits(found[0])),
    rule(ALONE + r"[0-9]{13,}" + OVER, lambda found: digits(found[0])),
)
