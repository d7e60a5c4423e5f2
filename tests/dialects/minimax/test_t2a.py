import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.core import errors
from rhapsode.core.speech import AudioFormat, AudioSetting, Pause, Reading, SpeechRequest
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.minimax import t2a
from rhapsode.dialects.minimax.t2a_body import MODELS

Body = dict[str, Any]

WORDS = (
    st.text(st.sampled_from("你好世界abc 12。，!<#>"), max_size=20)
    .map(lambda text: f"词{text}")
    .filter(lambda text: "<#" not in text and not text.endswith("<"))
)
PAUSES = st.integers(1, 9999).map(lambda hundredths: Pause(milliseconds=hundredths * 10))
SHARES = st.lists(
    st.builds(VoiceShare, voice_id=st.text("abc-_（é ", min_size=1), weight=st.integers(1, 100)), min_size=1, max_size=4
)
READINGS = st.lists(
    st.sampled_from([Reading(text="你好", syllables=("ni3", "hao5")), Reading(text="omg", words="oh my god")]),
    max_size=2,
)


@st.composite
def requests(draw: st.DrawFn) -> SpeechRequest:
    script: list[str | Pause] = [draw(WORDS)]
    for pause in draw(st.lists(PAUSES, max_size=4)):
        script += [pause, draw(WORDS)]
    return SpeechRequest(
        model=draw(st.sampled_from(MODELS)),
        script=tuple(script),
        voices=tuple(draw(SHARES)),
        speed=draw(st.floats(0.5, 2)),
        volume=draw(st.floats(0, 10, exclude_min=True)),
        pitch=draw(st.integers(-12, 12)),
        readings=tuple(draw(READINGS)),
        audio=AudioSetting(format=draw(st.sampled_from(AudioFormat))),
    )


def body(**changes: object) -> bytes:
    good: Body = {
        "model": "speech-01",
        "text": "你好",
        "voice_id": "male-qn-qingse",
        "speed": 1.0,
        "vol": 1.0,
        "pitch": 0,
    }
    return json.dumps(good | changes).encode()


@given(requests())
def test_what_is_written_reads_back(request: SpeechRequest) -> None:
    assert t2a.read_request(t2a.write_request(request)) == request


def test_the_quickstarts_body() -> None:
    weights = [{"voice_id": name, "weight": 1} for name in ("male-qn-qingse", "female-shaonv", "audiobook_male_2")]
    request = t2a.read_request(body(timber_weights=weights))
    assert request.script == ("你好",)
    assert request.voices == tuple(VoiceShare(voice_id=each["voice_id"], weight=1) for each in weights)  # type: ignore[arg-type]
    assert (request.speed, request.volume, request.pitch) == (1.0, 1.0, 0)


def test_weights_win_over_a_voice_and_the_later_spelling_is_read() -> None:
    weights = [{"voice_id": "female-yujie", "weight": 100}]
    wanted = (VoiceShare(voice_id="female-yujie", weight=100),)
    assert t2a.read_request(body(timber_weights=weights)).voices == wanted
    assert t2a.read_request(body(voice_id="", timbre_weights=weights)).voices == wanted
    assert t2a.read_request(body(timber_weights=[])).voices == (VoiceShare(voice_id="male-qn-qingse"),)


def test_null_is_absent() -> None:
    names = ("speed", "vol", "pitch", "timber_weights", "output_format", "char_to_pitch")
    assert t2a.read_request(body(**dict.fromkeys(names))) == t2a.read_request(body())


def test_pause_marks_cut_the_text() -> None:
    request = t2a.read_request(body(text="你好<#0.01#>世界<#99.99#>再见<#3#>完"))
    pauses = [Pause(milliseconds=ms) for ms in (10, 99990, 3000)]
    assert request.script == ("你好", pauses[0], "世界", pauses[1], "再见", pauses[2], "完")


