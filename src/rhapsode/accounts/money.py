"""Money: typed in the currency of the prices, kept in millionths of it, so that no sum is ever rounded."""

from decimal import Decimal
from typing import Final

from rhapsode.core.errors import InvalidField

MILLION: Final = 1_000_000
MOST: Final = 10**18
"""The largest sum that is kept, in millionths: a trillion of the currency."""
_LARGEST: Final = 12
"""its power of ten"""
_PLACES: Final = 6


def to_millionths(amount: Decimal, field: str) -> int:
    """Millionths. Raises `InvalidField`."""
    too_much = InvalidField(field, f"must be an amount of at most {MOST // MILLION}")
    if not amount.is_finite():
        raise too_much
    # By its digits, as they were typed: arithmetic would round those beyond the 28th, or overflow.
    sign, digits, exponent = amount.as_tuple()
    if not any(digits):
        return 0
    if amount.adjusted() > _LARGEST:
        raise too_much
    beyond = -(int(exponent) + _PLACES)  # the digits behind the sixth behind the point
    if beyond > 0 and (beyond >= len(digits) or any(digits[-beyond:])):
        raise InvalidField(field, "must have no more than 6 digits behind the point")
    kept = digits[:-beyond] if beyond > 0 else digits
    millionths = int("".join(map(str, kept))) * 10 ** max(0, -beyond)
    if millionths > MOST:
        raise too_much
    return -millionths if sign else millionths


def write_money(millionths: int) -> str:
    """The amount as it is typed: `10.5`."""
    return f"{to_amount(millionths):f}"


def to_amount(millionths: int) -> Decimal:
    """The amount, exact, without zeros at its end."""
    whole, rest = divmod(abs(millionths), MILLION)
    sign = "-" if millionths < 0 else ""
    return Decimal(f"{sign}{whole}.{rest:06}".rstrip("0").rstrip("."))
