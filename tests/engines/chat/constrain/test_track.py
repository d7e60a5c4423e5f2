"""Where a slot ends, in what a model writes, whatever the pieces are."""

import pytest

from rhapsode.core.constraint import Gen
from rhapsode.engines.chat.constrain.slot import slot_of
from rhapsode.engines.chat.constrain.track import Track


def written(text: str, *, pattern: str = "", stop: str = "", after: str = "", size: int = 1) -> tuple[str, bool]:
    """What the slot holds, and whether it has ended."""
    track = Track(slot_of(Gen(name="x", pattern=pattern, stop=stop), after=after, field="glyph"), lead="")
    for start in range(0, len(text), size):
        if not track.ended:
            track.feed(text[start : start + size])
    return track.text(), track.ended


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    ("pattern", "stop", "text", "held"),
    [
        ("", r"\.", "It rains. Much.", "It rains"),
        ("", "ai|r", "It rains.", "It"),
        ("[a-z ]*", "the", "on the sea", "on "),
        ("[a-z]{4}", "[a-z]", "abcde", "abcd"),
        (r"\d{3}[a-z]+", "[0-9a-z]", "123abc", "123a"),
        # No grammar says these: what cannot be a stop where the slot may not end is no stop.
        (r"\d{3}[a-z]+", "(?i)[0-9A-Z]", "123abc", "123a"),
        (r"[a-z ]*", r"\bend\b", "bend the end now", "bend the "),
        ("[a-z]*", "", "abc", "abc"),
        ("[a-z]{0,4}", "(?i)C", "abcd", "ab"),
        ("[a-z]{0,4}", "c", "abcd", "ab"),
    ],
)
def test_a_slot_ends_before_its_stop_where_its_pattern_may_end(
    pattern: str, stop: str, text: str, held: str, size: int
) -> None:
    assert written(text, pattern=pattern, stop=stop, size=size)[0] == held


def test_a_slot_ends_where_the_text_after_it_begins() -> None:
    assert written("one two!", after="!") == ("one two", True)
    assert written("one two", after="!") == ("one two", False)
    assert written("12.5.", after=".", pattern=r"\d+(\.\d)?") == ("12", True)


def test_a_slot_that_is_cut_holds_the_longest_text_that_may_stand_there() -> None:
    assert written("12.", pattern=r"\d+(\.\d)?") == ("12", False)
    assert written("ab", pattern="[a-z]{4}") == ("ab", False)
