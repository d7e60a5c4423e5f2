"""What every speech engine owes its callers, whichever it is."""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest

from rhapsode.core.errors import EngineError, InvalidField, SettingsError, UnknownVoice
from rhapsode.core.speech import Emotion, Mark, Pause, SpeechEngine, VoiceModify
from rhapsode.engines.registry import open_speech
from rhapsode.voices.catalogue import load_voices
from tests.contract.opening import link_speech
from tests.engines.speech.asking import ask, hear
from tests.listening import Samples, decibels, median_pitch

KINDS = ["tone", "espeak", "tone over a link"]
SENTENCE = "今天天气很好，我们一起去公园散步吧。"


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def open_one(kind: str, **options: object) -> SpeechEngine:
    asked, _, behind = kind.partition(" over ")
    opened = await open_speech(asked, options, voices=load_voices())
    return await link_speech(opened) if behind else opened


@pytest.fixture(scope="module")
async def engine(kind: str) -> AsyncGenerator[SpeechEngine]:
    opened = await open_one(kind)
    yield opened
    await opened.close()


async def test_offers_the_voices_that_it_was_given(engine: SpeechEngine) -> None:
    assert tuple(engine.voices()) == load_voices()


async def test_speaks_in_short_blocks_of_one_rate(engine: SpeechEngine) -> None:
    rates: set[int] = set()
    async with aclosing(engine.speak(ask(SENTENCE * 3, speed=0.5))) as blocks:
        async for block in blocks:
            rates.add(block.rate)
            assert 0 < len(block.samples) // 4 <= 0.4 * block.rate
            assert len(block.samples) % 4 == 0
    assert len(rates) == 1


async def test_is_loud_enough_and_never_clips(engine: SpeechEngine) -> None:
    for voice in ("male-qn-qingse", "female-shaonv"):
        sound, _ = await hear(engine, ask(SENTENCE, voice))
        assert -26 < decibels(sound) < -17
        assert np.max(np.abs(sound)) < 1


async def test_says_the_same_thing_the_same_way(engine: SpeechEngine) -> None:
    first, _ = await hear(engine, ask(SENTENCE))
    await hear(engine, ask("别的话, and something else?", "female-yujie"))
    again, _ = await hear(engine, ask(SENTENCE))
    assert np.array_equal(first, again)


async def test_a_speech_that_is_asked_for_in_parts_sounds_as_if_asked_for_at_once(engine: SpeechEngine) -> None:
    whole, _ = await hear(engine, ask("你好，世界。 How are you? 再见。", speed=1.3))
    parts: list[Samples] = []
    for text, follows in (("你好，", None), ("世界。", 0.16), ("How are you?", 0.4), ("再见。", 0.4)):
        sound, _ = await hear(engine, replace(ask(text, speed=1.3), follows=follows))
        parts.append(sound)
    assert np.array_equal(np.concatenate(parts), whole)


async def test_requests_at_the_same_time_do_not_mix(engine: SpeechEngine) -> None:
    requests = [ask(SENTENCE, voice) for voice in ("male-qn-qingse", "female-shaonv", "presenter_male")]
    alone = [await hear(engine, request) for request in requests]
    together = await asyncio.gather(*(hear(engine, request) for request in requests))
    for (one, _), (other, _) in zip(alone, together, strict=True):
        assert np.array_equal(one, other)


async def test_refuses_an_unknown_voice_before_any_sound(engine: SpeechEngine) -> None:
    with pytest.raises(UnknownVoice, match="nobody"):
        await hear(engine, ask(SENTENCE, "male-qn-qingse", "nobody"))


@pytest.mark.parametrize("text", ["。。。", "😀", "\0\x07", "——", " \n"])
async def test_refuses_what_holds_nothing_to_speak(engine: SpeechEngine, text: str) -> None:
    with pytest.raises(InvalidField, match=r"^text: holds nothing that can be spoken"):
        await hear(engine, ask(text))


@pytest.mark.parametrize(
    "text",
    [
        "你\0好\x1b[0m",
        "😀你好👨‍👩‍👧‍👦",
        "好\ud800好",
        "\u200b好\u202e好",
        "龘𠮷ꙮあ안ب",
        "好" + "，" * 400,
        "<b>&amp;[[h]]</b>好",
    ],
)
async def test_speaks_what_else_stands_around_words(engine: SpeechEngine, text: str) -> None:
    sound, rate = await hear(engine, ask(text))
    assert len(sound) > 0.1 * rate


async def test_speaks_very_long_text_without_a_mark(engine: SpeechEngine) -> None:
    sound, rate = await hear(engine, ask("一心一意" * 40, speed=2.0))
    assert len(sound) > 5 * rate


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.3, 2.0])
async def test_length_is_inverse_to_speed_and_pitch_stays(engine: SpeechEngine, speed: float) -> None:
    normal, rate = await hear(engine, ask(SENTENCE))
    changed, _ = await hear(engine, ask(SENTENCE, speed=speed))
    assert len(changed) * speed == pytest.approx(len(normal), rel=0.01)
    assert median_pitch(changed, rate) == pytest.approx(median_pitch(normal, rate), rel=0.03)


@pytest.mark.parametrize("semitones", [-12, -5, 3, 12])
async def test_pitch_moves_by_semitones_and_length_stays(engine: SpeechEngine, semitones: int) -> None:
    normal, rate = await hear(engine, ask(SENTENCE, "audiobook_female_1"))
    moved, _ = await hear(engine, ask(SENTENCE, "audiobook_female_1", pitch=semitones))
    assert len(moved) == len(normal)
    assert median_pitch(moved, rate) / median_pitch(normal, rate) == pytest.approx(2 ** (semitones / 12), rel=0.03)


