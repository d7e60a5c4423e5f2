"""Money: typed in the currency of the prices, kept in millionths of it, so that no sum is ever rounded."""

from decimal import Decimal, InvalidOperation
from typing import Final

from rhapsode.core.errors import InvalidField

MILLION: Final = 1_000_000
MOST: Final = 10**18
"""The largest sum that is kept, in millionths: a trillion of the currency."""


def read_money(text: str, field: str) -> int:
    """Millionths, of an amount such as `10.5`. Raises `InvalidField`."""
    try:
        return to_millionths(Decimal(text), field)
    except InvalidOperation as error:
        raise InvalidField(field, "must be an amount such as 10.5") from error


def to_millionths(amount: Decimal, field: str) -> int:
    """Millionths. Raises `InvalidField`."""
    if not amount.is_finite() or abs(amount) > MOST // MILLION:
        raise InvalidField(field, f"must be an amount of at most {MOST // MILLION}")
    millionths = amount * MILLION
    if millionths != millionths.to_integral_value():
        raise InvalidField(field, "must have no more than 6 digits behind the point")
    return int(millionths)


def write_money(millionths: int) -> str:
    """The amount as it is typed: `10.5`."""
    return f"{to_amount(millionths):f}"


def to_amount(millionths: int) -> Decimal:
    """The amount, exact, without zeros at its end."""
    whole, rest = divmod(abs(millionths), MILLION)
    sign = "-" if millionths < 0 else ""
    return Decimal(f"{sign}{whole}.{rest:06}".rstrip("0").rstrip("."))
