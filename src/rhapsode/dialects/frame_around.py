"""The frames of a stream that are alike but for one text: all else is encoded once."""

import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from rhapsode.dialects.sse import on_one_line

_MARK: Final = secrets.token_hex(16)
"""marks the one place that changes; no caller can have written it elsewhere"""
_ENCODER: Final = msgspec.json.Encoder()


class FrameAround:
    """Makes frames that differ in one text."""

    def __init__(self, frame_of: Callable[[str], bytes]) -> None:
        """`frame_of` makes the frame of a text, which stands in it once, as JSON."""
        self._before, self._after = frame_of(_MARK).split(_ENCODER.encode(_MARK))

    def frame(self, text: str) -> bytes:
        """The frame of this text."""
        return self._before + on_one_line(_ENCODER.encode(text)) + self._after
