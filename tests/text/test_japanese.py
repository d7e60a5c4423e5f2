"""Japanese as kana, in words, with the way back to the characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.text.japanese import as_kana
from rhapsode.text.japanese_numbers import read_number

READ = [
    ("今日は天気がいいですね。", "キョーワ テンキガ イイデスネ。"),
    ("東京へ行きます。", "トーキョーエ イキマス。"),
    ("私は図書館で本を読んだ。", "ワタシワ トショカンデ ホンオ ヨンダ。"),
    ("彼は思う", "カレワ オモウ"),
    ("先生", "センセー"),
    ("お父さんとお母さん", "オトーサント オカーサン"),
    ("3月5日14時30分", "サンガツ イツカ ジューヨジ サンジュップン"),
    ("100人が来た", "ヒャクニンガ キタ"),
    ("旅行", "[[r`_jo]] コー"),
    ("料理", "[[r`_jo:]] リ"),
    ("コーヒー", "コーヒー"),
    ("Hello 世界", "ハロー セカイ"),
    ("Xq 世界", "Xq セカイ"),
    ("カタカナとひらがな", "カタカナト ヒラガナ"),
    ("", ""),
    ("😀？", "😀？"),
]


@pytest.mark.parametrize(("text", "kana"), READ)
def test_is_read_in_words(text: str, kana: str) -> None:
    assert " ".join(as_kana(text).text.split()) == kana


@pytest.mark.parametrize(
    ("number", "kana"),
    [
        (("0",), "ゼロ"),
        (("10",), "ジュー"),
        (("365",), "サンビャクロクジューゴ"),
        (("1000",), "セン"),
        (("10000000",), "イッセンマン"),
        (("3841",), "サンゼンハッピャクヨンジューイチ"),
        (("120000000",), "イチオクニセンマン"),
        (("3", "14"), "サンテンイチヨン"),
        (("0120",), "ゼロイチニゼロ"),
        (("4", "", "月"), "シガツ"),
        (("7", "", "時"), "シチジ"),
        (("20", "", "日"), "ハツカ"),
        (("25", "", "日"), "ニジューゴニチ"),
        (("2", "", "人"), "フタリ"),
        (("14", "", "人"), "ジューヨニン"),
        (("10", "", "分"), "ジュップン"),
        (("5", "", "分"), "ゴフン"),
        (("2024", "", "年"), "ニセンニジューヨネン"),
    ],
)
def test_figures_are_read_as_they_are_said(number: tuple[str, ...], kana: str) -> None:
    assert read_number(*number) == kana


@given(st.text(st.sampled_from("今日は天気リョ12.3人日お父さん 、。aＢー々ヶ[😀"), max_size=20))
def test_every_stretch_knows_where_it_comes_from(text: str) -> None:
    spoken = as_kana(text)
    assert "".join(spoken.text[part.at : part.until] for part in spoken.stretches) == spoken.text
    ends = [0, *(part.end for part in spoken.stretches)]
    assert all(end <= part.begin for end, part in zip(ends, spoken.stretches, strict=False))
    assert ends[-1] == len(text)
