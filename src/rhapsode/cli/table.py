"""Rows: drawn for people, parted by tabs for programs."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from rhapsode.cli.screen import Screen


def print_table(screen: Screen, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print to standard output; without the heading where it is no terminal."""
    if not screen.out.is_terminal:
        for row in rows:
            screen.write("\t".join(row) + "\n")
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*map(Text, row))
    screen.out.print(table)
