"""What is read aloud: a table of what people write, and what holds of any text."""

import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core.speech import Reading
from rhapsode.text.normalise import normalise
from rhapsode.text.spoken import Spoken

TABLE = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "read_aloud.tsv").read_text(encoding="utf-8").splitlines()
    if "\t" in line
]
LANGUAGES = st.sampled_from(["zh", "yue", "en", "es", "ja", "ar", "vi"])
WRITTEN = st.text(
    st.sampled_from(
        "中文两個天元年月日点第百的，。0123456789012345-~/:.,%+*=¥$€£kgmchGBPT abcZ@#&_()[]<>`|!\n²½℃😀\u200b①"
    ),
    max_size=60,
)
ANY = st.one_of(WRITTEN, st.text(max_size=60))


def read(text: str, language: str, *, english_figures: bool = False) -> str:
    return " ".join(normalise(text, language=language, english_figures=english_figures).text.split())


def test_the_table_is_large_and_each_line_stands_once() -> None:
    assert len(TABLE) > 700
    assert len({row[:2] for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize(("written", "language", "spoken"), TABLE)
def test_what_is_written_is_read(written: str, language: str, spoken: str) -> None:
    assert read(written, language) == spoken


@given(text=ANY, language=LANGUAGES, english_figures=st.booleans(), latex=st.booleans())
def test_the_way_back_never_turns_and_never_leaves_the_text(
    text: str, language: str, *, english_figures: bool, latex: bool
) -> None:
    spoken = normalise(text, language=language, english_figures=english_figures, latex=latex)
    places = [spoken.span(place, place + 1) for place in range(len(spoken.text))]
    assert all(0 <= begin < end <= len(text) for begin, end in places)
    assert all(one[0] <= two[0] and one[1] <= two[1] for one, two in pairwise(places))
    assert _tiles(spoken)


@given(WRITTEN.filter(lambda text: not set("[]<>`#@/:.&_~") & set(text)), st.sampled_from(["zh", "en"]))
def test_no_letter_and_no_figure_is_lost(text: str, language: str) -> None:
    spoken = normalise(text, language=language)
    told = {place for stretch in spoken.stretches for place in range(stretch.begin, stretch.end)}
    lost = [place for place, character in enumerate(text) if character.isalnum() and place not in told]
    assert not lost


@given(ANY)
def test_chinese_leaves_no_figure_to_the_speaker(text: str) -> None:
    assert not set(normalise(text, language="zh").text) & set("0123456789")


@given(ANY, LANGUAGES)
def test_what_is_read_is_fit_for_a_speaker(text: str, language: str) -> None:
    spoken = normalise(text, language=language).text
    assert not [character for character in spoken if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Cn"}]


def test_subtitles_can_be_told_what_was_written() -> None:
    text = "**价格**：¥1,299.50😀，詳見[這裡](http://a.b/c)"
    spoken = normalise(text, language="zh")
    assert spoken.text == "价格：一千二百九十九点五元 ，详见这里"
    assert text[slice(*spoken.span(0, 2))] == "价格"
    assert text[slice(*spoken.span(5, 7))] == "¥1,299.50"
    assert text[slice(*spoken.span(15, 19))] == "詳見[這裡"


def test_figures_among_english_words_are_english_where_that_is_asked_for() -> None:
    text = "我有 iPhone 15 和 5 apples，共20个"
    assert read(text, "zh") == "我有 iPhone 十五 和 五 apples，共二十个"
    assert read(text, "zh", english_figures=True) == "我有 iPhone fifteen 和 five apples，共二十个"
    assert read("买了5kg苹果", "zh", english_figures=True) == "买了五公斤苹果"


def test_readings_come_before_every_rule() -> None:
    words = (Reading(text="3M", words="三艾姆"), Reading(text="omg", words="oh my god"))
    assert normalise("3M的胶带，OMG！", language="zh", readings=words).text == "三艾姆的胶带，oh my god！"
    assert normalise("5kg的3M", language="zh", readings=words).text == "五公斤的三艾姆"


def _tiles(spoken: Spoken) -> bool:
    at = 0
    for stretch in spoken.stretches:
        if stretch.at != at or stretch.until <= at:
            return False
        at = stretch.until
    return at == len(spoken.text)
