"""How Chinese characters are read in Mandarin: word by word, as syllables with tones.

pypinyin's dictionary holds 47,000 words in which a character of several readings stands: 银行 and 行长, 重庆 and 重量.
Words that it has not, or reads without the neutral tone, stand in `pinyin.tsv`; what depends on the words around, in
`pinyin_around.py`. Words are cut greedily, the longest first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files
from typing import Final, Protocol, cast

from rhapsode.text.pinyin_around import around
from rhapsode.text.sandhi import with_sandhi

_LONGEST: Final = 8
"""characters in a word"""
_NEUTRAL: Final = "5"
"""what has it leans on what stands before"""


class _Phrases(Protocol):
    phrases_dict: Mapping[str, list[list[str]]]


class _Characters(Protocol):
    pinyin_dict: Mapping[int, str]


class _ToneConvert(Protocol):
    def to_tone3(self, pinyin: str, *, neutral_tone_with_five: bool) -> str: ...


_PHRASES: Final = cast("_Phrases", import_module("pypinyin.phrases_dict")).phrases_dict
_CHARACTERS: Final = cast("_Characters", import_module("pypinyin.pinyin_dict")).pinyin_dict
_CONVERT: Final = cast("_ToneConvert", import_module("pypinyin.contrib.tone_convert"))
_INTERJECTIONS: Final = {"n": "en", "ng": "en", "m": "mu", "hm": "heng", "hng": "heng", "ê": "ei"}
"""sounds without a vowel, which no reader of pinyin has"""


@dataclass(frozen=True, slots=True)
class Syllable:
    """`sound` is letters and a tone, as `hang2`, ü being v; `begins`: a word begins with it."""

    sound: str
    begins: bool


def syllables(text: str, given: Mapping[int, str] | None = None) -> list[Syllable | None]:
    """One for each character of `text`, which holds Chinese characters only; None for one that nobody can read.

    `given` are readings by place, which win. Tones are those of speech, 一 and 不 changed by what follows; that the
    third becomes a second before another is left to the speaker.
    """
    given = given or {}
    sounds: list[str | None] = []
    begins: list[bool] = []
    ends: set[int] = set()
    for word in _words(text):
        place = len(sounds)
        several = len(word) > 1
        sounds.extend(_known(word) if several else (around(text, place) or _single(word),))
        begins.extend([True] + [False] * (len(word) - 1))
        ends.update([len(sounds) - 1] if several else [])
    for place, sound in given.items():
        sounds[place] = sound
    said = with_sandhi(text, sounds, ends=ends, given=given.keys())
    return [
        Syllable(sound, first and not (place and sound.endswith(_NEUTRAL))) if sound else None
        for place, (sound, first) in enumerate(zip(said, begins, strict=True))
    ]


def _words(text: str) -> Iterator[str]:
    own, place = _own(), 0
    while place < len(text):
        for size in range(min(_LONGEST, len(text) - place), 1, -1):
            word = text[place : place + size]
            if word in own or word in _PHRASES:
                break
        else:
            word = text[place]
        yield word
        place += len(word)


@lru_cache(4096)
def _known(word: str) -> tuple[str | None, ...]:
    if own := _own().get(word):
        return own
    return tuple(_sound(readings[0]) for readings in _PHRASES[word])


@lru_cache(4096)
def _single(character: str) -> str | None:
    if own := _own().get(character):
        return own[0]
    readings = _CHARACTERS.get(ord(character))
    return _sound(readings.partition(",")[0]) if readings else None


def _sound(pinyin: str) -> str:
    toned = _CONVERT.to_tone3(pinyin, neutral_tone_with_five=True).replace("ü", "v")
    letters = toned[:-1]
    return _INTERJECTIONS.get(letters, letters) + toned[-1]


@cache
def _own() -> Mapping[str, tuple[str, ...]]:
    table = (files("rhapsode.text") / "pinyin.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {word: tuple(sounds.split()) for word, sounds in rows}
