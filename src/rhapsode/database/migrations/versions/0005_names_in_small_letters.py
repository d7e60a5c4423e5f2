"""Limits and spending by models in small letters, as calls are matched with them; which key replaced which."""

from collections.abc import Callable, Iterable

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_OF_A_RULE = ("scope", "scope_id", "model")
_FIGURES = ("requests_per_minute", "tokens_per_minute", "characters_per_minute", "parallel", "spend_per_month")


def upgrade() -> None:
    op.add_column("keys", sa.Column("replaced_by", sa.String(32)))
    op.add_column("admin_keys", sa.Column("replaced_by", sa.String(32)))
    _fold("limit_rules", _OF_A_RULE, _FIGURES, min)
    _fold("spending", (*_OF_A_RULE, "month"), ("cost",), sum)


def _fold(name: str, of: tuple[str, ...], figures: tuple[str, ...], join: Callable[[Iterable[int]], int]) -> None:
    """Rows whose models differ in the case of their letters alone become one: of limits, the strictest."""
    columns = [sa.Column(column, sa.String if column in of else sa.BigInteger) for column in (*of, *figures)]
    table = sa.Table(name, sa.MetaData(), *columns)
    connection = op.get_bind()
    found: dict[tuple[str, ...], list[dict[str, int | None]]] = {}
    rows = connection.execute(sa.select(table)).mappings().all()
    for row in rows:
        place = tuple(row[column].casefold() if column == "model" else row[column] for column in of)
        found.setdefault(place, []).append({figure: row[figure] for figure in figures})
    if not rows:
        return
    connection.execute(sa.delete(table))
    for place, alike in found.items():
        joined: dict[str, int | None] = {}
        for figure in figures:
            kept = [one for row in alike if (one := row[figure]) is not None]
            joined[figure] = join(kept) if kept else None
        connection.execute(sa.insert(table).values({**dict(zip(of, place, strict=True)), **joined}))
