"""The names under which somebody may be told to speak: as they are given, and as a model writes them for short."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")


def forms_of(name: str) -> Iterator[str]:
    """A name, its first and its last word, and each of them without accents: `Mary Jane`, `Mary`, `Jane`.

    A single letter is a sign of something else, and a single character of another script may be a name.
    """
    words = _WORD.findall(name)
    short = {words[0], words[-1]} if len(words) > 1 else set[str]()
    for form in (name, *sorted(word for word in short if len(word) > 1 or not word.isascii())):
        yield form
        plain = "".join(filter(str.isascii, unicodedata.normalize("NFD", form)))
        if len(plain) == len(form):  # nothing but accents was lost
            yield plain
