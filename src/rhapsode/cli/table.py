"""Rows: drawn for people, parted by tabs for programs."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.table import Column, Table
from rich.text import Text

from rhapsode.cli.screen import Screen

_AROUND = 3
"""cells that a column takes besides what stands in it"""
_LEAST = 4
"""cells of a figure that is folded"""


def print_table(
    screen: Screen, columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: int = 0, is_headed: bool = False
) -> None:
    """Print to standard output; without the heading where it is no terminal, unless `is_headed`.

    Nothing is cut at a terminal: what does not fit goes on in the next line, and last in the first `whole` columns.
    """
    if not screen.out.is_terminal:
        for row in [columns, *rows] if is_headed else rows:
            screen.write("\t".join(row) + "\n")
        return
    rows = list(rows)
    wide = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    rest = (len(columns) - whole) * _LEAST + len(columns) * _AROUND + 1
    fits = sum(wide[:whole]) + rest <= screen.out.width
    table = Table(
        *(Column(name, overflow="fold", no_wrap=fits and place < whole) for place, name in enumerate(columns))
    )
    for row in rows:
        table.add_row(*map(Text, row))
    screen.out.print(table)
