"""English as it is read aloud: figures and signs in words, abbreviations in full, initials one by one."""

import re
from typing import Final

from rhapsode.text.english_amounts import AMOUNTS
from rhapsode.text.english_dates import DATES
from rhapsode.text.english_numbers import cardinal, digits, ordinal
from rhapsode.text.links import ENGLISH, link_rules
from rhapsode.text.rules import Rule, rule

_SHORT: Final = {
    "Dr.": "doctor", "Mr.": "mister", "Mrs.": "missus", "Ms.": "miz", "Prof.": "professor", "Jr.": "junior",
    "Sr.": "senior", "St.": "saint", "Gen.": "general", "Capt.": "captain", "Lt.": "lieutenant", "Sgt.": "sergeant",
    "Rev.": "reverend", "Hon.": "honorable", "Gov.": "governor", "Sen.": "senator", "Inc.": "incorporated",
    "Ltd.": "limited", "Corp.": "corporation", "Co.": "company", "Ave.": "avenue", "Blvd.": "boulevard",
    "Rd.": "road", "Mt.": "mount", "Ft.": "fort", "e.g.": "for example", "i.e.": "that is", "etc.": "et cetera",
    "vs.": "versus", "vs": "versus", "approx.": "approximately", "dept.": "department", "est.": "established",
    "fig.": "figure", "Fig.": "figure", "vol.": "volume", "Vol.": "volume", "pp.": "pages", "a.k.a.": "also known as",
    "aka": "also known as", "w/o": "without", "w/": "with", "b/c": "because",
}  # fmt: skip
_SPELT: Final = (
    "NASA|USA|UK|EU|UN|US|AI|API|CEO|CIA|UFO|IQ|EQ|ID|IT|VIP|ATM|ABC|USB|URL|UI|UX|OS|IOS|IPO|IP|ISO|IEEE|IEA|AWS|AGI|ASAP"
    "|FAQ|ETA|EPA|ECG|EKG|IBM|IELTS|OK|OECD|PIN|POV|RIP|RNA|DNA|SOS|TEDx|UAE|UCLA|USSR|WHO|WTO|IMF|IRS|IOU|IDE|IO|OLED"
    "|LED|LLM|NBA|AMD|AAA|APP|DIY|DOJ|EST|GMO|MIT|NYU|OEM|PA|PE|PO|QA|RSA|SEO|SUV|TA|UAV|UPS|VOA|XML|YOLO|FBI|CPU|GPU|NPU|TPU|EU|AC|IM|EV|OA|IPTV|IVF|OST|HIV"
)
_ROMAN: Final = {
    "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10, "XI": 11, "XII": 12, "XIII": 13,
    "XIV": 14, "XV": 15, "XVI": 16, "XVII": 17, "XVIII": 18, "XIX": 19, "XX": 20,
}  # fmt: skip
_RULERS: Final = (
    "Henry|Louis|Charles|George|Edward|Richard|William|James|John|Paul|Pius|Benedict|Elizabeth|Catherine|Alexander"
    "|Nicholas|Napoleon|Philip|Leo|Peter|Frederick|Gregory|Ramses|Francis|Wilhelm"
)
_PARTS: Final = "War|Part|Chapter|Section|Volume|Book|Act|Type|Phase|Class|Episode|Bowl"
_SIGNS: Final = {
    "&": "and",
    "%": "percent",
    "+": "plus",
    "=": "equals",
    "@": "at",
    "°": "degrees",
    "×": "times",
    "÷": "divided by",
    "≈": "about",
    "$": "dollar",
    "€": "euro",
    "£": "pound",
    "¥": "yuan",
    "￥": "yuan",
    "℃": "degrees Celsius",
    "№": "number",
    "π": "pi",
    "√": "root",
}


def _short(found: re.Match[str]) -> str:
    return _SHORT[found[0]]


def _saint(found: re.Match[str]) -> str:
    """221B Baker St. is a street, and so is Main St. unless a name follows; St. Paul is a saint."""
    before, after = found.string[: found.start()], found.string[found.end() :]
    street = _HOUSE.search(before) or (_NAMED.search(before) and not _NAME.match(after))
    return "street" if street else "saint"


def _spelt(found: re.Match[str]) -> str:
    letters = found["initials"].replace(".", "")
    return " ".join(letters) + ("s" if found["many"] else "")


def _counted(found: re.Match[str]) -> str:
    return cardinal(str(_ROMAN[found["roman"]]))


def _ranked(found: re.Match[str]) -> str:
    return "the " + ordinal(str(_ROMAN[found["roman"]]))


def _sign(found: re.Match[str]) -> str:
    return f" {_SIGNS[found[0].strip()]} "


def _silent(_: re.Match[str]) -> str:
    return " "


def _after(words: str) -> str:
    return "|".join(f"(?<={word} )" for word in words.split("|"))


_HOUSE: Final = re.compile(r"[0-9][0-9A-Za-z]*[ ](?:[A-Z][\w'’]*[ ]){1,3}$")
_NAMED: Final = re.compile(r"(?:[A-Z][a-z'’]+|[0-9](?:st|nd|rd|th))[ ]$")
_NAME: Final = re.compile(r"[ ]?[A-Z]")
_ABBREVIATION: Final = "|".join(sorted(map(re.escape, _SHORT), key=len, reverse=True))


_NUMERAL: Final = "(?P<roman>" + "|".join(sorted(_ROMAN, key=len, reverse=True)) + ")"
ENGLISH_RULES: Final[tuple[Rule, ...]] = (
    *link_rules(ENGLISH, digits),
    *DATES,
    *AMOUNTS,
    rule(r"(?<![\w.@/])St\.(?![A-Za-z0-9])", _saint),
    rule(rf"(?<![\w.@/])(?:{_ABBREVIATION})(?![A-Za-z0-9])", _short),
    rule(rf"(?:{_after(_PARTS)}){_NUMERAL}(?![A-Za-z'’])", _counted),
    rule(rf"(?:{_after(_RULERS)}){_NUMERAL}(?![A-Za-z'’])", _ranked),
    rule(
        rf"(?<![A-Za-z.])(?P<initials>(?:[A-Z]\.){{2,5}}|{_SPELT}|[BCDFGHJKLMNPQRSTVWXZ]{{2,5}})"
        "(?P<many>s)?(?![A-Za-z'’])",
        _spelt,
    ),
    rule(r"[ ]?[&%+=@°×÷≈$€£¥￥℃№π√][ ]?", _sign),
    rule(r"[#~^*_/\\|<>{}\[\]→←↑↓↔⇒©®™•§¶†‡]+", _silent),
)
"""in order"""
