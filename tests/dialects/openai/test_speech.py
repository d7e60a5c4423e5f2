import json
import re
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from rhapsode.core.errors import InvalidField, NotSupported, UnknownModel
from rhapsode.core.speech import AudioFormat, AudioSetting, Emotion, SpeechEnd, SpeechRequest, TextCount
from rhapsode.core.voice import VoiceShare
from rhapsode.dialects.openai.speech import SpeechCall, in_its_words, read_request, write_audio, write_end
from rhapsode.dialects.openai.speech_voice import OPENAI_VOICES
from rhapsode.voices.catalogue import load_voices


def read(**changes: object) -> SpeechCall:
    good: dict[str, Any] = {"model": "tts-1", "input": "Hello <#1#> there", "voice": "alloy"}
    return read_request(json.dumps(good | changes).encode())


def test_what_its_client_sends_is_read() -> None:
    assert read() == SpeechCall(
        request=SpeechRequest(
            model="tts-1",
            script=("Hello <#1#> there",),
            voices=(VoiceShare(voice_id="Friendly_Person"),),
            audio=AudioSetting(format=AudioFormat.MP3, sample_rate=24000, streamed=True),
        )
    )


def test_null_is_absent() -> None:
    assert read(**dict.fromkeys(("instructions", "response_format", "speed", "stream_format"))) == read()


def test_every_field_arrives() -> None:
    call = read(model="speech-02-hd", speed=2, response_format="pcm", stream_format="sse", instructions="Be cheerful!")
    assert call.as_events
    assert call.request.audio.format is AudioFormat.PCM
    assert (call.request.speed, call.request.emotion) == (2, Emotion.HAPPY)


@pytest.mark.parametrize(
    ("voice", "shares"),
    [
        ("female-yujie", [("female-yujie", 1)]),
        ("onyx:60+nova:40", [("Deep_Voice_Man", 60), ("Inspirational_girl", 40)]),
        ("female-yujie + male-qn-badao", [("female-yujie", 1), ("male-qn-badao", 1)]),
        ("Chinese (Mandarin)_News_Anchor:7", [("Chinese (Mandarin)_News_Anchor", 7)]),
        ({"id": "my-own-voice"}, [("my-own-voice", 1)]),
        ([{"voice_id": "a", "weight": 3}, {"voice_id": "echo"}], [("a", 3), ("Patient_Man", 1)]),
    ],
)
def test_a_voice_is_an_id_or_a_blend(voice: object, shares: list[tuple[str, float]]) -> None:
    assert [(share.voice_id, share.weight) for share in read(voice=voice).request.voices] == shares


def test_every_voice_of_openais_is_somebody_else_of_ours() -> None:
    ours = {voice.id for voice in load_voices()}
    assert set(OPENAI_VOICES.values()) <= ours
    assert len(set(OPENAI_VOICES.values())) == len(OPENAI_VOICES) == 13
    assert not set(OPENAI_VOICES) & ours


def test_the_page_says_whom_openais_names_stand_for() -> None:
    page = (Path(__file__).parents[3] / "docs" / "api" / "openai.md").read_text(encoding="utf-8")
    cells = re.findall(r"\| ([\w-]+) (?=\| ([\w-]+) )", page[page.index("| OpenAI | here |") :])
    assert set(OPENAI_VOICES.items()) <= set(cells)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"input": ""}, "input"),
        ({"input": "。。"}, "input"),
        ({"input": "a" * 4097}, "input"),
        ({"input": None}, "input"),
        ({"voice": ""}, "voice"),
        ({"voice": "a+"}, "voice"),
        ({"voice": ":5"}, "voice"),
        ({"voice": "a:0"}, "voice"),
        ({"voice": "a:101"}, "voice"),
        ({"voice": "a:x+b:1"}, "voice"),
        ({"voice": "a+b+c+d+e"}, "voice"),
        ({"voice": []}, "voice"),
        ({"voice": [{"voice_id": "a", "weight": 0}]}, "voice[0].weight"),
        ({"voice": [{"voice_id": " ", "weight": 1}]}, "voice[0].voice_id"),
        ({"voice": {"id": ""}}, "voice.id"),
        ({"voice": {}}, "voice.id"),
        ({"voice": None}, "voice"),
        ({"speed": 0.25}, "speed"),
        ({"speed": 4}, "speed"),
        ({"speed": "1"}, "speed"),
        ({"response_format": "ogg"}, "response_format"),
        ({"stream_format": "json"}, "stream_format"),
        ({"instructions": "happy, then sad"}, "instructions"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize("changes", [{"response_format": "opus"}, {"instructions": "with a Scottish accent"}])
def test_what_openai_has_and_this_server_has_not_is_refused_by_name(changes: dict[str, Any]) -> None:
    with pytest.raises(NotSupported, match=next(iter(changes))):
        read(**changes)


def test_an_unknown_model() -> None:
    with pytest.raises(UnknownModel):
        read(model="whisper-1")


def test_an_error_names_the_field_that_its_caller_wrote() -> None:
    told = in_its_words(NotSupported("output_format", "no"))
    assert isinstance(told, NotSupported)
    assert told.message == "response_format: no"
    assert in_its_words(InvalidField("text", "no")).field == "input"
    assert in_its_words(InvalidField("voice", "no")).field == "voice"


def test_the_events() -> None:
    end = SpeechEnd(milliseconds=1, size=2, subtitles=(), count=TextCount(characters=17, words=2, invisible=0))
    assert (write_audio(b"\x00\xff") + write_end(end)).decode() == snapshot("""\
data: {"type":"speech.audio.delta","audio":"AP8="}

data: {"type":"speech.audio.done","usage":{"input_tokens":17,"output_tokens":0,"total_tokens":17}}

""")
