"""Callers' text made harmless: what a model would read as the end or the beginning of a turn is broken up.

llama.cpp looks for special tokens in the whole rendered prompt, so a message that contains `<|im_end|>` would end its
own turn and could open another's.
"""

import re
from collections.abc import Iterable
from typing import Final

_BREAK: Final = "\u2060"
"""WORD JOINER: invisible, without width, and part of no special token"""


class Markers:
    """The special tokens of one model, as texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        # Of one character there is no inside to break; no model has such a marker.
        longest_first = sorted((text for text in texts if len(text) > 1), key=len, reverse=True)
        self._marker = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def break_up(self, text: str) -> str:
        """The text, looking the same, without a special token in it."""
        # One by one, since two may overlap: the search goes on after the first character of the last one found.
        pieces: list[str] = []
        start = 0
        while found := self._marker.search(text, start):
            pieces += (text[start : found.start() + 1], _BREAK)
            start = found.start() + 1
        return "".join((*pieces, text[start:]))
