"""What lies beside the sound in the result of a long text: its subtitles, `.titles`, and a page of figures, `.extra`.

The names and fields are those of archives that callers of the platform have described; the contract has no more than
that there is one of each.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from rhapsode.core.speech import SpeechEnd, SpeechRequest
from rhapsode.dialects.minimax.extra_info import ExtraInfo, extra_info

_ENCODER: Final = msgspec.json.Encoder()


class Title(Struct, frozen=True):
    """A subtitle: milliseconds of the sound, and characters of the text without its pause marks."""

    text: str
    time_begin: int
    time_end: int
    text_begin: int
    text_end: int


class Extra(ExtraInfo, frozen=True):
    """The figures."""

    vol: float


def write_notes(request: SpeechRequest, end: SpeechEnd) -> tuple[bytes, bytes]:
    """The subtitles and the figures of a sound."""
    info = extra_info(request.audio, end)
    extra = Extra(**msgspec.structs.asdict(info), vol=request.volume)
    return _ENCODER.encode(list(_titles(request.text, end))), _ENCODER.encode(extra)


def _titles(text: str, end: SpeechEnd) -> Iterator[Title]:
    place = 0
    for subtitle in end.subtitles:
        begin = text.index(subtitle.text, place)
        place = begin + len(subtitle.text)
        yield Title(
            text=subtitle.text,
            time_begin=subtitle.begin,
            time_end=subtitle.end,
            text_begin=begin,
            text_end=place,
        )
