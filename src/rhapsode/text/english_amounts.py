"""Amounts in English words: money, percent, measures, ranges, fractions, ordinals, sums, and what is simply counted."""

import re
from typing import Final

from rhapsode.text.english_numbers import cardinal, decimal, digits, ordinal
from rhapsode.text.english_units import CURRENCY, MONEY, UNIT, money_words, unit_words
from rhapsode.text.rules import ALONE, NUMBER, Rule, rule

_SIGNS: Final = {"-": "minus ", "−": "minus ", "＋": "plus ", "+": "plus ", "±": "plus or minus ", "": ""}
_SIGN: Final = r"(?P<sign>(?<![0-9A-Za-z.%)])[-−+＋±])?"
_TO: Final = r"(?:[ ]?[-~–—][ ]?|[ ]to[ ])"
_OPERATORS: Final = {
    "+": "plus", "×": "times", "*": "times", "x": "by", "÷": "divided by", "=": "equals", "≈": "is about",
    "≠": "is not", "<": "is less than", ">": "is greater than", "≤": "is at most", "≥": "is at least", "-": "minus",
    "−": "minus", "/": "over", "^": "to the power of", "±": "plus or minus",
}  # fmt: skip
_VULGAR: Final = {
    "½": "half",
    "⅓": "third",
    "⅔": "two thirds",
    "¼": "quarter",
    "¾": "three quarters",
    "⅕": "fifth",
    "⅛": "eighth",
}
_HALF, _QUARTER = "2", "4"
_MANY: Final = {
    "k": "thousand",
    "K": "thousand",
    "m": "million",
    "M": "million",
    "bn": "billion",
    "b": "billion",
    "B": "billion",
    "T": "trillion",
}
_SHORT: Final = 2
_HUNDREDS: Final = 3


def _sign(found: re.Match[str]) -> str:
    return _SIGNS[found["sign"] or ""]


def _money(found: re.Match[str]) -> str:
    amount, many = found["number"], (found["many"] or "").strip()
    name, hundredth = MONEY[found["currency"]]
    if many:
        return f"{_sign(found)}{decimal(amount)} {_MANY.get(many, many)} {money_words(name, one=False)}"
    whole, _, cents = amount.replace(",", "").partition(".")
    if cents and not (hundredth and len(cents) == 2):  # noqa: PLR2004 - $5.99
        return f"{_sign(found)}{decimal(amount)} {money_words(name, one=False)}"
    said = [f"{cardinal(whole)} {money_words(name, one=whole == '1')}"] if int(whole) or not cents else []
    if cents and int(cents):
        said.append(f"{cardinal(str(int(cents)))} {money_words(hundredth, one=int(cents) == 1)}")
    return _sign(found) + " and ".join(said or [f"{cardinal(whole)} {money_words(name, one=False)}"])


def _moneys(found: re.Match[str]) -> str:
    name, _ = MONEY[found["currency"]]
    return f"{decimal(found['low'])} to {decimal(found['number'])} {money_words(name, one=False)}"


def _percent(found: re.Match[str]) -> str:
    low = f"{decimal(found['low'])} to " if found["low"] else ""
    return f"{_sign(found)}{low}{decimal(found['number'])} percent"


def _measure(found: re.Match[str]) -> str | None:
    low, number, unit = found["low"], found["number"], found["unit"]
    if (
        len(unit) == 1
        and unit in "gsthml"
        and found["gap"]
        and re.search(r"[A-Z][A-Za-z]*[ ]$", found.string[: found.start()])
    ):
        return None
    said = f"{decimal(low)} to {decimal(number)}" if low else decimal(number)
    return f"{_sign(found)}{said} {unit_words(unit, one=not low and number == '1')}"


def _range(found: re.Match[str]) -> str | None:
    low, high = found["low"], found["number"]
    if float(low.replace(",", "")) >= float(high.replace(",", "")):
        return None
    return f"{_sign(found)}{decimal(low)} to {decimal(high)}"


