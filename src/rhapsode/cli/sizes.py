"""Sizes in words: decimal, as disks and hubs count."""

from rhapsode.cli.messages import Messages
from rhapsode.models.entry import Model

_UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def in_bytes(size: int) -> str:
    """`98 MB`, `2.5 GB`, `220 GB`."""
    for unit, worth in _UNITS:
        if size >= worth:
            amount = size / worth
            return f"{amount:.1f} {unit}" if unit == "GB" and amount < 100 else f"{amount:.0f} {unit}"  # noqa: PLR2004 - three digits are enough
    return f"{size} B"


def size_in_words(entry: Model, words: Messages) -> str:
    """Of the file of a model; said to be about that where the hub has the last word."""
    size = in_bytes(entry.size)
    return size if entry.size_is_exact else words.about.format(figure=size)
