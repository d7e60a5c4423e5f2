"""Amounts of money, as they are typed and as they are kept."""

from decimal import Decimal

import pytest

from rhapsode.accounts.money import MOST, to_millionths
from rhapsode.core.errors import InvalidField


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0", 0),
        ("10.5", 10_500_000),
        ("-3", -3_000_000),
        ("0.000001", 1),
        ("12.50000000", 12_500_000),
        ("1e3", 1_000_000_000),
        ("1E-6", 1),
        ("0e99999999", 0),
        ("1000000000000", MOST),
        ("-1e12", -MOST),
    ],
)
def test_an_amount_is_kept_exactly(typed: str, kept: int) -> None:
    assert to_millionths(Decimal(typed), "add") == kept


@pytest.mark.parametrize("typed", ["1e9999999", "-1e9999999", "1e13", "1000000000001", "NaN", "Infinity"])
def test_an_amount_that_is_too_large_is_refused(typed: str) -> None:
    with pytest.raises(InvalidField, match="add: must be an amount of at most 1000000000000"):
        to_millionths(Decimal(typed), "add")


@pytest.mark.parametrize(
    "typed", ["0.0000001", "1E-9999999", "999999999999.00000000000000000000000001", "1000000000000.0000001"]
)
def test_no_amount_is_rounded(typed: str) -> None:
    with pytest.raises(InvalidField, match="add: must have no more than 6 digits behind the point"):
        to_millionths(Decimal(typed), "add")