def _fraction(found: re.Match[str]) -> str:
    over, under = found["over"], found["under"]
    if (over, under) == ("9", "11"):  # the day, and no fraction that anybody writes
        return f"{cardinal(over)} {cardinal(under)}"
    if over == under:
        return f"{cardinal(over)} {cardinal(under)}"
    if int(under) < 2 or int(over) >= int(under):  # noqa: PLR2004 - 24/7 is no fraction
        return f"{cardinal(over)} {'' if over == '24' else 'over '}{cardinal(under)}"
    parts = {_HALF: "half", _QUARTER: "quarter"}.get(under) or ordinal(under)
    return f"{_sign(found)}{cardinal(over)} {parts}{'' if over == '1' else 's'}"


def _vulgar(found: re.Match[str]) -> str:
    said = _VULGAR[found["vulgar"]]
    if found["whole"]:
        return f"{cardinal(found['whole'])} and {said if ' ' in said else 'a ' + said}"
    return said if " " in said else f"one {said}"


def _ordinal(found: re.Match[str]) -> str:
    return ordinal(found["number"])


def _operator(found: re.Match[str]) -> str:
    return f" {_OPERATORS[found['sign']]} "


def _power(found: re.Match[str]) -> str:
    return " squared" if found[0] == "²" else " cubed"


def _score(found: re.Match[str]) -> str:
    return " to ".join(decimal(part.strip()) for part in found[0].split(":"))


def _version(found: re.Match[str]) -> str:
    return " point ".join(map(code, found[0].split(".")))


def _model(found: re.Match[str]) -> str:
    first, *more = found["code"].split(".")
    said = " ".join([code(first), *(f"point {digits(each)}" for each in more)])
    before = found.string[: found.start()]
    gap = " " if before[-1:].isalpha() else ""
    return gap + said + (" " if found.string[found.end() : found.end() + 1].isalpha() else "")


def code(figures: str) -> str:
    """Up to two digits, and whole hundreds, as a number; others one by one."""
    short = len(figures) <= _SHORT or (len(figures) == _HUNDREDS and figures.endswith("00"))
    return cardinal(figures) if short and (figures[0] != "0" or figures == "0") else digits(figures)


def _phone(found: re.Match[str]) -> str:
    groups = re.findall("[0-9]+", found[0])
    return ("plus " if found[0].startswith("+") else "") + ", ".join(map(digits, groups))


def _serial(found: re.Match[str]) -> str:
    return ", ".join(
        " ".join((digits(part.rstrip("X")), *part[-1:].strip("0123456789"))).strip() for part in found[0].split("-")
    )


def _pointed(found: re.Match[str]) -> str:
    return f"point {digits(found[0])}"


def _emergency(found: re.Match[str]) -> str:
    return digits(found[0])


def _tall(found: re.Match[str]) -> str:
    return f"{cardinal(found['foot'])} foot {cardinal(found['inch'])}"


def _number_sign(found: re.Match[str]) -> str:
    return f"number {cardinal(found['number'])}"


def _plain(found: re.Match[str]) -> str:
    return _sign(found) + decimal(found["number"])


