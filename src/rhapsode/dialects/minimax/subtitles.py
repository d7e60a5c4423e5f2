"""Subtitles in a file: a JSON array, times in milliseconds. The contract's section 3.4."""

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from rhapsode.core.speech import Subtitle


class Line(Struct, frozen=True):
    """One subtitle, in the caller's own text."""

    text: str
    time_begin: int
    time_end: int


_ENCODER: Final = msgspec.json.Encoder()


def write_subtitles(subtitles: Iterable[Subtitle]) -> bytes:
    """The file."""
    return _ENCODER.encode([Line(each.text, each.begin, each.end) for each in subtitles])
