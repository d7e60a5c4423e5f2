"""Usage as a spreadsheet reads it."""

import csv
import io

import pytest

from rhapsode.accounts.usage import Dimension, UsageQuery, UsageRow
from rhapsode.accounts.usage_shown import usage_csv


def row_of(model: str) -> UsageRow:
    figures = dict.fromkeys(
        ("failed", "prompt_tokens", "reply_tokens", "cached_tokens", "characters", "audio_ms", "cost"), 0
    )
    return UsageRow(of=("1790000000000000001", model), names=(model, ""), calls=1, **figures)


@pytest.mark.parametrize("start", [*"=+-@\t\r\n＝＋－＠"])
def test_a_name_is_no_formula(start: str) -> None:
    query = UsageQuery(by=(Dimension.GROUP, Dimension.MODEL))
    (_, row) = csv.reader(io.StringIO(usage_csv([row_of(f"{start}cmd()|'/c calc'!A1")], query, "CNY"), newline=""))
    assert row[:3] == ["1790000000000000001", f"'{start}cmd()|'/c calc'!A1", f"'{start}cmd()|'/c calc'!A1"]


def test_any_other_name_is_as_it_is() -> None:
    query = UsageQuery(by=(Dimension.GROUP, Dimension.MODEL))
    (_, row) = csv.reader(io.StringIO(usage_csv([row_of('ft:a_1:"=1,2"')], query, "CNY"), newline=""))
    assert row[2] == 'ft:a_1:"=1,2"'
