"""Texts in batches: as many at once as keep llama.cpp busy, and no more, so that others get their turn between two."""

from collections.abc import Iterator, Sequence
from typing import Final

LARGEST_BATCH: Final = 32
"""texts"""


def batches(texts: Sequence[str], *, context: int, slots: int) -> Iterator[range]:
    """The indices of each batch, in order.

    A batch holds at most what `slots` contexts hold, counting a token a byte, as no text has more. A text that may be
    too long for the `context` goes alone, so that an error is known to be its own.
    """
    start, size = 0, 0
    for index, text in enumerate(texts):
        # A model may add a token at either end.
        length = len(text.encode()) + 2
        alone = length > context
        full = index - start == LARGEST_BATCH or size + length > slots * context
        if index > start and (alone or full):
            yield range(start, index)
            start, size = index, 0
        size += length
        if alone:
            yield range(index, index + 1)
            start, size = index + 1, 0
    if start < len(texts):
        yield range(start, len(texts))
