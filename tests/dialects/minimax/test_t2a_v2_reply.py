"""What callers of T2A v2 are sent, and each rule that a client in use imposes on it."""

import json
import random
from typing import Any

import pytest
from inline_snapshot import snapshot

from rhapsode.core.errors import InvalidField, UnknownVoice
from rhapsode.core.speech import AudioFormat
from rhapsode.dialects.minimax import t2a_v2_reply
from rhapsode.dialects.minimax.t2a_v2 import T2aV2Call
from tests.dialects.minimax.speeches import END, speech

CALL = T2aV2Call(request=speech(), stream=True)
PIECES = [b"\x00\x01", b"\xff\xfe", b"\x10"]


def stream(call: T2aV2Call = CALL, *, subtitle_url: str = "") -> bytes:
    writer = t2a_v2_reply.StreamWriter(call, "t1")
    events = [writer.write_audio(piece) for piece in PIECES]
    return b"".join([*events, *writer.write_end(END, subtitle_url=subtitle_url)])


def events_of(sent: bytes) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix(b"data: ")) for line in sent.split(b"\n\n")[:-1]]


def whole(*, subtitle_url: str = "") -> str:
    parts = t2a_v2_reply.write_reply(CALL, PIECES, END, trace_id="t1", subtitle_url=subtitle_url)
    return b"".join(parts).decode()


def test_a_whole_answer() -> None:
    assert whole() == snapshot(
        '{"data":{"audio":"0001fffe10","status":2,"ced":""},"extra_info":{"audio_length":1234,"audio_sample_rate":32000,"audio_size":5,"bitrate":128000,"word_count":4,"invisible_character_ratio":0.0417,"usage_characters":10,"audio_format":"mp3","audio_channel":1},"trace_id":"t1","base_resp":{"status_code":0,"status_msg":"success"}}'
    )
    assert json.loads(whole(subtitle_url="http://h/s.json"))["data"] == snapshot(
        {"audio": "0001fffe10", "status": 2, "ced": "", "subtitle_file": "http://h/s.json"}
    )


def test_a_long_sound_is_written_in_parts() -> None:
    sound = random.Random(1).randbytes(1_000_001)
    parts = list(t2a_v2_reply.write_reply(CALL, [sound], END, trace_id="t1"))
    assert max(map(len, parts)) <= 256 * 1024
    assert bytes.fromhex(json.loads(b"".join(parts))["data"]["audio"]) == sound


def test_a_whole_answer_with_a_link() -> None:
    answer = t2a_v2_reply.write_linked_reply(CALL, "http://h/a.mp3", END, trace_id="t1")
    assert json.loads(answer)["data"] == snapshot({"audio": "http://h/a.mp3", "status": 2, "ced": ""})


def test_a_stream() -> None:
    assert stream().decode() == snapshot("""\
data: {"data":{"audio":"0001","status":1,"ced":""},"trace_id":"t1","base_resp":{"status_code":0,"status_msg":""}}

data: {"data":{"audio":"fffe","status":1,"ced":""},"trace_id":"t1","base_resp":{"status_code":0,"status_msg":""}}

data: {"data":{"audio":"10","status":1,"ced":""},"trace_id":"t1","base_resp":{"status_code":0,"status_msg":""}}

data: {"data":{"audio":"0001fffe10","status":2,"ced":""},"extra_info":{"audio_length":1234,"audio_sample_rate":32000,"audio_size":5,"bitrate":128000,"word_count":4,"invisible_character_ratio":0.0417,"usage_characters":10,"audio_format":"mp3","audio_channel":1},"trace_id":"t1","base_resp":{"status_code":0,"status_msg":"success"}}

""")


def test_the_last_event_repeats_the_sound_unless_told_not_to() -> None:
    *_, last = events_of(stream())
    assert bytes.fromhex(last["data"]["audio"]) == b"".join(PIECES)
    *chunks, last = events_of(stream(T2aV2Call(request=speech(), stream=True, aggregated=False)))
    assert last["data"]["audio"] == ""
    assert last["extra_info"]["audio_size"] == END.size
    assert b"".join(bytes.fromhex(chunk["data"]["audio"]) for chunk in chunks) == b"".join(PIECES)


def test_a_stream_says_at_its_end_where_its_subtitles_are() -> None:
    *chunks, last = events_of(stream(subtitle_url="http://h/s.json"))
    assert last["data"]["subtitle_file"] == "http://h/s.json"
    assert not any("subtitle_file" in chunk["data"] for chunk in chunks)


def test_sound_comes_in_events_without_extra_info_and_the_last_event_has_it() -> None:
    *chunks, last = events_of(stream())
    assert len(chunks) == len(PIECES)
    assert not any("extra_info" in chunk for chunk in chunks)
    assert "extra_info" in last


def test_sound_comes_with_status_1_and_the_last_event_has_2() -> None:
    *chunks, last = events_of(stream())
    assert {chunk["data"]["status"] for chunk in chunks} == {1}
    assert last["data"]["status"] == 2


def test_each_event_is_one_line_behind_data_and_a_blank_and_before_an_empty_line() -> None:
    lines = stream().split(b"\n")
    assert all(line.startswith(b"data: {") for line in lines[:-1:2])
    assert not any(lines[1::2])
    assert lines[-1] == b""


def test_an_event_comes_after_the_last_sound() -> None:
    quiet = events_of(stream(T2aV2Call(request=speech(), stream=True, aggregated=False)))
    assert not quiet[-1]["data"]["audio"]


def test_data_is_an_object_in_every_event_even_of_an_error() -> None:
    broken = t2a_v2_reply.write_streamed_error(InvalidField("text", "no"), trace_id="t1")
    for event in events_of(stream() + broken):
        assert isinstance(event["data"], dict)
        assert isinstance(event["data"]["audio"], str)


def test_no_status_stands_at_the_top() -> None:
    assert not any("status" in event for event in [*events_of(stream()), json.loads(whole())])


def test_every_answer_has_a_base_resp_and_one_trace_id() -> None:
    for event in [*events_of(stream()), json.loads(whole())]:
        assert event["base_resp"]["status_code"] == 0
        assert event["trace_id"] == "t1"


def test_an_error_of_a_whole_answer_has_null_for_data() -> None:
    answer = t2a_v2_reply.write_error(UnknownVoice("voice_setting.voice_id", "x"), trace_id="t1")
    assert answer.decode() == snapshot(
        '{"data":null,"trace_id":"t1","base_resp":{"status_code":2054,"status_msg":"voice id not exist, voice_setting.voice_id: voice id \'x\' does not exist"}}'
    )


def test_an_error_for_a_caller_that_waits_for_events() -> None:
    answer = t2a_v2_reply.write_streamed_error(InvalidField("text", "no"), trace_id="t1")
    assert answer.decode() == snapshot("""\
data: {"data":{"audio":"","status":2,"ced":""},"trace_id":"t1","base_resp":{"status_code":2013,"status_msg":"invalid params, text: no"}}

""")


@pytest.mark.parametrize(
    ("packed_as", "bits"), [("mp3", 128000), ("pcm", 512000), ("wav", 512000), ("flac", 32), ("aac", 128000)]
)
def test_the_bit_rate_is_what_it_is(packed_as: str, bits: int) -> None:
    call = T2aV2Call(request=speech(packed_as=AudioFormat(packed_as)))
    answer = json.loads(b"".join(t2a_v2_reply.write_reply(call, PIECES, END, trace_id="t1")))
    assert answer["extra_info"]["bitrate"] == bits
    assert answer["extra_info"]["audio_format"] == packed_as
