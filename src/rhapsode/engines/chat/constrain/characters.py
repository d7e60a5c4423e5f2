"""Sets of characters, as ranges of code points."""

import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Final, TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Both ends included, in order, neither touching nor overlapping."""

LAST: Final = 0x10FFFF
"""the last code point"""
_KEPT: Final = 256
"""results: most expressions are made of the same few classes, and the largest takes a millisecond"""
_SURROGATES: Final = (0xD800, 0xDFFF)
_BROKEN: Final = ((0x00, 0x00), _SURROGATES, (0xFFFD, 0xFFFD))
"""What no text may hold: NUL, which is what llama.cpp reads where bytes are no UTF-8; halves of characters; U+FFFD."""


def ranges_of(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """The set of all characters of `pairs`, which may overlap."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pairs):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


_COMMON: Final = (
    (0x0000, 0x024F),  # Latin
    (0x0370, 0x0556),  # Greek, Cyrillic, Armenian
    (0x0561, 0x0587),
    (0x05D0, 0x05EA),  # Hebrew
    (0x0620, 0x064A),  # Arabic
    (0x0671, 0x06D3),
    (0x0904, 0x0939),  # Devanagari
    (0x0E01, 0x0E30),  # Thai
    (0x10D0, 0x10FF),  # Georgian
    (0x1E00, 0x1EFF),  # Latin, of Vietnamese too
    (0x3041, 0x30FE),  # kana
    (0x3105, 0x312F),  # bopomofo
    (0x3400, 0x9FFF),  # Han
    (0xAC00, 0xD7A3),  # Hangul
    (0xFF10, 0xFF5A),  # full-width Latin
)


@lru_cache(_KEPT)
def complement(ranges: Ranges) -> Ranges:
    """Every code point that is not in `ranges`."""
    found: list[tuple[int, int]] = []
    start = 0
    for low, high in ranges:
        if start < low:
            found.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        found.append((start, LAST))
    return tuple(found)


@lru_cache(_KEPT)
def without(ranges: Ranges, taken: Ranges) -> Ranges:
    """What is in `ranges` and not in `taken`."""
    return complement(ranges_of((*complement(ranges), *taken)))


def single(character: str) -> Ranges:
    """A set of one."""
    return ((ord(character), ord(character)),)


ANY: Final = complement(ranges_of(_BROKEN))
"""Every character that a text may hold."""


@cache
def word_characters() -> Ranges:
    """Letters, numerals and the underscore of every script; about 770 ranges. Takes 0.2 s, once."""
    return _such(lambda character: character.isalnum() or character == "_")


@cache
def common_word_characters() -> Ranges:
    """Of those, the ones of the scripts that are most written, in some 50 ranges.

    llama.cpp compares a character with one range after the other, for every token of its vocabulary.
    """
    return without(word_characters(), complement(ranges_of(_COMMON)))


@cache
def decimal_digits() -> Ranges:
    """The digits of every script."""
    return _such(lambda character: unicodedata.category(character) == "Nd")


@cache
def white_space() -> Ranges:
    """What Python takes for white space."""
    return _such(str.isspace)


def _such(holds: Callable[[str], bool]) -> Ranges:
    return ranges_of((code, code) for code in range(LAST + 1) if holds(chr(code)))
