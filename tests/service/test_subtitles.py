"""Subtitles, from the marks that an engine puts into the sound."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.audio.encode import open_encoder
from rhapsode.core.caller import Caller
from rhapsode.core.speech import AudioFormat, AudioSetting, Pause, SpeechAudio, SpeechEnd, SpeechRequest, Subtitle
from rhapsode.core.voice import VoiceShare
from rhapsode.engines.registry import open_speech
from rhapsode.service.speech import SpeechService
from rhapsode.service.subtitles import Begun, write_subtitles
from rhapsode.voices.catalogue import load_voices

TEXTS = st.text(st.sampled_from("你好，。！a b.…\n\u0301😀\u200d1"), min_size=1, max_size=160)


def texts_of(subtitles: tuple[Subtitle, ...]) -> list[str]:
    return [subtitle.text for subtitle in subtitles]


def by_letters(text: str, pace: float = 0.1) -> tuple[list[Begun], float]:
    """Marks of an engine that marks every character, and the length of its sound."""
    return [Begun(pace * place, place, place + 1) for place in range(len(text))], pace * len(text)


def test_one_for_each_sentence_in_the_callers_own_words() -> None:
    text = "你好！今天是2024年5月3日。Is it? Yes, 3.5 of them...  好"
    lines = write_subtitles((text,), *by_letters(text))
    assert texts_of(lines) == ["你好！", "今天是2024年5月3日。", "Is it?", "Yes, 3.5 of them...", "好"]
    assert [(line.begin, line.end) for line in lines[:3]] == [(0, 300), (300, 1600), (1600, 2300)]
    assert lines[-1].end == round(100 * len(text))


def test_a_point_before_chinese_ends_a_sentence() -> None:
    text = "Nice to meet you.再见！3.5"
    assert texts_of(write_subtitles((text,), *by_letters(text))) == ["Nice to meet you.", "再见！", "3.5"]


def test_a_long_sentence_is_cut_at_its_clauses_then_at_blanks_then_anywhere() -> None:
    clauses = "，".join(["一二三四五六七八九十"] * 9)
    assert [len(line) for line in texts_of(write_subtitles((clauses,), *by_letters(clauses)))] == [44, 44, 10]
    words = " ".join(["abcdefg"] * 12)
    assert [len(line) for line in texts_of(write_subtitles((words,), *by_letters(words)))] == [47, 47]
    solid = "长" * 120
    assert [len(line) for line in texts_of(write_subtitles((solid,), *by_letters(solid)))] == [50, 50, 20]


def test_a_letter_and_its_accent_stay_together() -> None:
    text = "长" * 49 + "e\u0301" + "长" * 9
    assert texts_of(write_subtitles((text,), *by_letters(text))) == ["长" * 49, "e\u0301" + "长" * 9]


def test_a_heap_of_accents_is_cut_where_it_is_full() -> None:
    text = "e" + "\u0301" * 120
    assert [len(line) for line in texts_of(write_subtitles((text,), *by_letters(text)))] == [50, 50, 21]


def test_signs_alone_are_no_subtitle() -> None:
    text = "你好！😀😀\n\n—— 再见。"
    assert texts_of(write_subtitles((text,), *by_letters(text))) == ["你好！😀😀", "—— 再见。"]
    text = "……😀\n你好！再见。"
    assert texts_of(write_subtitles((text,), *by_letters(text))) == ["……😀\n你好！", "再见。"]


def test_an_initial_or_a_title_ends_no_sentence() -> None:
    text = "Dr. Smith met J. K. Rowling. He left."
    assert texts_of(write_subtitles((text,), *by_letters(text))) == ["Dr. Smith met J. K. Rowling.", "He left."]


def test_the_time_of_one_mark_is_shared_out_by_characters() -> None:
    lines = write_subtitles(("一二三。四。",), [Begun(1.0, 0, 6)], 7.0)
    assert [(line.begin, line.end) for line in lines] == [(1000, 5000), (5000, 7000)]


def test_a_pause_belongs_to_no_subtitle() -> None:
    script = ("一二。三四", Pause(milliseconds=3000), "五六。")
    lines = write_subtitles(script, [Begun(0, 0, 5), Begun(5, 5, 8)], 6.0)
    assert lines == (
        Subtitle(text="一二。", begin=0, end=1200),
        Subtitle(text="三四", begin=1200, end=2000),
        Subtitle(text="五六。", begin=5000, end=6000),
    )


@given(parts=st.lists(TEXTS, min_size=1, max_size=3), pauses=st.lists(st.integers(1, 90), min_size=3, max_size=3))
def test_they_cover_the_text_in_order_and_never_overlap(parts: list[str], pauses: list[int]) -> None:
    script: list[str | Pause] = [parts[0]]
    begun, seconds = by_letters(parts[0])
    for part, pause in zip(parts[1:], pauses, strict=False):
        script += [Pause(milliseconds=pause * 10), part]
        place = sum(len(other) for other in script[:-1] if isinstance(other, str))
        seconds += pause / 100
        begun += [Begun(seconds + mark.seconds, mark.begin + place, mark.end + place) for mark in by_letters(part)[0]]
        seconds += by_letters(part)[1]
    lines = write_subtitles(script, begun, seconds)
    assert "".join("".join(line.text for line in lines).split()) == "".join("".join(parts).split())
    assert all(0 < len(line.text) <= 50 for line in lines)
    assert all(line.begin <= line.end for line in lines)
    assert all(before.end <= after.begin for before, after in pairwise(lines))


@pytest.mark.parametrize("kind", ["tone", "espeak"])
async def test_a_real_engines_do_not_drift(kind: str) -> None:
    engine = await open_speech(kind, {}, voices=load_voices())
    service = SpeechService(engine=engine, open_encoder=open_encoder)
    sentence = "今天天气很好，我们去公园。"
    script = (sentence * 6, Pause(milliseconds=1500), sentence)
    request = SpeechRequest(model="speech-01", script=script, voices=(VoiceShare(voice_id="female-shaonv"),))
    try:
        (end,) = [
            event
            async for event in service.speak(request, Caller(group_id="1", key_id="k"))
            if isinstance(event, SpeechEnd)
        ]
    finally:
        await engine.close()
    assert texts_of(end.subtitles) == [sentence] * 7
    lengths = [line.end - line.begin for line in end.subtitles]
    assert lengths == pytest.approx([lengths[1]] * 7, rel=0.3)  # the rests between them are not alike
    assert end.subtitles[6].begin - end.subtitles[5].end == 1500
    assert end.subtitles[-1].end == end.milliseconds


async def test_each_begins_where_its_sentence_is_heard_however_many_came_before() -> None:
    """The rests between sentences are quiet: a subtitle begins where one of them ends."""
    engine = await open_speech("espeak", {}, voices=load_voices())
    service = SpeechService(engine=engine, open_encoder=open_encoder)
    sentences = ["今天是2024年5月3日，天气很好。", "他说了3.5秒钟。", "Nice to meet you. ", "我们去公园散步吧！"] * 4
    request = SpeechRequest(
        model="speech-01",
        script=("".join(sentences),),
        voices=(VoiceShare(voice_id="male-qn-jingying"),),
        speed=1.2,
        audio=AudioSetting(format=AudioFormat.PCM, sample_rate=16000),
    )
    packed, lines = b"", ()
    try:
        async for event in service.speak(request, Caller(group_id="1", key_id="k")):
            match event:
                case SpeechEnd():
                    lines = event.subtitles
                case SpeechAudio():
                    packed += event.audio
    finally:
        await engine.close()
    assert texts_of(lines) == [sentence.strip() for sentence in sentences]
    sound = np.frombuffer(packed, "<i2") / 32768
    for line in lines[1:]:
        begin = line.begin * 16
        assert np.max(np.abs(sound[begin - 2400 : begin - 320])) < 0.02  # 130 ms of the rest before
        assert np.max(np.abs(sound[begin : begin + 4800])) > 0.05
