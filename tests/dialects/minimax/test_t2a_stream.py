import json
from typing import Any

import pytest
from inline_snapshot import snapshot

from rhapsode.core.errors import InvalidField, UnknownModel
from rhapsode.core.speech import AudioFormat, AudioSetting, SpeechAudio
from rhapsode.dialects.minimax.t2a_stream import StreamWriter, read_request, write_error
from tests.dialects.minimax.speeches import END, speech

QUICKSTART: dict[str, Any] = {
    "model": "speech-01",
    "text": "你好，世界。",
    "voice_id": "",
    "timber_weights": [{"voice_id": "female-yujie", "weight": 1}],
    "audio_sample_rate": 24000,
    "bitrate": 64000,
    "format": "mp3",
}


def body(**changes: object) -> bytes:
    return json.dumps(QUICKSTART | changes).encode()


def stream(text: str, *pieces: tuple[int, bytes]) -> list[bytes]:
    """The events of sound that begins so many characters, piece by piece."""
    writer = StreamWriter(speech(text), "t1")
    events = [writer.write_audio(SpeechAudio(audio=audio, spoken=spoken)) for spoken, audio in pieces]
    return [event for event in [*events, *writer.write_end(END)] if event]


def heard(events: list[bytes]) -> list[tuple[str, str]]:
    """The sound of each event, and how much text it is said to be."""
    return [(data["audio"], data["ced"]) for data in (json.loads(event[6:])["data"] for event in events)]


def test_the_samples_body_is_read() -> None:
    assert read_request(body()).audio == AudioSetting(sample_rate=24000, bitrate=64000, streamed=True)


def test_what_the_page_requires_may_be_left_out() -> None:
    bare = body(audio_sample_rate=None, bitrate=None, format=None)
    assert read_request(bare).audio == AudioSetting(streamed=True)
    assert read_request(body(format="flac")).audio.format is AudioFormat.FLAC


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"format": "wav"}, "format"),
        ({"audio_sample_rate": 1}, "audio_sample_rate"),
        ({"bitrate": 1}, "bitrate"),
        ({"text": "长" * 500}, "text"),
        ({"timber_weights": None}, "voice_id"),
        ({"char_to_pitch": ["x"]}, "char_to_pitch[0]"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read_request(body(**changes))
    assert caught.value.field == field


def test_an_unknown_model() -> None:
    with pytest.raises(UnknownModel):
        read_request(body(model="speech-02-hd"))


def test_the_whole_stream() -> None:
    assert b"".join(
        stream("你好，世界。", (3, b"\x01"), (3, b"\x02"), (6, b"\x03"), (6, b"\x04"))
    ).decode() == snapshot("""\
data: {"data":{"audio":"0102","status":1,"ced":"9"},"trace_id":"t1","base_resp":{"status_code":0,"status_msg":"success"}}

data: {"data":{"audio":"0304","status":1,"ced":"18"},"trace_id":"t1","base_resp":{"status_code":0,"status_msg":"success"}}

data: {"data":{"audio":"","status":2,"ced":"18"},"trace_id":"t1","base_resp":{"status_code":0,"status_msg":"success"},"extra_info":{"audio_length":1234,"audio_sample_rate":32000,"audio_size":5,"bitrate":128000,"word_count":4,"invisible_character_ratio":0.0417,"usage_characters":10,"audio_format":"mp3","audio_channel":1}}

""")


def test_an_event_is_a_half_sentence_and_says_how_many_bytes_of_text_it_is() -> None:
    events = stream("你好，世界。a b?", (3, b"\x01"), (6, b"\x02"), (10, b"\x03"))
    assert heard(events) == [("01", "9"), ("02", "18"), ("03", "22"), ("", "22")]


def test_words_marked_one_by_one_are_joined_to_half_sentences() -> None:
    events = stream("ab cd, ef.", (2, b"\x01"), (5, b"\x02"), (9, b"\x03"))
    assert heard(events) == [("0102", "6"), ("03", "10"), ("", "10")]


def test_halves_that_are_said_in_one_breath_come_together() -> None:
    assert heard(stream("一，二，三。四。", (6, b"\x01"), (8, b"\x02"))) == [("01", "18"), ("02", "24"), ("", "24")]


def test_extra_info_is_in_the_last_event_alone_which_has_no_sound() -> None:
    *chunks, last = [json.loads(event[6:]) for event in stream("你好，世界。", (3, b"\x01"), (6, b"\x02"))]
    assert not any("extra_info" in chunk for chunk in chunks)
    assert [chunk["data"]["status"] for chunk in chunks] == [1, 1]
    assert last["data"] == {"audio": "", "status": 2, "ced": "18"}
    assert last["extra_info"]["audio_length"] == END.milliseconds


def test_an_error_is_an_event_with_an_object_for_data() -> None:
    assert write_error(InvalidField("text", "no"), trace_id="t1").decode() == snapshot("""\
data: {"data":{"audio":"","status":2,"ced":""},"trace_id":"t1","base_resp":{"status_code":2013,"status_msg":"invalid params, text: no"}}

""")
