"""Units and money as English says them."""

import re
from typing import Final

UNITS: Final = {
    "km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter", "μm": "micrometer", "nm": "nanometer",
    "ft": "foot", "mi": "mile", "yd": "yard", "kg": "kilogram", "g": "gram", "mg": "milligram", "μg": "microgram",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "t": "ton", "L": "liter", "l": "liter", "mL": "milliliter",
    "ml": "milliliter", "gal": "gallon", "ha": "hectare", "h": "hour", "hr": "hour", "hrs": "hour", "min": "minute",
    "mins": "minute", "sec": "second", "s": "second", "ms": "millisecond", "℃": "degree Celsius",
    "°C": "degree Celsius", "℉": "degree Fahrenheit", "°F": "degree Fahrenheit", "°": "degree", "Hz": "hertz",
    "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz", "W": "watt", "kW": "kilowatt", "MW": "megawatt",
    "kWh": "kilowatt hour", "V": "volt", "kV": "kilovolt", "mA": "milliamp", "mAh": "milliamp hour", "Ω": "ohm",
    "Pa": "pascal", "kPa": "kilopascal", "kJ": "kilojoule", "cal": "calorie", "kcal": "kilocalorie", "dB": "decibel",
    "mph": "mile per hour", "rpm": "revolution per minute", "fps": "frame per second", "px": "pixel",
    "KB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte", "Mbps": "megabit per second",
    "Gbps": "gigabit per second",
}  # fmt: skip
_SAME: Final = {"hertz", "kilohertz", "megahertz", "gigahertz"}
_POWERS: Final = {"2": "square ", "²": "square ", "3": "cubic ", "³": "cubic "}
_SIMPLE: Final = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_UNIT: Final = rf"(?:(?:km|cm|mm|m|ft)[23²³]|(?:{_SIMPLE}))"
UNIT: Final = rf"(?P<unit>{_UNIT}(?:/{_UNIT})?)(?![A-Za-z0-9²³])"
"""the pattern of a unit, or of one by another: km/h"""

MONEY: Final = {
    "$": ("dollar", "cent"), "US$": ("dollar", "cent"), "USD": ("dollar", "cent"), "€": ("euro", "cent"),
    "EUR": ("euro", "cent"), "£": ("pound", "pence"), "GBP": ("pound", "pence"), "¥": ("yuan", ""),
    "￥": ("yuan", ""), "CNY": ("yuan", ""), "RMB": ("yuan", ""), "JPY": ("yen", ""),
    "HK$": ("Hong Kong dollar", "cent"),
    "₩": ("won", ""), "KRW": ("won", ""), "₹": ("rupee", ""), "INR": ("rupee", ""), "₽": ("rouble", ""),
    "A$": ("Australian dollar", "cent"), "C$": ("Canadian dollar", "cent"), "CHF": ("Swiss franc", ""),
    "₿": ("bitcoin", ""),
}  # fmt: skip
"""the name, and that of its hundredth where amounts are said with it"""
CURRENCY: Final = "(?:" + "|".join(sorted(map(re.escape, MONEY), key=len, reverse=True)) + ")"
_NO_PLURAL: Final = {"yuan", "yen", "won", "pence"}


def unit_words(unit: str, *, one: bool) -> str:
    """`km/h` as "kilometers per hour"; `one`: there is one of it."""
    over, slash, under = unit.partition("/") if unit not in UNITS else (unit, "", "")
    power = _POWERS[over[-1]] if over not in UNITS else ""
    name = UNITS[over[:-1] if power else over]
    said = power + (name if one or name in _SAME else _plural(name))
    return f"{said} per {unit_words(under, one=True)}" if slash else said


def money_words(name: str, *, one: bool) -> str:
    """One dollar, two dollars."""
    return name if one or name in _NO_PLURAL else _plural(name)


def _plural(name: str) -> str:
    """Of the first word, where others follow that say more about it: "degrees Celsius", but "kilowatt hours"."""
    head, space, rest = name.partition(" ")
    if not space or head not in {"degree", "mile", "revolution", "frame", "megabit", "gigabit"}:
        return "feet" if name == "foot" else name + "s"
    return f"{head}s {rest}"
