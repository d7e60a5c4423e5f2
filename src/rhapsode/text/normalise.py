"""Text as it is read aloud: figures, dates, money, links and the like in words, and nothing that is not read.

Every step keeps the way back to the characters that were sent.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from rhapsode.core.speech import Reading
from rhapsode.text.chinese import CHINESE_RULES
from rhapsode.text.english import ENGLISH_RULES
from rhapsode.text.english_units import UNITS
from rhapsode.text.latex import read_formulas
from rhapsode.text.markup import without_markup
from rhapsode.text.other import other_rules
from rhapsode.text.pronounce import pronounce
from rhapsode.text.rules import Rule, rewrite, rule
from rhapsode.text.speakable import cleaned
from rhapsode.text.spoken import Spoken, Writer
from rhapsode.text.traditional import simplified

_CHINESE: Final = frozenset({"zh", "yue"})
_BLANKS: Final = (rule(r"[\s\u3000]{2,}", lambda _: " "),)
_PLAIN_ONE: Final = (rule("幺", lambda _: "一"),)
"""幺 of phone numbers is Mandarin's"""
_LATIN: Final = re.compile(r"[A-Za-z0-9$€£#][A-Za-z0-9 $€£#,.:%'’/+&@°-]*")
_WORD: Final = re.compile("(?<![0-9A-Za-z])[A-Za-z]{2,}")


def normalise(
    text: str,
    *,
    language: str,
    readings: Sequence[Reading] = (),
    english_figures: bool = False,
    latex: bool = False,
) -> Spoken:
    """What is read of `text`, a sentence or a clause, in `language` (BCP 47, of `spoken_language`).

    `readings` are the caller's own; their syllables are hidden in the text, and `respell` says them.
    `english_figures`: figures are read in English wherever the words around them are. `latex`: formulas between dollar
    signs are read out. Chinese comes out in simplified characters.
    """
    spoken = cleaned(text)
    spoken = spoken.then(pronounce(spoken.text, readings, language=language))
    if latex:
        spoken = spoken.then(read_formulas(spoken.text, chinese=language in _CHINESE))
    spoken = spoken.then(without_markup(spoken.text))
    if language in _CHINESE:
        spoken = spoken.then(_simplified(spoken.text))
        if english_figures:
            spoken = spoken.then(_english_figures(spoken.text))
    spoken = spoken.then(rewrite(spoken.text, _rules(language)))
    if language == "yue":
        spoken = spoken.then(rewrite(spoken.text, _PLAIN_ONE))
    return spoken.then(rewrite(spoken.text, _BLANKS))


@cache
def _rules(language: str) -> Sequence[Rule]:
    if language in _CHINESE:
        return CHINESE_RULES
    return ENGLISH_RULES if language == "en" else other_rules(language)


def _simplified(text: str) -> Spoken:
    writer = Writer()
    writer.copy(simplified(text), 0)
    return writer.spoken()


def _english_figures(text: str) -> Spoken:
    """Stretches of Latin letters that hold a word, read by the rules of English."""
    writer, place = Writer(), 0
    for found in _LATIN.finditer(text):
        if all(word in UNITS for word in _WORD.findall(found[0])):
            continue  # 5 kg is no English
        writer.copy(text[place : found.start()], place)
        place = found.end()
        writer.put(rewrite(found[0], ENGLISH_RULES), found.start())
    writer.copy(text[place:], place)
    return writer.spoken()
