"""The way back from what is read to what was written."""

from rhapsode.text.spoken import Writer, as_written


def test_copied_text_goes_along_and_replaced_text_stands_as_a_whole() -> None:
    writer = Writer()
    writer.copy("重", 0)
    writer.write("五公斤", 1, 4)
    writer.copy("的", 4)
    spoken = writer.spoken()
    assert spoken.text == "重五公斤的"
    assert [spoken.span(place, place + 1) for place in range(5)] == [(0, 1), (1, 4), (1, 4), (1, 4), (4, 5)]
    assert spoken.span(0, 2) == (0, 4)
    assert spoken.span(4, 4) == (4, 4)
    assert spoken.span(5, 5) == (5, 5)


def test_what_is_never_mentioned_is_passed_over() -> None:
    writer = Writer()
    writer.copy("ab", 2)
    assert writer.spoken().span(0, 2) == (2, 4)


def test_a_rewriting_of_a_rewriting_leads_back_to_the_first() -> None:
    first = Writer()
    first.copy("a", 0)
    first.write("bcd", 1, 2)
    first.copy("e", 2)
    second = Writer()
    second.copy("ab", 0)
    second.write("x", 2, 5)
    both = first.spoken().then(second.spoken())
    assert both.text == "abx"
    assert [both.span(place, place + 1) for place in range(3)] == [(0, 1), (1, 2), (1, 3)]


def test_text_as_written_is_itself() -> None:
    assert as_written("abc").span(1, 3) == (1, 3)
    assert as_written("").span(0, 0) == (0, 0)
