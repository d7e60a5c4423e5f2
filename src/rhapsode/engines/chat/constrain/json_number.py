"""JSON numbers between bounds, as expressions of a grammar."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MOST_DIGITS: Final = 16
"""of a whole number without a bound: what a double still tells apart"""
_FRACTION: Final = '("." [0-9]{1,15})?'

INTEGER: Final = f'"-"? ("0" | [1-9] [0-9]{{0,{_MOST_DIGITS - 1}}})'
NUMBER: Final = f"{INTEGER} {_FRACTION} ([eE] [-+]? [0-9]{{1,2}})?"


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """From `low` to `high`, which are whole; None where there is no bound. Open: the bound itself is outside."""

    low: int | None = None
    high: int | None = None
    low_open: bool = False
    high_open: bool = False

    @property
    def absent(self) -> bool:
        """Whether there are none."""
        return self.low is None and self.high is None

    def hold(self, value: float) -> bool:
        """Whether a number is between them."""
        above = self.low is None or value > self.low or (value == self.low and not self.low_open)
        return above and (self.high is None or value < self.high or (value == self.high and not self.high_open))


def integer(bounds: Bounds) -> str:
    """Whole numbers; empty where there is none."""
    if bounds.absent:
        return INTEGER
    low = None if bounds.low is None else bounds.low + bounds.low_open
    high = None if bounds.high is None else bounds.high - bounds.high_open
    if low is not None and high is not None and low > high:
        return ""
    ways: list[str] = []
    if low is None or low < 0:
        nearest = 1 if high is None else max(1, -high)
        ways += _signed(_wholes(nearest, None if low is None else -low))
    if high is None or high >= 0:
        ways += _wholes(max(0, low or 0), high)
    return _either(ways)


def number(bounds: Bounds) -> str:
    """Decimal numbers; empty where there is none."""
    if bounds.absent:
        return NUMBER
    low, high = bounds.low, bounds.high
    if low is not None and high is not None and low > high:
        return ""
    ways: list[str] = []
    if low is None or low < 0:
        below_zero = high is not None and high < 0
        nearest, is_open = (-high, bounds.high_open) if below_zero and high is not None else (0, True)
        ways += _signed(_decimals(nearest, None if low is None else -low, is_open, bounds.low_open))
    if high is None or high >= 0:
        above_zero = low is not None and low >= 0
        nearest, is_open = (low, bounds.low_open) if above_zero and low is not None else (0, False)
        ways += _decimals(nearest, high, is_open, bounds.high_open)
    return _either(ways)


def _decimals(low: int, high: int | None, low_open: bool, high_open: bool) -> list[str]:  # noqa: FBT001
    """Of one sign, `low` being at least 0."""
    ways: list[str] = []
    if high is None or low < high:
        if low_open:
            ways.append(f'"{low}." "0"{{0,7}} [1-9] [0-9]{{0,7}}')
        ways += [f"({whole}) {_FRACTION}" for whole in _wholes(low + low_open, None if high is None else high - 1)]
    if high is not None and not high_open and (low < high or (low == high and not low_open)):
        ways.append(f'"{high}" ("." "0")?')
    return ways


def _wholes(low: int, high: int | None) -> list[str]:
    """From `low`, at least 0, to `high`."""
    shortest = len(str(low))
    longest = max(_MOST_DIGITS, shortest) if high is None else len(str(high))
    if high is not None and longest == shortest:
        return list(_same_length(str(low), str(high)))
    ways = list(_same_length(str(low), "9" * shortest))
    full = longest if high is None else longest - 1  # as many digits, and any
    if full > shortest:
        ways.append(f"[1-9] [0-9]{{{shortest},{full - 1}}}")
    return ways if high is None else [*ways, *_same_length("1" + "0" * (longest - 1), str(high))]


def _same_length(low: str, high: str) -> Iterator[str]:
    """From `low` to `high`, which have as many digits."""
    if not low:
        yield ""
    elif low[0] == high[0]:
        yield from (f'"{low[0]}" {rest}'.strip() for rest in _same_length(low[1:], high[1:]))
    else:
        zeros, nines = "0" * len(low[1:]), "9" * len(low[1:])
        first, last = int(low[0]), int(high[0])
        if low[1:] != zeros:
            yield from (f'"{first}" {rest}' for rest in _same_length(low[1:], nines))
            first += 1
        if high[1:] != nines:
            yield from (f'"{last}" {rest}' for rest in _same_length(zeros, high[1:]))
            last -= 1
        if first <= last:
            yield f"[{first}-{last}]" + (f" [0-9]{{{len(zeros)}}}" if zeros else "")


def _signed(ways: list[str]) -> list[str]:
    return [f'"-" {way}' for way in ways]


def _either(ways: list[str]) -> str:
    return " | ".join(ways)
