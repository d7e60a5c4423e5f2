import json

import pytest
from inline_snapshot import snapshot

from rhapsode.core.errors import InvalidField, InvisibleText
from rhapsode.core.speech import AudioFormat, AudioSetting
from rhapsode.dialects.minimax import t2a_pro
from rhapsode.dialects.minimax.subtitles import write_subtitles
from tests.dialects.minimax.speeches import END, speech
from tests.dialects.minimax.test_t2a import body as short_body


def body(**changes: object) -> bytes:
    return short_body(**{"audio_sample_rate": 16000, "bitrate": 32000} | changes)


def test_a_long_text_is_read_with_its_packing() -> None:
    request = t2a_pro.read_request(body(text="长" * 50000, output_format="wav"))
    assert request.text == "长" * 50000
    assert request.audio == AudioSetting(format=AudioFormat.WAV, sample_rate=16000, bitrate=32000)
    assert t2a_pro.read_request(body(audio_sample_rate=None, bitrate=None)).audio == AudioSetting()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": "长" * 50001}, "text"),
        ({"text": ""}, "text"),
        ({"audio_sample_rate": 48000}, "audio_sample_rate"),
        ({"bitrate": 64}, "bitrate"),
        ({"output_format": "ogg"}, "output_format"),
        ({"speed": 0}, "speed"),
    ],
)
def test_a_field_that_breaks_its_rule_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        t2a_pro.read_request(body(**changes))
    assert caught.value.field == field


def test_the_answer() -> None:
    answer = t2a_pro.write_reply(
        speech(), END, trace_id="t1", audio_url="http://h/a.mp3", subtitle_url="http://h/s.json"
    )
    assert answer.decode() == snapshot(
        '{"trace_id":"t1","audio_file":"http://h/a.mp3","subtitle_file":"http://h/s.json","extra_info":{"audio_length":1234,"audio_sample_rate":32000,"audio_size":5,"bitrate":128000,"word_count":4,"invisible_character_ratio":0.0417,"usage_characters":10,"audio_format":"mp3","audio_channel":1},"base_resp":{"status_code":0,"status_msg":"success"}}'
    )


def test_an_error() -> None:
    answer = t2a_pro.write_error(InvisibleText(0.5, most=0.1), trace_id="t1")
    assert json.loads(answer)["base_resp"]["status_code"] == 1042


def test_subtitles_are_an_array_with_milliseconds() -> None:
    assert write_subtitles(END.subtitles).decode() == snapshot(
        '[{"text":"你好，","time_begin":0,"time_end":700},{"text":"世界。","time_begin":700,"time_end":1234}]'
    )
