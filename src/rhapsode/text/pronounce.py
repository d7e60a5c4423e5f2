"""The caller's own readings, put in before anything else is read."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from rhapsode.core.speech import Reading
from rhapsode.text.speakable import clean
from rhapsode.text.spoken import Spoken, Writer, as_written

_HIDDEN: Final = 0xF0000
"""The private plane, of which clean text has nothing: a syllable's letters stand there, where no rule reads them."""
TONED: Final = re.compile("[\U000f0061-\U000f007a]+[\U000f0031-\U000f0035]")
"""a hidden syllable"""


def pronounce(text: str, readings: Sequence[Reading], *, language: str) -> Spoken:
    """Clean `text` with what is to be read otherwise; syllables are hidden, `shown` brings them back.

    The longest reading that fits wins. Latin words and figures are found only as a whole, in any case of their letters.
    What a reading brings is not looked at again. Syllables are Mandarin's: where `language` is not `zh` they are left
    out, and the text is read as it stands.
    """
    table = {clean(one.text).casefold(): one for one in readings if one.words or language == "zh"}
    if not table:
        return as_written(text)
    writer, place = Writer(), 0
    for found in _pattern(table).finditer(text):
        reading = table.get(found[0].casefold())
        if reading is None:  # a letter that folds otherwise within a word
            continue
        begin, end = found.span()
        writer.copy(text[place:begin], place)
        place = end
        if len(reading.syllables) == end - begin:
            for index, syllable in enumerate(reading.syllables, begin):
                writer.write(_hidden(syllable), index, index + 1)
        else:
            writer.write("".join(map(_hidden, reading.syllables)) or _words(text, found, reading.words), begin, end)
    writer.copy(text[place:], place)
    return writer.spoken()


def shown(hidden: str) -> str:
    """The syllable and its tone, as `hang2`."""
    return "".join(chr(ord(letter) - _HIDDEN) for letter in hidden)


def _hidden(syllable: str) -> str:
    return "".join(chr(ord(letter) + _HIDDEN) for letter in syllable)


def _pattern(texts: Iterable[str]) -> re.Pattern[str]:
    longest = sorted(texts, key=len, reverse=True)
    return re.compile("|".join(map(_whole, longest)), re.IGNORECASE)


def _whole(text: str) -> str:
    """Not within a word: `ai` is not found in `said`, but 行 is in 银行."""
    before = r"(?<![0-9A-Za-z\u00c0-\u024f])" if _latin(text[0]) else ""
    after = r"(?![0-9A-Za-z\u00c0-\u024f])" if _latin(text[-1]) else ""
    return before + re.escape(text) + after


def _words(text: str, found: re.Match[str], words: str) -> str:
    """Clean, and with a blank where Latin would run into Latin."""
    words = clean(words)
    before = " " if _latin(words[0]) and found.start() and _latin(text[found.start() - 1]) else ""
    after = " " if _latin(words[-1]) and found.end() < len(text) and _latin(text[found.end()]) else ""
    return before + words + after


def _latin(character: str) -> bool:
    return character.isalnum() and character < "\u0250"
