"""Text is cut where a reader breathes, nothing of it is lost, and no piece is too long."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rhapsode.text.pieces import Piece
from rhapsode.text.sentences import Cutter, cut
from rhapsode.text.speakable import speakable

READABLE = st.text(st.sampled_from("你好吗天气abcZ 0159，。！？、；：…—,.!?:“”（）\n\t😀\0"))


def texts(text: str) -> list[str]:
    return [piece.text for piece in cut(text)]


def dense(text: str) -> str:
    return "".join(text.split())


def test_the_first_piece_is_one_clause_and_the_others_are_sentences() -> None:
    text = "今天天气很好，我们一起去公园散步吧，顺便买一杯热咖啡。她问：“这是什么？”妈妈骂马吗。"
    assert texts(text) == [
        "今天天气很好，",
        "我们一起去公园散步吧，顺便买一杯热咖啡。",
        "她问：“这是什么？”",
        "妈妈骂马吗。",
    ]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("你好", ["你好"]),
        ("Well, this is it. And so on, he said.", ["Well,", "this is it.", "And so on, he said."]),
        ("3.14 and 1,000 at 12:30 on example.com", ["3.14 and 1,000 at 12:30 on example.com"]),
        ("走吧！！！……好", ["走吧！！！……", "好"]),
        ("他说：“走吧。”然后走了。", ["他说：", "“走吧。”", "然后走了。"]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        ("😀。你好。😀", ["😀。你好。😀"]),
        ("。。。", []),
        ("Dr. Smith met J. K. Rowling. They spoke.", ["Dr. Smith met J. K. Rowling.", "They spoke."]),
        ("现在是8：30，走吧。", ["现在是8：30，", "走吧。"]),
        ("https://a.cn/x?id=5 很好!真的?是", ["https://a.cn/x?id=5 很好!", "真的?", "是"]),
        ("看![图](a.png)。", ["看![图](a.png)。"]),
        ("", []),
        ("\0\x01 \u200b", []),
    ],
)
def test_marks_of_both_scripts_end_a_piece(text: str, pieces: list[str]) -> None:
    assert texts(text) == pieces


def test_the_rest_after_a_piece_follows_its_mark() -> None:
    assert [piece.rest for piece in cut("好，好。好")] == [0.16, 0.4, 0.0]


@given(st.one_of(READABLE, st.text()))
def test_nothing_is_lost_and_every_piece_can_be_spoken(text: str) -> None:
    pieces = texts(text)
    assert all(map(speakable, pieces))
    if speakable(text):
        assert dense("".join(pieces)) == dense(text)
    else:
        assert pieces == []


@pytest.mark.parametrize("unit", ["哈", "a", "字 ", "word ", "7", "あ", "哈，", "A"])
def test_long_text_without_a_full_stop_is_bounded(unit: str) -> None:
    text = unit * (5000 // len(unit))
    pieces = texts(text)
    assert dense("".join(pieces)) == dense(text)
    assert max(map(len, pieces)) <= 200
    assert len(pieces[0]) <= 80
    assert max(piece.count("哈") for piece in pieces) <= 40


def test_a_sentence_too_long_for_one_piece_is_cut_at_a_clause() -> None:
    clause = "一二三四五六七八九十甲乙丙丁，"
    assert texts(clause * 5) == [clause, clause * 2, clause * 2]


def test_words_and_figures_are_not_cut_apart() -> None:
    pieces = texts("开始，" + "word 12345 " * 100)
    assert {word for piece in pieces[1:] for word in piece.split()} == {"word", "12345"}


GROWING = st.one_of(
    READABLE,
    READABLE,
    st.text(st.sampled_from("abcdefgh，, .。")),
    st.text(st.sampled_from("DrU. ?!x8：30[，")),
    st.text(),
)


def grown(text: str, chance: random.Random) -> tuple[list[Piece], str]:
    """The pieces of a text that comes bit by bit, and the signs that are left over."""
    cutter = Cutter()
    pieces: list[Piece] = []
    place = 0
    while place < len(text):
        size = chance.randint(1, 7)
        pieces += cutter.feed(text[place : place + size])
        place += size
    pieces += cutter.finish()
    return pieces, cutter.left


@settings(deadline=None)
@given(st.lists(GROWING, max_size=4).map("".join), st.randoms(use_true_random=False))
def test_a_growing_text_is_cut_as_the_whole_is(text: str, chance: random.Random) -> None:
    pieces, left = grown(text, chance)
    if pieces and left:
        pieces[-1] = Piece(text=pieces[-1].text + left, rest=pieces[-1].rest)
    assert pieces == cut(text)


def test_a_sentence_is_complete_when_the_next_one_begins() -> None:
    cutter = Cutter()
    assert cutter.feed("你好，世") == [Piece(text="你好，", rest=0.16)]
    assert cutter.feed("界。”") == []
    assert cutter.feed("再") == [Piece(text="世界。”", rest=0.4)]
    assert cutter.feed("见3.") == []
    assert cutter.feed("14") == []
    assert cutter.finish() == [Piece(text="再见3.14", rest=0.0)]


def test_a_growing_text_without_a_mark_is_not_waited_for() -> None:
    cutter = Cutter()
    pieces = [piece for _ in range(30) for piece in cutter.feed("一心一意")]
    assert [len(piece.text) for piece in pieces] == [24, 40, 40]


def test_what_follows_a_speech_is_cut_as_its_later_pieces() -> None:
    assert [piece.text for piece in cut("好，天气好。", continued=True)] == ["好，天气好。"]
