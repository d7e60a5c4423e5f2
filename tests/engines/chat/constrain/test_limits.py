"""Glyphs that would keep a server busy: what a slot, and what all slots together, may take."""

import pytest

from rhapsode.core.constraint import Gen, Glyph
from rhapsode.core.errors import InvalidField
from rhapsode.engines.chat.constrain.glyph import prepare_glyph

HAN, SIGNS = ([chr(first + number) for number in range(1900)] for first in (0x4E00, 0x2200))
SETS = "".join(f"[^\\w{sign}]" for sign in SIGNS[:1000])
"""a thousand sets of characters, each of 770 ranges"""
PAIRS = "|".join(f"{one}{other}" for one, other in zip(HAN, SIGNS, strict=True))
GOOD = (r"[^\n,。，]{1,100}", r"\w{1,300}", ".{0,500}", r"([A-Z][a-z]+( [a-z']+){3,20}[.,] ){8,}", PAIRS)


def slots(*patterns: str) -> Glyph:
    return Glyph(parts=tuple(Gen(name=f"s{number}", pattern=pattern) for number, pattern in enumerate(patterns)))


@pytest.mark.parametrize("pattern", GOOD)
def test_what_is_large_is_taken(pattern: str) -> None:
    assert len(prepare_glyph(slots(pattern))) == 1


@pytest.mark.parametrize("pattern", [SETS, "".join(f"[^{sign}]" for sign in HAN), f"({PAIRS}){{2}}", "(a?){300}"])
def test_what_is_larger_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidField, match="slot 's0': too large to be enforced"):
        prepare_glyph(slots(pattern))


@pytest.mark.parametrize("pattern", [PAIRS, r"[\W\d]{0,3900}", SETS[: 60 * 6], "[ab]*a[ab]{9}"])
def test_the_slots_of_a_glyph_share_a_limit(pattern: str) -> None:
    with pytest.raises(InvalidField, match="its slots are too large to be enforced together"):
        prepare_glyph(slots(*(f"{number}({pattern})" for number in range(128))))
    assert prepare_glyph(slots(*(f"{number}.{{0,200}}" for number in range(60))))