@pytest.mark.parametrize("milliseconds", [10, 250, 1500, 12340])
async def test_a_pause_lasts_as_long_as_it_says_at_any_speed(engine: SpeechEngine, milliseconds: int) -> None:
    before, rate = await hear(engine, ask("你好", speed=1.5))
    after, _ = await hear(engine, ask("再见", speed=1.5))
    both, _ = await hear(engine, ask("你好", speed=1.5, then=(Pause(milliseconds=milliseconds), "再见")))
    silence = len(both) - len(before) - len(after)
    assert silence / rate == pytest.approx(milliseconds / 1000, abs=0.001)
    assert not np.any(both[len(before) : len(before) + silence])


async def test_a_blend_does_not_depend_on_order_or_scale_of_weights(engine: SpeechEngine) -> None:
    first, _ = await hear(engine, ask(SENTENCE, ("male-qn-badao", 1), ("female-shaonv", 3)))
    turned, _ = await hear(engine, ask(SENTENCE, ("female-shaonv", 3), ("male-qn-badao", 1)))
    scaled, _ = await hear(engine, ask(SENTENCE, ("male-qn-badao", 25), ("female-shaonv", 75)))
    assert np.array_equal(first, turned)
    assert np.array_equal(first, scaled)


async def test_the_pitch_of_a_blend_is_the_weighted_geometric_mean(engine: SpeechEngine) -> None:
    low, rate = await hear(engine, ask(SENTENCE, "male-qn-badao"))
    high, _ = await hear(engine, ask(SENTENCE, "female-shaonv"))
    blend, _ = await hear(engine, ask(SENTENCE, ("male-qn-badao", 2), ("female-shaonv", 1)))
    expected = median_pitch(low, rate) ** (2 / 3) * median_pitch(high, rate) ** (1 / 3)
    assert median_pitch(blend, rate) == pytest.approx(expected, rel=0.03)


async def test_a_voice_blended_with_itself_is_itself(engine: SpeechEngine) -> None:
    once, _ = await hear(engine, ask(SENTENCE, "female-shaonv"))
    thrice, _ = await hear(engine, ask(SENTENCE, ("female-shaonv", 3), ("female-shaonv", 4), ("female-shaonv", 93)))
    assert np.array_equal(once, thrice)


async def test_an_emotion_has_its_own_pace(engine: SpeechEngine) -> None:
    plain, _ = await hear(engine, ask(SENTENCE))
    sad, _ = await hear(engine, replace(ask(SENTENCE), emotion=Emotion.SAD))
    assert len(sad) > 1.1 * len(plain)
    assert decibels(sad) < decibels(plain) - 2


async def test_a_voice_is_bent_by_hand(engine: SpeechEngine) -> None:
    plain, rate = await hear(engine, ask(SENTENCE))
    bright, _ = await hear(engine, replace(ask(SENTENCE), modify=VoiceModify(pitch=60)))
    assert len(bright) == len(plain)
    assert median_pitch(bright, rate) / median_pitch(plain, rate) == pytest.approx(2 ** (3 / 12), rel=0.03)


@pytest.mark.parametrize(
    "script",
    [
        (SENTENCE,),
        ("  你好，world。", Pause(milliseconds=300), "The bill is $12.50, 对吧？\n"),
        ("2024年5月3日，我有5kg苹果😀。", Pause(milliseconds=10), "**好** [链接](https://example.com)！"),
    ],
)
async def test_marks_follow_the_callers_own_text(engine: SpeechEngine, script: tuple[str | Pause, ...]) -> None:
    request = replace(ask(""), script=script)
    marks: list[Mark] = []
    async with aclosing(engine.speak(request)) as blocks:
        async for block in blocks:
            assert marks or block.marks
            at = [mark.at for mark in block.marks]
            assert at == sorted(at)
            assert all(0 <= place < len(block.samples) // 4 for place in at)
            marks += block.marks
    text = request.text
    assert all(before.end <= after.begin for before, after in itertools.pairwise(marks))
    assert all(mark.begin < mark.end for mark in marks)
    told = "".join(text[mark.begin : mark.end] for mark in marks)
    assert "".join(told.split()) == "".join(text.split())


async def test_a_listener_who_leaves_takes_nothing_with_him(engine: SpeechEngine) -> None:
    expected, _ = await hear(engine, ask(SENTENCE))
    async with aclosing(engine.speak(ask(SENTENCE * 5))) as blocks:
        await anext(blocks)
    listening = asyncio.create_task(hear(engine, ask(SENTENCE * 5)))
    await asyncio.sleep(0)
    listening.cancel()
    await asyncio.wait((listening,))
    sound, _ = await hear(engine, ask(SENTENCE))
    assert np.array_equal(sound, expected)


async def test_refuses_options_that_it_does_not_have(kind: str) -> None:
    with pytest.raises(SettingsError, match=f"options of the {kind.partition(' ')[0]} engine.*`colour`"):
        await open_one(kind, colour="red")


async def test_says_nothing_once_closed(kind: str) -> None:
    engine = await open_one(kind)
    await engine.close()
    with pytest.raises(EngineError, match="closed"):
        await hear(engine, ask(SENTENCE))
