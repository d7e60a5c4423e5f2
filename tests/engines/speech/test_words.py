"""Words of what is read, taken back to the caller's text and handed out with the sound."""

import numpy as np

from rhapsode.core.voice import Timbre
from rhapsode.engines.speech.piece_job import RATE, PieceBlock, PieceJob
from rhapsode.engines.speech.speaker import Speaker
from rhapsode.engines.speech.words import Following, Word, place_words
from rhapsode.text.spoken import Writer
from tests.engines.speech.conftest import never


def test_what_was_rewritten_is_one_word_and_nothing_is_left_out() -> None:
    # 5kg苹果。 is read 五公斤苹果。
    writer = Writer()
    writer.write("五", 0, 1)
    writer.write("公斤", 1, 3)
    writer.copy("苹果。", 3)
    words = place_words([(0, 0), (900, 1), (1300, 2), (2000, 3)], writer.spoken(), text="5kg苹果。")
    assert words == [Word(0, 0, 1), Word(900, 1, 3), Word(2000, 3, 6)]


def test_what_is_not_read_before_the_first_word_belongs_to_it() -> None:
    # **重点** 来了 is read 重点 来了.
    writer = Writer()
    writer.copy("重点", 2)
    writer.copy(" 来了", 6)
    words = place_words([(10, 0), (900, 3)], writer.spoken(), text="**重点** 来了")
    assert words == [Word(0, 0, 7), Word(900, 7, 9)]


def test_words_never_go_back_nor_beyond_the_piece() -> None:
    writer = Writer()
    writer.copy("abc", 0)
    words = place_words([(10, 1), (20, 2), (30, 1), (40, 9), (50, -1)], writer.spoken(), text="abc")
    assert words == [Word(0, 0, 1), Word(10, 1, 2), Word(20, 2, 3)]


def test_a_piece_without_words_is_one() -> None:
    assert place_words([], Writer().spoken(), text="abc") == [Word(0, 0, 3)]


def test_words_are_handed_out_with_the_block_in_which_they_begin() -> None:
    following = Following([Word(0, 0, 1), Word(99, 1, 2), Word(100, 2, 3), Word(350, 3, 4)])
    assert list(following.take(100)) == [Word(0, 0, 1), Word(99, 1, 2)]
    assert list(following.take(200)) == [Word(0, 2, 3)]
    assert list(following.take(100)) == [Word(50, 3, 4)]


def marks_of(speaker: Speaker, text: str, language: str, tempo: float) -> tuple[list[tuple[float, str]], float]:
    """When each word begins, in seconds, and the words; and how long it all lasts."""
    job = PieceJob(text=text, language=language, shares=((Timbre(pitch=165), 1.0),), tempo=tempo)
    blocks: list[PieceBlock] = list(speaker.speak(job, never))
    starts = np.cumsum([0, *(len(block.samples) // 4 for block in blocks)])
    marks = [
        ((int(start) + at) / RATE, text[begin:end])
        for start, block in zip(starts, blocks, strict=False)
        for at, begin, end in block.marks
    ]
    return marks, float(starts[-1]) / RATE


def test_each_word_is_marked_when_it_is_heard(speaker: Speaker) -> None:
    text = "Tomorrow I leave 3 cats, and a dog."
    marks, seconds = marks_of(speaker, text, "en", 1.0)
    assert [word for _, word in marks] == ["Tomorrow ", "I ", "leave ", "3 ", "cats, ", "and ", "a ", "dog."]
    # What is said before a word takes about as long by itself.
    for place, (when, _) in enumerate(marks[1:], 1):
        _, alone = marks_of(speaker, "".join(word for _, word in marks[:place]), "en", 1.0)
        assert abs(when - alone) < 0.25
    slow, longer = marks_of(speaker, text, "en", 0.5)
    assert [word for _, word in slow] == [word for _, word in marks]
    assert np.allclose([when for when, _ in slow], 2 * np.array([when for when, _ in marks]), atol=0.01)
    assert abs(longer - 2 * seconds) < 0.02


def test_marks_stand_in_the_callers_characters(speaker: Speaker) -> None:
    marks, _ = marks_of(speaker, "我有5kg苹果，花了$12.50。", "zh", 1.3)
    assert "".join(word for _, word in marks) == "我有5kg苹果，花了$12.50。"
    assert len(marks) >= 5
    assert [when for when, _ in marks] == sorted(when for when, _ in marks)
