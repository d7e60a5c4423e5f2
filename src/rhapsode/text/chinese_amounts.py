"""Amounts in Chinese words: money, percent, measures, ranges, scores, fractions, sums, and what is simply counted."""

import re
from typing import Final

from rhapsode.text.chinese_numbers import decimal, digits
from rhapsode.text.chinese_units import COUNTED, CURRENCY, MONEY, UNIT, unit_words
from rhapsode.text.rules import ALONE, HAN, NUMBER, Rule, rule

_SIGNS: Final = {"-": "负", "−": "负", "－": "负", "﹣": "负", "+": "正", "＋": "正", "±": "正负", "": ""}
_SIGN: Final = r"(?P<sign>(?<![0-9A-Za-z.%％)）])[-−－﹣+＋±])?"
_TO: Final = r"[ ]?(?:[-－~～–—―至到]|--|——)[ ]?"
_FRACTIONS: Final = {
    "½": "二分之一", "⅓": "三分之一", "⅔": "三分之二", "¼": "四分之一", "¾": "四分之三", "⅕": "五分之一",
    "⅛": "八分之一",
}  # fmt: skip
_POWERS: Final = {"²": "的平方", "³": "的立方", "°": "度"}
_PERCENT: Final = {"%": "百分之", "％": "百分之", "‰": "千分之"}
_OPERATORS: Final = {
    "+": "加", "＋": "加", "×": "乘", "*": "乘", "x": "乘", "X": "乘", "·": "乘", "÷": "除以", "=": "等于",
    "＝": "等于", "≈": "约等于", "≠": "不等于", "<": "小于", "＜": "小于", ">": "大于", "＞": "大于", "≤": "小于等于",
    "≥": "大于等于", "^": "的", "-": "减", "−": "减", "－": "减", "/": "除以", "±": "加减",
}  # fmt: skip
_MANY: Final = {"k": "千", "K": "千", "m": "百万", "M": "百万", "b": "十亿", "B": "十亿"}
_LETTERS: Final = frozenset("gGhmMsTtwKVWLl")
_YUAN: Final = re.compile("[ ]?(?:元|块|[美欧日港澳加]元|英镑|人民币)")
_YEARS: Final = range(1000, 2101)


def _sign(found: re.Match[str]) -> str:
    return _SIGNS[found["sign"] or ""]


def _money(found: re.Match[str]) -> str:
    amount, name = decimal(_round(found["number"])), MONEY[found["currency"]]
    many = found["many"] or ""
    counted = decimal(_round(found["number"]), counting=True) if not many or many in "万亿千" else amount
    return _sign(found) + counted + _MANY.get(many, many) + name + ("每" if found.groupdict().get("per") else "")


def _round(amount: str) -> str:
    """12.50 is said as 12.5, 12.00 as 12."""
    return amount.rstrip("0").rstrip(".") if "." in amount else amount


def _percent(found: re.Match[str]) -> str:
    return _PERCENT[found["percent"]] + _sign(found) + decimal(found["number"])


def _percents(found: re.Match[str]) -> str:
    said = _PERCENT[found["percent"]]
    return f"{said}{decimal(found['low'])}到{said}{decimal(found['number'])}"


def _measure(found: re.Match[str]) -> str | None:
    unit = found["unit"]
    if unit in _LETTERS and re.search(r"[A-Za-z][ ]$", found.string[: found.start()]):
        return None  # iPhone 5s
    sign = "零下" if _sign(found) == "负" and unit[0] in "℃°℉" else _sign(found)
    return sign + decimal(found["number"], counting=unit != "°") + unit_words(unit)


def _range(found: re.Match[str]) -> str | None:
    low, high, after = found["low"], found["number"], found["after"] or ""
    sign = re.sub(r"\s", "", found["to"])
    falling = float(low.replace(",", "")) >= float(high.replace(",", ""))
    if sign in {"-", "−"} and falling:
        return None
    years = all(each.isdecimal() and int(each) in _YEARS for each in (low, high))
    if years and ((after and after in "年赛学财届") or not (after or (low + high).endswith("00"))):
        return f"{digits(low)}到{digits(high)}"
    return f"{_SIGNS[found['sign'] or '']}{decimal(low, counting=bool(found['counted']))}到" + decimal(
        high, counting=bool(found["counted"])
    )


def _measures(found: re.Match[str]) -> str:
    """5kg-10kg, 5-10kg."""
    unit = unit_words(found["unit"])
    first = unit if found["first"] else ""
    return (
        f"{_sign(found)}{decimal(found['low'], counting=True)}{first}到{decimal(found['number'], counting=True)}{unit}"
    )


def _moneys(found: re.Match[str]) -> str:
    name = MONEY[found["currency"]]
    return f"{decimal(_round(found['low']))}到{decimal(_round(found['number']))}{found['many'] or ''}{name}"


def _score(found: re.Match[str]) -> str:
    return "比".join(decimal(part.strip()) for part in re.split("[:：]", found[0]))


def _fraction(found: re.Match[str]) -> str:
    over, under = found["over"], found["under"]
    if int(under) == 0 or (int(over) > int(under) and int(over) > 12):  # noqa: PLR2004 - 24/7 is no fraction
        return f"{decimal(over)}斜杠{decimal(under)}"
    return f"{_sign(found)}{decimal(under)}分之{decimal(over)}"


def _vulgar(found: re.Match[str]) -> str:
    said = _FRACTIONS[found["vulgar"]]
    return f"{decimal(found['whole'])}又{said}" if found["whole"] else said


