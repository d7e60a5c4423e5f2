"""Pauses in a text: `<#x#>`, x in seconds, between two stretches of text. The contract's section 2."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rhapsode.core.errors import InvalidField
from rhapsode.core.speech import Pause
from rhapsode.dialects.json_body import require

_OPEN, _CLOSE = "<#", "#>"
_SECONDS: Final = re.compile(r"\d{1,2}(\.\d{1,2})?", re.ASCII)
_SHORTEST, _LONGEST = 10, 99990

MOST_SILENCE: Final = 600
"""seconds in all, 10 MB of MP3: the platform names no bound, and a text of 499 characters could ask for 82 minutes"""


def read_script(text: str, *, field: str = "text", most_silence: int = MOST_SILENCE) -> tuple[str | Pause, ...]:
    """Text cut at its pause marks, which may come to so many seconds in all. Raises `InvalidField`."""
    pieces = list(_split(text))  # text, mark, text, mark, ..., text
    for spoken in pieces[::2]:
        if not any(map(str.isalnum, spoken)):
            rule = "must hold something that can be spoken"
            raise InvalidField(field, rule if len(pieces) == 1 else f"{rule} before, between and after its pause marks")
    script = tuple(_read_pause(piece, field) if i % 2 else piece for i, piece in enumerate(pieces))
    silence = sum(part.milliseconds for part in script if isinstance(part, Pause))
    require(silence <= most_silence * 1000, field, f"its pauses must not add up to more than {most_silence} seconds")
    return script


def read_text(text: str, *, most_characters: int, most_silence: int = MOST_SILENCE) -> tuple[str | Pause, ...]:
    """The field `text`, of at most so many characters, its marks among them. Raises `InvalidField`."""
    require(text, "text", "must not be empty")
    rule = f"must have fewer than {most_characters + 1} characters, not {len(text)}"
    require(len(text) <= most_characters, "text", rule)
    return read_script(text, most_silence=most_silence)


def write_script(script: Sequence[str | Pause]) -> str:
    """The text with its marks: `read_script` gives the script back."""
    return "".join(part if isinstance(part, str) else f"<#{part.milliseconds / 1000:.2f}#>" for part in script)


def _split(text: str) -> Iterator[str]:
    """By hand: a pattern would look for the end of every mark that has none as far as the text goes."""
    place = 0
    while (begin := text.find(_OPEN, place)) >= 0 and (end := text.find(_CLOSE, begin + len(_OPEN))) >= 0:
        yield text[place:begin]
        yield text[begin + len(_OPEN) : end]
        place = end + len(_CLOSE)
    yield text[place:]


def _read_pause(mark: str, field: str) -> Pause:
    valid = _SECONDS.fullmatch(mark)
    milliseconds = round(float(mark) * 1000) if valid else 0
    require(
        _SHORTEST <= milliseconds <= _LONGEST,
        field,
        "a pause mark is <#x#> with x from 0.01 to 99.99 seconds and at most two decimals",
    )
    return Pause(milliseconds=milliseconds)
