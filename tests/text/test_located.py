"""Pieces stand where they stood, and a book is cut no further than it is asked for."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from rhapsode.text.located import locate_pieces
from rhapsode.text.sentences import cut

READABLE = st.text(st.sampled_from("你好吗天气abcZ 0159，。！？、；：…—,.!?:“”（）\n\t😀\0"))


def bare(text: str) -> str:
    return "".join(text.split())


@given(READABLE, st.booleans())
def test_the_pieces_are_those_of_the_whole_text_and_stand_in_it(text: str, continued: bool) -> None:  # noqa: FBT001
    located = list(locate_pieces(text, continued=continued))
    whole = cut(text, continued=continued)
    assert [bare(text[begin:end]) for _, begin, end in located] == [bare(piece.text) for piece in whole]
    assert [piece.rest for piece, _, _ in located] == [piece.rest for piece in whole]
    places = [place for _, begin, end in located for place in (begin, end)]
    assert places == sorted(places)


def test_signs_at_the_end_belong_to_the_last() -> None:
    text = " 你好。 再见 😀！\n"
    assert [text[begin:end] for _, begin, end in locate_pieces(text)] == ["你好。", "再见 😀！"]


def test_a_book_is_cut_as_far_as_it_is_asked_for() -> None:
    # All at once, ten million characters would take most of a minute.
    begun = itertools.islice(locate_pieces("他说你好。" * 2_000_000), 3)
    assert [begin for _, begin, _ in begun] == [0, 5, 10]