def _operator(found: re.Match[str]) -> str:
    return _OPERATORS[found[0].strip()]


def _compared(found: re.Match[str]) -> str:
    """What stands before no number: ≥60分, and >= as programmers write it."""
    return _OPERATORS[found[0][0]] + ("等于" if found[0] in {"<=", ">="} else "")


def _metres(found: re.Match[str]) -> str:
    """1米75: what follows is read figure by figure."""
    return digits(found[0])


def _power(found: re.Match[str]) -> str:
    return _POWERS[found[0]]


def _power_of(found: re.Match[str]) -> str:
    return f"的{decimal(found['number'])}次方"


def _number(found: re.Match[str]) -> str:
    number = _round(found["number"]) if _YUAN.match(found.string, found.end()) else found["number"]
    return _sign(found) + decimal(number, counting=found["sign"] is None)


def _plain(found: re.Match[str]) -> str:
    return _sign(found) + decimal(found["number"])


def _per(found: re.Match[str]) -> str:
    return "每" + (unit_words(found["unit"]) if found["unit"] else "")


_N: Final = rf"(?P<number>{NUMBER})"
_LOW: Final = rf"(?P<low>{NUMBER})"
_SIDE: Final = r"[0-9)）²³%]"
SUMS: Final[tuple[Rule, ...]] = (
    rule(rf"(?<={_SIDE})[ ]*(?P<sign>[×*÷=＝≈≠<＜>＞≤≥+＋±])[ ]*(?=[-−]?[0-9(（√])", _operator),
    rule(r"(?<=[0-9)])[ ]*(?P<sign>[xX])[ ]*(?=[0-9(])", _operator),
    rule(r"(?<![-=<>])(?:[<>≥≤]=|[<>＜＞≤≥])(?=[ ]?[0-9])", _compared),
    rule(rf"(?<={_SIDE})[ ]*(?P<sign>[-−－/])[ ]*(?=[0-9(（][0-9.+×*÷xX/()（） −-]{{0,30}}[=＝])", _operator),
    rule(r"(?<=[0-9)])\^(?P<number>[0-9]+)(?![0-9.])", _power_of),
)
MEASURES: Final[tuple[Rule, ...]] = (
    rule(rf"(?P<currency>{CURRENCY})[ ]?{_LOW}{_TO}(?:{CURRENCY})?{_N}(?P<many>[万亿])?(?![0-9,.]?[0-9])", _moneys),
    rule(
        rf"{_SIGN}(?<![A-Za-z])(?P<currency>{CURRENCY})[ ]?{_N}(?![0-9])"
        rf"(?P<many>[万亿千]|[kKmMbB](?![A-Za-z]))?(?:元(?!/)|块钱?|人民币)?(?P<per>/(?=[{HAN}]))?",
        _money,
    ),
    rule(rf"{ALONE}{_SIGN}{_N}(?P<many>[万亿千])?[ ]?(?P<currency>{CURRENCY})(?![A-Za-z])", _money),
    rule(rf"{ALONE}{_LOW}[ ]?[%％]?{_TO}{_N}[ ]?(?P<percent>[%％‰])", _percents),
    rule(rf"{_SIGN}(?<![0-9A-Za-z.,]){_N}[ ]?(?P<percent>[%％‰])", _percent),
    rule(rf"{_SIGN}{ALONE}{_LOW}[ ]?(?P<first>(?:℃|°C|kg|km|cm|mm|m|g|ml|L|h|min|s)?){_TO}{_N}[ ]?{UNIT}", _measures),
    rule(rf"{_SIGN}(?:(?<![0-9A-Za-z.,])|(?<=[0-9][hm])|(?<=min)){_N}[ ]?{UNIT}", _measure),
    rule(rf"(?<=[元块美万次个人斤吨米升里时钟克天秒间辆只件])/(?:{UNIT}|(?=[{HAN}]))", _per),
)
COUNTS: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<![0-9A-Za-z.:：])[0-9]+(?:\.[0-9]+)?(?:[ ]?[:：][ ]?[0-9]+(?:\.[0-9]+)?)+"
        r"(?![0-9:：])(?!\.[0-9])",
        _score,
    ),
    rule(r"(?:(?P<whole>(?<![0-9.,])[0-9]+)[ ]?)?(?P<vulgar>[½⅓⅔¼¾⅕⅛])", _vulgar),
    rule(rf"{_SIGN}{ALONE}(?P<over>[0-9]{{1,6}})/(?P<under>[0-9]{{1,6}})(?![0-9/.]|[ ]*[=＝])", _fraction),
    rule(
        rf"{_SIGN}(?<![0-9A-Za-z.,]){_LOW}(?P<to>{_TO}){_N}(?![0-9A-Za-z]|\.[0-9]|[-/][0-9])"
        f"(?=(?P<counted>{COUNTED})?)(?=[ ]?(?P<after>[{HAN}])?)",
        _range,
    ),
    rule(rf"(?<=[0-9]米)[0-9]{{2}}(?![0-9A-Za-z.%％]|[ ]?{COUNTED})", _metres),
    rule(rf"{_SIGN}(?<![0-9A-Za-z.,]){_N}(?=[ ]?{COUNTED})(?!\.[0-9])", _number),
    rule(rf"{_SIGN}{_N}", _plain),
    rule(r"(?<=[0-9])-(?=[0-9]+(?![0-9A-Za-z]))", _operator),
    rule(rf"(?<=[A-Za-z0-9{HAN}])[ ]?[*][ ]?(?=[0-9])", _operator),
    rule("[²³]", _power),
)
