"""Usage as JSON and CSV show it: the same to programs that run the command and to those that call the admin API.

Days are dates in UTC; money is in the currency of the prices, exact.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from rhapsode.accounts.money import to_amount, write_money
from rhapsode.accounts.usage import Dimension, UsageQuery, UsageRow
from rhapsode.core.errors import InvalidField

_NAMED: Final = frozenset({Dimension.GROUP, Dimension.USER, Dimension.KEY})
FIGURES: Final = (
    "calls",
    "failed",
    "prompt_tokens",
    "reply_tokens",
    "cached_tokens",
    "characters",
    "audio_seconds",
    "cost",
)
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a formula may begin: https://owasp.org/www-community/attacks/CSV_Injection"""


def read_dimensions(names: Sequence[str]) -> tuple[Dimension, ...]:
    """What to add up by. Raises `InvalidField`."""
    known = {dimension.value: dimension for dimension in Dimension}
    for name in names:
        if name not in known:
            raise InvalidField("by", f"must be among {', '.join(known)}")
    return tuple(known[name] for name in names)


def read_day(text: str, field: str) -> date:
    """A day such as 2026-11-30. Raises `InvalidField`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidField(field, "must be a day such as 2026-11-30") from error


def show_usage(rows: Sequence[UsageRow], query: UsageQuery, currency: str) -> dict[str, object]:
    """For JSON. A row names each dimension, and beside an id, under `..._name`, what it is called."""
    shown: list[dict[str, object]] = []
    for row in rows:
        figures: dict[str, object] = dict(zip(FIGURES, _figures(row), strict=True)) | {"cost": to_amount(row.cost)}
        shown.append(dict(zip(_columns(query), _values(row, query), strict=True)) | figures)
    return {"by": [dimension.value for dimension in query.by], "currency": currency, "rows": shown}


def usage_csv(rows: Sequence[UsageRow], query: UsageQuery, currency: str) -> str:
    """For spreadsheets, with a heading. The currency stands in the heading of the cost.

    A name that a spreadsheet would take for a formula is quoted with an apostrophe, as spreadsheets themselves do.
    """
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow([*_columns(query), *FIGURES[:-1], f"cost_{currency}"])
    for row in rows:
        lines.writerow([*(_harmless(value) for value in _values(row, query)), *_figures(row)])
    return text.getvalue()


def _columns(query: UsageQuery) -> Iterator[str]:
    for dimension in query.by:
        yield dimension.value
        if dimension in _NAMED:
            yield f"{dimension.value}_name"


def _values(row: UsageRow, query: UsageQuery) -> Iterator[str]:
    for dimension, value, name in zip(query.by, row.of, row.names, strict=True):
        yield value
        if dimension in _NAMED:
            yield name


def _figures(row: UsageRow) -> tuple[object, ...]:
    return (
        row.calls,
        row.failed,
        row.prompt_tokens,
        row.reply_tokens,
        row.cached_tokens,
        row.characters,
        row.audio_ms / 1000,
        write_money(row.cost),
    )


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULAS) else text
