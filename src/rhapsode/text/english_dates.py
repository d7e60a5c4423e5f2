"""Dates, years and times of day in English words: May 3, 2024 is "May third, twenty twenty-four"."""

import re
from typing import Final

from rhapsode.text.english_numbers import cardinal, ordinal, plural, year
from rhapsode.text.rules import ALONE, Rule, rule

_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH: Final = (
    r"(?P<month>January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?)"
)
_YEAR_BEFORE: Final = re.compile(
    r"\b(?:in|since|from|until|till|by|before|after|during|of|year|around|circa|early|late|mid|between|and|to|for"
    r"|spring|summer|autumn|fall|winter)[ ]$",
    re.IGNORECASE,
)
_ERA: Final = re.compile(r"[ ](?:BCE?|AD|CE)\b")
_DAYS, _HOURS, _SIXTY = 31, 24, 60
_SCORE_BEFORE: Final = re.compile(
    r"(?:won|lost|beat|lead|leads|led|score|scored|tied|ratio|odds)(?: \w+){0,3} $", re.IGNORECASE
)


def _iso(found: re.Match[str]) -> str | None:
    month, day = int(found["month"]), int(found["day"])
    if not (1 <= month <= len(_MONTHS) and 1 <= day <= _DAYS):
        return None
    return f"{_MONTHS[month - 1]} {ordinal(str(day))}, {year(found['year'])}{', ' if found['then'] else ''}"


def _slashed(found: re.Match[str]) -> str | None:
    """5/3/2024, the month first as in America; where it can be none, the day."""
    month, day = int(found["month"]), int(found["day"])
    if month > len(_MONTHS):
        month, day = day, month
    if not (1 <= month <= len(_MONTHS) and 1 <= day <= _DAYS):
        return None
    return f"{_MONTHS[month - 1]} {ordinal(str(day))}, {year(found['year'])}"


def _full(month: str) -> str:
    return next(name for name in _MONTHS if name.startswith(month[:3]))


def _month_day(found: re.Match[str]) -> str | None:
    if not 1 <= int(found["day"]) <= _DAYS:
        return None
    return f"{_full(found['month'])} {ordinal(found['day'].lstrip('0'))}" + _comma_year(found["year"])


def _day_month(found: re.Match[str]) -> str | None:
    if not 1 <= int(found["day"]) <= _DAYS:
        return None
    return f"{ordinal(found['day'].lstrip('0'))} of {_full(found['month'])}" + _comma_year(found["year"])


def _month_year(found: re.Match[str]) -> str:
    return f"{_full(found['month'])} {year(found['year'])}"


def _comma_year(figures: str | None) -> str:
    return f", {year(figures)}" if figures else ""


def _year(found: re.Match[str]) -> str | None:
    """Four digits are a year where the words around say so: "in 1995", but "1995 people"."""
    known = _YEAR_BEFORE.search(found.string[: found.start()]) or _ERA.match(found.string, found.end())
    return year(found["year"]) if known else None


def _years(found: re.Match[str]) -> str:
    return f"{year(found['year'])} to {year(found['last']) if len(found['last']) > 2 else cardinal(found['last'])}"  # noqa: PLR2004 - 1914-18


def _decade(found: re.Match[str]) -> str:
    figures = found["decade"]
    return plural(year(figures) if len(figures) > 2 else cardinal(figures))  # noqa: PLR2004 - the 90s


def _time(found: re.Match[str]) -> str | None:
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or "0")
    noon = found["noon"]
    if hour > _HOURS or minute >= _SIXTY or second >= _SIXTY:
        return None
    if not noon and _SCORE_BEFORE.search(found.string[: found.start()]):
        return None
    said = [cardinal(str(hour))]
    if minute or second:
        said.append(cardinal(str(minute)) if minute > 9 else f"oh {cardinal(str(minute))}")  # noqa: PLR2004 - 9:05
    elif not noon:
        said.append("o'clock" if 0 < hour <= len(_MONTHS) else "hundred")
    if second:
        said.append(f"and {cardinal(str(second))} seconds")
    return " ".join(said) + _noon(noon)


def _hour(found: re.Match[str]) -> str | None:
    return cardinal(str(int(found["hour"]))) + _noon(found["noon"]) if int(found["hour"]) <= len(_MONTHS) else None


def _noon(noon: str | None) -> str:
    return f" {noon[0].upper()} M" if noon else ""


def _between(_: re.Match[str]) -> str:
    return " to "


_DAY: Final = "(?P<day>[0-3]?[0-9])(?:st|nd|rd|th)?"
_FOUR: Final = "(?P<year>1[0-9]{3}|20[0-9]{2})"
_NOON: Final = r"(?:[ ]?(?P<noon>[aApP]\.?[mM](?:\.|(?![A-Za-z]))))"
DATES: Final[tuple[Rule, ...]] = (
    rule(
        ALONE + f"{_FOUR}(?P<sign>[-/.])(?P<month>[0-9]{{1,2}})(?P=sign)(?P<day>[0-9]{{1,2}})"
        "(?:(?P<then>T)(?=[0-9]{2}:)|(?![0-9]))",
        _iso,
    ),
    rule(ALONE + rf"(?P<month>[0-9]{{1,2}})(?P<sign>[-/.])(?P<day>[0-9]{{1,2}})(?P=sign){_FOUR}(?![0-9])", _slashed),
    rule(rf"\b{_MONTH}[ ]{_DAY}(?:,?[ ]{_FOUR})?(?![0-9A-Za-z:])", _month_day),
    rule(ALONE + rf"{_DAY}[ ](?:of[ ])?{_MONTH}(?:,?[ ]{_FOUR})?(?![0-9A-Za-z:])", _day_month),
    rule(rf"\b{_MONTH},?[ ]{_FOUR}(?![0-9A-Za-z])", _month_year),
    rule(
        ALONE + f"{_FOUR}[ ]?[-–—][ ]?(?P<last>1[0-9]{{3}}|20[0-9]{{2}}|[0-9]{{2}})(?![0-9A-Za-z]|[,.][0-9])",
        _years,
    ),
    rule(ALONE + "(?P<decade>(?:1[0-9]|20)[0-9]0|[2-9]0)['’]?s(?![A-Za-z])", _decade),
    rule(ALONE + rf"{_FOUR}(?![0-9A-Za-z%])(?![.,:-][0-9])", _year),
    rule(
        "(?:(?<![0-9A-Za-z.,:])|(?<=[0-9]T))(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
        rf"(?![0-9:])(?!\.[0-9])(?:{_NOON}|Z(?![A-Za-z0-9]))?",
        _time,
    ),
    rule(ALONE + r"(?P<hour>[0-9]{1,2})" + _NOON, _hour),
    rule(r"(?<=[0-9])[ ]?[-–—][ ]?(?=[0-9]{1,2}:[0-9]{2})|(?<=[apAP][mM])[ ]?[-–—][ ]?(?=[0-9])", _between),
)
