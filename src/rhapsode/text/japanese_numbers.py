"""Figures in Japanese, and with what is counted by them where the two change each other."""

from typing import Final

_ONES: Final = ("", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュー")
_DIGITS: Final = ("ゼロ", *_ONES[1:])
_TENS: Final = ("", "ジュー", *(f"{one}ジュー" for one in _ONES[2:]))
_HUNDREDS: Final = (
    "", "ヒャク", "ニヒャク", "サンビャク", "ヨンヒャク", "ゴヒャク", "ロッピャク", "ナナヒャク", "ハッピャク",
    "キューヒャク",
)  # fmt: skip
_THOUSANDS: Final = (
    "", "セン", "ニセン", "サンゼン", "ヨンセン", "ゴセン", "ロクセン", "ナナセン", "ハッセン", "キューセン",
)  # fmt: skip
_MYRIADS: Final = ("", "マン", "オク", "チョー")
_MOST: Final = 16
"""digits: longer figures, and those that begin with 0, are read one by one"""

_DAYS: Final = {
    1: "ツイタチ", 2: "フツカ", 3: "ミッカ", 4: "ヨッカ", 5: "イツカ", 6: "ムイカ", 7: "ナノカ", 8: "ヨーカ",
    9: "ココノカ", 10: "トーカ", 14: "ジューヨッカ", 20: "ハツカ", 24: "ニジューヨッカ",
}  # fmt: skip
_PEOPLE: Final = {1: "ヒトリ", 2: "フタリ"}
_WHOLE: Final = {"日": _DAYS, "人": _PEOPLE}
_COUNTERS: Final = {"日": "ニチ", "月": "ガツ", "時": "ジ", "人": "ニン", "年": "ネン", "分": "フン"}
_LAST: Final = {
    "月": {"ヨン": "シ", "ナナ": "シチ", "キュー": "ク"},
    "時": {"ヨン": "ヨ", "ナナ": "シチ", "キュー": "ク"},
    "人": {"ヨン": "ヨ"},
    "年": {"ヨン": "ヨ"},
}
"""how the last figure sounds before what is counted"""
_MINUTES: Final = {
    "イチ": "イップン", "サン": "サンプン", "ヨン": "ヨンプン", "ロク": "ロップン", "ハチ": "ハップン",
    "ジュー": "ジュップン",
}  # fmt: skip


def read_number(whole: str, part: str = "", counter: str = "") -> str:
    """Katakana for the digits `whole`, and `part` behind the point; `counter` is one of 日月時人年分, or nothing."""
    if part:
        return f"{_cardinal(whole)}テン{_one_by_one(part)}{_COUNTERS.get(counter, '')}"
    if counter and (said := _WHOLE.get(counter, {}).get(int(whole))):
        return said
    number = _cardinal(whole)
    if counter == "分":
        return next(
            (number.removesuffix(last) + said for last, said in _MINUTES.items() if number.endswith(last)),
            f"{number}フン",
        )
    for last, said in _LAST.get(counter, {}).items():
        if number.endswith(last):
            number = number.removesuffix(last) + said
            break
    return number + _COUNTERS.get(counter, "")


def _cardinal(digits: str) -> str:
    if len(digits) > _MOST or (len(digits) > 1 and digits[0] == "0"):
        return _one_by_one(digits)
    number, said = int(digits), ""
    for myriad in _MYRIADS:
        number, four = divmod(number, 10_000)
        if four:
            said = _four(four, alone=not myriad) + myriad + said
    return said or "ゼロ"


def _four(number: int, *, alone: bool) -> str:
    """Up to 9999. A thousand of a myriad is イッセン."""
    thousand, rest = divmod(number, 1000)
    first = "イッセン" if thousand == 1 and not alone else _THOUSANDS[thousand]
    return first + _HUNDREDS[rest // 100] + _TENS[rest // 10 % 10] + _ONES[rest % 10]


def _one_by_one(digits: str) -> str:
    return "".join(_DIGITS[int(digit)] for digit in digits)
