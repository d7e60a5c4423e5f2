"""A request becomes steps: pieces to say, natural rests that follow the tempo, and pauses that are exact."""

import itertools
from dataclasses import replace

import pytest

from rhapsode.core.errors import InvalidField, UnknownVoice
from rhapsode.core.speech import Pause, SpeechRequest
from rhapsode.core.voice import Timbre
from rhapsode.engines.speech import script
from rhapsode.engines.speech.manner import Manner
from rhapsode.engines.speech.script import Rest, Say, read_language, read_shares, read_tempo
from rhapsode.voices.catalogue import load_voices
from tests.engines.speech.asking import ask

VOICES = {voice.id: voice for voice in load_voices()}


PLAIN = Manner()


def say(text: str, begin: int, language: str = "zh") -> Say:
    return Say(text=text, language=language, begin=begin, end=begin + len(text))


def read_steps(request: SpeechRequest, tempo: float, voice: str) -> list[Say | Rest]:
    return list(script.read_steps(request, tempo, voice))


def test_pieces_rest_at_the_tempo_and_the_last_does_not() -> None:
    steps = read_steps(ask("你好，世界。再见。"), 2.0, "zh")
    assert steps == [say("你好，", 0), Rest(seconds=0.08), say("世界。", 3), Rest(seconds=0.2), say("再见。", 6)]


def test_what_follows_begins_with_the_rest_that_is_due() -> None:
    steps = read_steps(replace(ask("一起去吧，现在。"), follows=0.4), 2.0, "zh")
    assert steps == [Rest(seconds=0.2), say("一起去吧，现在。", 0)]
    assert read_steps(replace(ask("吧"), follows=0.0), 2.0, "zh") == [say("吧", 0)]


def test_a_pause_stands_in_for_the_natural_rest() -> None:
    steps = read_steps(ask("你好。", then=(Pause(milliseconds=10), "再见。")), 2.0, "zh")
    assert steps == [say("你好。", 0), Rest(seconds=0.01), say("再见。", 3)]


def test_a_stretch_with_nothing_to_say_leaves_only_its_pauses() -> None:
    steps = read_steps(ask("你好", then=(Pause(milliseconds=100), "😀", Pause(milliseconds=200), "再见")), 1.0, "zh")
    assert steps == [say("你好", 0), Rest(seconds=0.1), Rest(seconds=0.2), say("再见", 3)]


def test_a_piece_is_what_the_caller_wrote() -> None:
    assert read_steps(ask(" 你\0好😀a \n"), 1.0, "zh") == [say("你\0好😀a", 1)]


def test_nothing_to_say_at_all_is_the_callers_fault() -> None:
    with pytest.raises(InvalidField) as fault:
        read_steps(ask("。", then=(Pause(milliseconds=100), "…")), 1.0, "zh")
    assert fault.value.field == "text"


def test_a_step_waits_for_no_other() -> None:
    steps = script.read_steps(ask("他说你好。" * 2_000_000), 2.0, "zh")
    assert [type(step) for step in itertools.islice(steps, 3)] == [Say, Rest, Say]


def test_a_voice_that_is_not_there_is_named() -> None:
    with pytest.raises(UnknownVoice) as fault:
        read_shares(ask("好", "male-qn-badao", "male-qn-badao "), VOICES)
    assert fault.value.voice_id == "male-qn-badao "


def test_the_pace_of_a_blend_is_the_weighted_geometric_mean() -> None:
    shares = ((Timbre(pitch=100, pace=0.8), 0.75), (Timbre(pitch=100, pace=1.2), 0.25))
    expected = 1.5 * 0.8**0.75 * 1.2**0.25
    assert read_tempo(ask("好", speed=1.5), shares, PLAIN) == pytest.approx(expected)
    assert read_tempo(ask("好", speed=1.5), shares, Manner(pace=1.1)) == pytest.approx(1.1 * expected)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((("female-shaonv", 1), ("male-qn-badao", 3)), (("male-qn-badao", 75), ("female-shaonv", 25))),
        ((("female-shaonv", 1),), (("female-shaonv", 7),)),
        ((("female-shaonv", 1),), (("female-shaonv", 2), ("female-shaonv", 5))),
        (
            (("male-qn-badao", 3), ("female-shaonv", 2)),
            tuple([("male-qn-badao", 1), ("female-shaonv", 1)] * 2 + [("male-qn-badao", 1)]),
        ),
    ],
)
def test_one_mix_is_one_mix_however_it_is_written(
    one: tuple[tuple[str, int], ...], other: tuple[tuple[str, int], ...]
) -> None:
    assert read_shares(ask("好", *one), VOICES) == read_shares(ask("好", *other), VOICES)


def test_a_blend_speaks_the_language_of_most_of_it() -> None:
    blend = ask("好", ("female-shaonv", 2), ("French_CasualMan", 3), ("male-qn-badao", 2))
    assert read_language(blend, VOICES) == "zh"
    assert read_language(ask("好", "French_CasualMan", ("female-shaonv", 1)), VOICES) == "fr"
