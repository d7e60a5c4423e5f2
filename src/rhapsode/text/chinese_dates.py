"""Dates and times of day in Chinese words: 2024-05-03 is 二零二四年五月三日, 12:30 十二点三十分."""

import re
from typing import Final

from rhapsode.text.chinese_numbers import cardinal, digits
from rhapsode.text.rules import ALONE, Rule, rule

_SCORE_BEFORE: Final = re.compile(
    "(?:比分|比率|比例|战绩|以|胜|负|赢|输|领先|落后|击败|打平|战平|逼平|成绩|局分|总分|盘分)(?:[是为了成到：:]|[\u3400-\u9fff]{0,6}以)?"
    "[ ]?$"
)
_SCORE_AFTER: Final = re.compile(
    "[ ]?的?(?:比分|比例|战胜|击败|领先|落后|获胜|取胜|打平|战平|逼平|大胜|险胜|完胜|告负|不敌|力克)"
)
_NOON: Final = {"am": "上午", "a.m.": "上午", "pm": "下午", "p.m.": "下午"}
_LONGEST_YEAR: Final = 4
_CENTURIES: Final = (1900, 2000, 2100)
"""years, where other whole hundreds are a while: 5000年"""
_MONTHS, _DAYS, _HOURS, _SIXTY = 12, 31, 24, 60


def _day(year: str, month: str, day: str) -> str | None:
    if not (1 <= int(month) <= _MONTHS and 1 <= int(day) <= _DAYS):
        return None
    return (f"{digits(year)}年" if year else "") + f"{_plain(month)}月{_plain(day)}日"


def _plain(figures: str) -> str:
    return cardinal(figures.lstrip("0") or "0")


def _date(found: re.Match[str]) -> str | None:
    return _day(found["year"], found["month"], found["day"])


def _american(found: re.Match[str]) -> str | None:
    """3/15/2024, the month first; where it can be none, the day."""
    return _day(found["year"], found["month"], found["day"]) or _day(found["year"], found["day"], found["month"])


def _lasted(found: re.Match[str]) -> str:
    return f"{cardinal(found['minutes'])}分{cardinal(found['seconds'])}秒"


def _month_day(found: re.Match[str]) -> str | None:
    """5/3 and 12/25; but 3/4 is a fraction."""
    first, second = int(found["month"]), int(found["day"])
    if first < second <= _MONTHS and not found["sure"]:
        return None
    said = _day("", found["month"], found["day"])
    return said and (found["sure"] or "") + said


def _year_month(found: re.Match[str]) -> str | None:
    if not 1 <= int(found["month"]) <= _MONTHS:
        return None
    return f"{digits(found['year'])}年{_plain(found['month'])}月"


def _year(found: re.Match[str]) -> str | None:
    year, after = found["year"], found["after"] or ""
    if found["era"]:
        return found["era"] + digits(year) + "年"
    if len(year) < _LONGEST_YEAR:
        known = len(year) == 2 and year[0] in "0789" and not after  # noqa: PLR2004 - 98年
        return digits(year) + "年" if known else None
    span = year[0] > "2" or (year.endswith("00") and (after or int(year) not in _CENTURIES))
    return None if span else digits(year) + "年"


def _decade(found: re.Match[str]) -> str:
    decade = found["decade"]
    said = digits(decade) if len(decade) == _LONGEST_YEAR or decade[0] == "0" else cardinal(decade)
    return said + "年代"


def _born(found: re.Match[str]) -> str:
    return digits(found["decade"]) + "后"


def _time(found: re.Match[str]) -> str | None:
    hour, minute, second = found["hour"], found["minute"], found["second"]
    if int(hour) > _HOURS or int(minute) >= _SIXTY or (second and int(second) >= _SIXTY):
        return None
    text = found.string
    if not found["noon"] and (_SCORE_BEFORE.search(text[: found.start()]) or _SCORE_AFTER.match(text, found.end())):
        return None
    return _clock(hour, minute, second or "", found["noon"])


def _hour(found: re.Match[str]) -> str | None:
    return _clock(found["hour"], "00", "", found["noon"]) if int(found["hour"]) <= _MONTHS else None


def _clock(hour: str, minute: str, second: str, noon: str | None) -> str:
    said = "两" if hour in {"2", "02"} else _plain(hour)
    said = _NOON.get((noon or "").lower(), "") + said + "点"
    if minute != "00" or second:
        said += _sixty(minute) + "分"
    return said + (_sixty(second) + "秒" if second else "")


def _sixty(figures: str) -> str:
    return cardinal(figures) if figures[0] != "0" or figures == "00" else digits(figures) if figures != "00" else "零"


def _between(_: re.Match[str]) -> str:
    return "到"


_NOON_SIGN: Final = r"(?:[ ]?(?P<noon>[aApP]\.?[mM]\.?)(?![A-Za-z]))"
DATES: Final[tuple[Rule, ...]] = (
    rule(
        ALONE + "(?P<year>[0-9]{4})(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})"
        "(?:T(?=[0-9]{2}:)|(?![0-9])(?!(?P=sign)[0-9])[日号]?)",
        _date,
    ),
    rule(ALONE + "(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>(?:19|20)[0-9]{2})(?![0-9/])", _american),
    rule(ALONE + r"(?P<year>(?:19|20)[0-9]{2})[-/](?P<month>0[1-9]|1[0-2])(?![0-9/.-])", _year_month),
    rule(r"(?P<era>公元前?|西元前?)[ ]?(?P<year>[0-9]{1,4})[ ]?年(?P<after>)", _year),
    rule(ALONE + r"(?P<decade>[0-9]{2}|[0-9]{3}0)年代", _decade),
    rule(ALONE + "(?P<decade>(?:1[89][0-9]|20[0-2])0)['’]?s(?![A-Za-z])", _decade),
    rule(ALONE + r"(?P<decade>[05-9][05])后(?![天面来])", _born),
    rule(ALONE + r"(?P<era>)(?P<year>[0-9]{2,4})[ ]?年(?!级|代)(?=(?P<after>的?历史|前|以|来|间|多|后|之)?)", _year),
    rule(
        "(?<![0-9A-Za-z.,/:-])(?P<sure>)(?P<month>1[0-2]|0?[1-9])/(?P<day>[0-9]{1,2})"
        r"(?![0-9/]|\.[0-9]|[ ]*[=+×*]|[个杯勺匙斤圈])(?=[日号]?)",
        _month_day,
    ),
    rule(
        "(?:(?<![0-9A-Za-z.,:：])|(?<=[0-9]T))(?P<hour>[0-9]{1,2})[:：](?P<minute>[0-9]{2})(?:[:：]"
        rf"(?P<second>[0-9]{{2}}))?(?![0-9:：])(?!\.[0-9])(?:{_NOON_SIGN}|Z(?![A-Za-z0-9]))?",
        _time,
    ),
    rule(ALONE + r"(?P<hour>[0-9]{1,2})" + _NOON_SIGN, _hour),
    rule(ALONE + "(?P<minutes>[1-9][0-9]{0,2})['’′](?P<seconds>[0-9]|[0-5][0-9])(?:[\"”″]|'')", _lasted),
    rule(r"(?<=[0-9][年月日号点时分周章节层楼级岁元天])[ ]?[-~～–—―][ ]?(?=[0-9])", _between),
    rule("(?<=[周期拜][一二三四五六日天])[ ]?[-~～–—―][ ]?(?=周|星期|礼拜)", _between),
    rule(r"(?<=[0-9])[ ]?[-~～–—―][ ]?(?=[0-9]{1,2}[:：][0-9]{2}(?![0-9]))", _between),
)