_N: Final = rf"(?P<number>{NUMBER})"
_LOW: Final = rf"(?:(?P<low>{NUMBER}){_TO})?"
_FREE: Final = r"(?<![0-9A-Za-z.,])"
AMOUNTS: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<![0-9A-Za-z.])(?:\+[0-9]{1,3}[- ]?)?(?:\([0-9]{3}\)[ ]?|[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4}"
        "(?![0-9])",
        _phone,
    ),
    rule(
        r"(?<![0-9A-Za-z.])\+[0-9]{1,3}(?:[- ]?[0-9]{2,5}){2,4}(?![0-9])|(?<![0-9A-Za-z.])1[3-9][0-9]{9}"
        "(?![0-9])",
        _phone,
    ),
    rule(r"(?<![0-9A-Za-z.])(?P<foot>[0-9])['’′](?P<inch>[0-9]{1,2})(?:[\"”″])?(?![0-9])", _tall),
    rule(r"(?i:(?<=call )|(?<=dial ))[0-9]{3}(?![0-9])", _emergency),
    rule(r"(?<![0-9A-Za-z.])[0-9]{3}-[0-9]{4}(?![0-9-])", _phone),
    rule(r"(?<![0-9A-Za-z.,-])[0-9]+(?:-[0-9]+){2,}(?:-X)?(?![0-9A-Za-z-]|\.[0-9]|[ ]*=)", _serial),
    rule(r"(?<![0-9A-Za-z.,])\.[0-9]+(?![0-9A-Za-z.])", _pointed),
    rule(r"(?<=[0-9)])[ ]*(?P<sign>[+×*÷=≈≠<>≤≥±^])[ ]*(?=[-−]?[0-9(])", _operator),
    rule(r"(?<=[0-9)])[ ]*(?P<sign>x)[ ]*(?=[0-9(])", _operator),
    rule(r"(?<=[0-9)])[ ]*(?P<sign>[-−/])[ ]*(?=[0-9(][0-9.+×*÷x/() −-]{0,30}=)", _operator),
    rule(rf"(?P<currency>{CURRENCY})(?P<low>{NUMBER})[ ]?[-–—][ ]?(?:{CURRENCY})?{_N}(?![0-9])", _moneys),
    rule("(?<=Boeing |Airbus )(?P<code>[0-9]{3})(?![0-9])", lambda found: digits(found[0])),
    rule(
        f"{_SIGN}(?<![A-Za-z])(?P<currency>{CURRENCY})[ ]?{_N}(?![0-9])(?P<many>[ ]"
        "(?:thousand|million|billion|trillion)|(?:bn|[kKmMbBT])(?![A-Za-z]))?",
        _money,
    ),
    rule(
        f"{_SIGN}{ALONE}{_N}(?P<many>[ ](?:thousand|million|billion|trillion))?[ ]?"
        f"(?P<currency>{CURRENCY})(?![A-Za-z])",
        _money,
    ),
    rule(rf"{_SIGN}{_FREE}(?:(?P<low>{NUMBER})%?{_TO})?{_N}[ ]?[%％]", _percent),
    rule(rf"{_SIGN}{_FREE}{_LOW}{_N}(?P<gap>[ ]?)(?!(?:a|in|m|s|t|h|l|g)[ ]){UNIT}", _measure),
    rule(rf"{_SIGN}{_FREE}{_LOW}{_N}(?P<gap>){UNIT}", _measure),
    rule(r"(?<![0-9A-Za-z.,])(?P<number>[0-9]{1,12})(?:st|nd|rd|th)(?![A-Za-z])", _ordinal),
    rule(r"(?<![0-9A-Za-z.,])(?:No\.|no\.|Nos\.|№|#)[ ]?(?P<number>[0-9]{1,6})(?![0-9.])", _number_sign),
    rule(r"(?<=[A-Za-z])(?<![0-9][xX])[-\u2010\u2011]?(?P<code>[0-9]+(?:\.[0-9]+)*)(?![0-9])", _model),
    rule(r"(?<![0-9A-Za-z.,])[0-9]+(?:\.[0-9]+){2,}(?![0-9])", _version),
    rule(r"(?<![0-9A-Za-z.,])(?P<code>[0-9]+)(?=[A-Za-z])(?!x[0-9])", _model),
    rule(r"(?<![0-9A-Za-z.:])[0-9]+(?:[ ]?:[ ]?[0-9]+)+(?![0-9:])", _score),
    rule(r"(?:(?P<whole>(?<![0-9.,])[0-9]+)[ ]?)?(?P<vulgar>[½⅓⅔¼¾⅕⅛])", _vulgar),
    rule(rf"{_SIGN}{ALONE}(?P<over>[0-9]{{1,6}})/(?P<under>[0-9]{{1,6}})(?![0-9/.]|[ ]*=)", _fraction),
    rule(rf"{_SIGN}{_FREE}(?P<low>{NUMBER})[ ]?[-~–—][ ]?{_N}(?![0-9A-Za-z]|\.[0-9]|[-/][0-9])", _range),
    rule(rf"{_SIGN}{_N}", _plain),
    rule("[²³]", _power),
)
"""in order"""