@pytest.mark.parametrize("text", ["一<#二", "一#>二", "一<#"])
def test_what_is_not_a_whole_mark_is_text(text: str) -> None:
    assert t2a.read_request(body(text=text)).script == (text,)


BAD_TEXTS: list[Any] = [
    "", " \n", "。，！", "😀", 7, None, "长" * 500,
    "<#1#>你好", "你好<#1#>", "你好<#1#><#1#>世界", "你好<#1#> 。<#1#>世界",
    "你好<#0#>世界", "你好<#0.001#>世界", "你好<#100#>世界", "你好<#-1#>世界", "你好<#x#>世界", "你好<##>世界", "你好<#1.234#>世界",
    "你好<#１#>世界",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_TEXTS)
def test_a_text_that_cannot_be_spoken_is_refused(text: object) -> None:
    with pytest.raises(errors.InvalidField) as caught:
        t2a.read_request(body(text=text))
    assert caught.value.field == "text"


def test_pauses_are_bounded_in_all() -> None:
    with pytest.raises(errors.InvalidField, match="600 seconds"):
        t2a.read_request(body(text="好<#99.99#>" * 7 + "好"))
    assert len(t2a.read_request(body(text="好<#99.99#>" * 6 + "好")).script) == 13


def test_a_text_of_499_characters_is_spoken() -> None:
    assert t2a.read_request(body(text="长" * 499)).script == ("长" * 499,)


FOUR = [{"voice_id": "a", "weight": 1}] * 4


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": "speech-03"}, "model"),
        ({"model": None}, "model"),
        ({"voice_id": None}, "voice_id"),
        ({"voice_id": ""}, "voice_id"),
        ({"voice_id": 5}, "voice_id"),
        ({"timber_weights": [*FOUR, *FOUR[:1]]}, "timber_weights"),
        ({"timber_weights": "a"}, "timber_weights"),
        ({"timber_weights": [{"voice_id": "a", "weight": 0}]}, "timber_weights[0].weight"),
        ({"timber_weights": [*FOUR[:2], {"voice_id": "a", "weight": 101}]}, "timber_weights[2].weight"),
        ({"timber_weights": [{"voice_id": "a", "weight": 1.5}]}, "timber_weights[0].weight"),
        ({"timber_weights": [{"voice_id": "", "weight": 1}]}, "timber_weights[0].voice_id"),
        ({"timber_weights": [{"weight": 1}]}, "timber_weights[0].voice_id"),
        ({"speed": 0.49}, "speed"),
        ({"speed": 2.01}, "speed"),
        ({"speed": "fast"}, "speed"),
        ({"vol": 0}, "vol"),
        ({"vol": 10.1}, "vol"),
        ({"pitch": 13}, "pitch"),
        ({"pitch": -13}, "pitch"),
        ({"pitch": 0.5}, "pitch"),
        ({"output_format": "ogg"}, "output_format"),
        ({"char_to_pitch": ["你/(ni3)", "好/(hao6)"]}, "char_to_pitch[1]"),
        ({"char_to_pitch": "你/(ni3)"}, "char_to_pitch"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(changes: Body, field: str) -> None:
    with pytest.raises(errors.InvalidField) as caught:
        t2a.read_request(body(**changes))
    assert caught.value.field == field


def test_an_error_has_a_trace_id_and_a_status() -> None:
    answer = t2a.write_error(errors.UnknownVoice("voice_id", "nobody"), trace_id="t1")
    assert json.loads(answer) == {
        "trace_id": "t1",
        "base_resp": {"status_code": 2013, "status_msg": "invalid params, voice_id: voice id 'nobody' does not exist"},
    }
    error = t2a.read_error(answer)
    assert (error.code, error.trace_id) == (2013, "t1")


def refuse(make: Callable[[], object]) -> None:
    with pytest.raises(errors.RequestError):
        make()


def test_a_json_answer_that_says_nothing_is_unreadable() -> None:
    refuse(lambda: t2a.read_error(b"{}"))
    refuse(lambda: t2a.read_error(b"not json"))
