from pathlib import Path

import pytest

from rhapsode import AuthenticationFailed, BadRequest, CallError, ReplyCut, Speech, UnreadableReply
from tests.client.player import TRACE, Player, play, raw, status
from tests.client.speakers import OpenClient

AUDIO = b"\xff\xfb\x90\x64 not much of a sound"


def test_a_text_becomes_sound(open_client: OpenClient) -> None:
    with Player(play(AUDIO, "audio/mpeg", Trace_Id=TRACE)) as server:
        speech = open_client(base_url=server.url, group_id="12").speak("你好")
    assert speech == Speech(audio=AUDIO, content_type="audio/mpeg", trace_id=TRACE)
    (asked,) = server.asked
    assert asked.target == "/v1/text_to_speech?GroupId=12"
    assert asked.json == {
        "model": "speech-01",
        "text": "你好",
        "voice_id": "male-qn-qingse",
        "speed": 1.0,
        "vol": 1.0,
        "pitch": 0,
    }


def test_a_blend_and_every_option_reach_the_wire(open_client: OpenClient) -> None:
    with Player(play(AUDIO, "Audio/MPEG; charset=binary")) as server:
        speech = open_client(base_url=server.url).speak(
            "一<#0.5#>二",
            voice={"male-qn-qingse": 1, "female-shaonv": 3},
            speed=2,
            volume=0.5,
            pitch=-12,
            model="speech-02",
        )
    assert (speech.content_type, speech.trace_id) == ("audio/mpeg", None)
    assert server.asked[0].json == {
        "model": "speech-02",
        "text": "一<#0.50#>二",
        "timber_weights": [
            {"voice_id": "male-qn-qingse", "weight": 1},
            {"voice_id": "female-shaonv", "weight": 3},
        ],
        "speed": 2,
        "vol": 0.5,
        "pitch": -12,
    }


ANSWER = (
    b'{"data":{"audio":"%s","status":2,"ced":""},"extra_info":{"audio_format":"wav"},"trace_id":"abc",'
    b'"base_resp":{"status_code":0,"status_msg":"success"}}' % AUDIO.hex().encode()
)


def test_what_the_first_endpoint_has_no_word_for_goes_to_the_second(open_client: OpenClient) -> None:
    with Player(play(ANSWER)) as server:
        speech = open_client(base_url=server.url).speak(
            "你好", voice={"male-qn-qingse": 1, "female-shaonv": 3}, emotion="sad", format="wav", speed=0.5
        )
    assert speech == Speech(audio=AUDIO, content_type="audio/wav", trace_id="abc")
    assert server.asked[0].target == "/v1/t2a_v2"
    assert server.asked[0].json == {
        "model": "speech-01",
        "text": "你好",
        "voice_setting": {"voice_id": "", "speed": 0.5, "vol": 1.0, "pitch": 0, "emotion": "sad"},
        "audio_setting": {"sample_rate": 32000, "bitrate": 128000, "format": "wav", "channel": 1},
        "timber_weights": [
            {"voice_id": "male-qn-qingse", "weight": 1},
            {"voice_id": "female-shaonv", "weight": 3},
        ],
    }


@pytest.mark.parametrize(("text", "model"), [("长" * 500, "speech-01"), ("好", "speech-02-hd")])
def test_a_long_text_and_a_later_model_too(open_client: OpenClient, text: str, model: str) -> None:
    with Player(play(ANSWER)) as server:
        open_client(base_url=server.url).speak(text, model=model)
    assert server.asked[0].target == "/v1/t2a_v2"


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":null,"trace_id":"abc","base_resp":{"status_code":2054,"status_msg":"voice id not exist"}}',
        b'{"data":{"audio":"zz"},"base_resp":{"status_code":0}}',
        b'{"data":null,"base_resp":{"status_code":0}}',
        b"not json",
    ],
)
def test_an_answer_of_the_second_endpoint_without_sound_is_raised(open_client: OpenClient, body: bytes) -> None:
    with Player(play(body)) as server, pytest.raises(CallError):
        open_client(base_url=server.url).speak("你好", emotion="calm")


def test_an_emotion_or_a_format_that_there_is_not_is_refused_here(open_client: OpenClient) -> None:
    with Player() as server:
        client = open_client(base_url=server.url)
        with pytest.raises(BadRequest, match="emotion: must be one of happy"):
            client.speak("你好", emotion="bored")  # pyright: ignore[reportArgumentType]
        with pytest.raises(BadRequest, match="format: must be one of mp3"):
            client.speak("你好", format="ogg")  # pyright: ignore[reportArgumentType]


def test_a_failure_is_json(open_client: OpenClient) -> None:
    body = b'{"trace_id":"abc","base_resp":{"status_code":2049,"status_msg":"invalid api key"}}'
    with Player(play(body)) as server, pytest.raises(AuthenticationFailed) as caught:
        open_client(base_url=server.url).speak("你好")
    assert (caught.value.code, caught.value.trace_id) == (2049, "abc")
    assert str(caught.value) == "invalid api key (code 2049, trace id abc)"
    assert caught.value.message == "invalid api key"


def test_an_unknown_voice_is_a_bad_request(open_client: OpenClient) -> None:
    with Player(status(2054, "voice id not exist")) as server, pytest.raises(BadRequest):
        open_client(base_url=server.url).speak("你好", voice="nobody")


@pytest.mark.parametrize("body", [b'{"base_resp":{"status_code":0}}', b"{}", b"<html>", b""])
def test_what_is_neither_sound_nor_a_reason(open_client: OpenClient, body: bytes) -> None:
    with Player(play(body, "text/html")) as server, pytest.raises(UnreadableReply):
        open_client(base_url=server.url).speak("你好")


def test_an_empty_file_is_no_speech(open_client: OpenClient) -> None:
    with Player(play(b"", "audio/mpeg")) as server, pytest.raises(UnreadableReply, match="empty"):
        open_client(base_url=server.url).speak("你好")


def test_half_a_file_is_no_speech(open_client: OpenClient) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 99\r\n\r\n" + AUDIO
    with Player(raw(half)) as server, pytest.raises(ReplyCut):
        open_client(base_url=server.url).speak("你好")


@pytest.mark.parametrize("text", ["", "……", "<#1#>你好", "你好<#1#>", "你好<#0#>你好", "你好<#一#>你好"])
def test_what_cannot_be_spoken_is_not_sent(open_client: OpenClient, text: str) -> None:
    with Player() as server:
        with pytest.raises(BadRequest, match=r"^text: "):
            open_client(base_url=server.url).speak(text)
        assert server.asked == []


def test_a_blend_of_nobody_is_not_sent(open_client: OpenClient) -> None:
    with Player() as server, pytest.raises(BadRequest, match=r"^voice: "):
        open_client(base_url=server.url).speak("你好", voice={})


SPEECH = Speech(audio=AUDIO, content_type="audio/mpeg", trace_id=None)


def test_a_file_is_saved_whole(tmp_path: Path) -> None:
    target = tmp_path / "你好.mp3"
    target.write_bytes(b"older")
    assert SPEECH.save(target) == target
    assert target.read_bytes() == AUDIO
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        SPEECH.save(tmp_path / "gone" / "hi.mp3")
    assert list(tmp_path.iterdir()) == []


def test_saving_over_a_link_replaces_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "real.mp3").write_bytes(b"older")
    (tmp_path / "link.mp3").symlink_to(tmp_path / "real.mp3")
    SPEECH.save(tmp_path / "link.mp3")
    assert (tmp_path / "link.mp3").is_symlink()
    assert (tmp_path / "real.mp3").read_bytes() == AUDIO


def test_a_device_is_written_to_and_not_replaced() -> None:
    assert SPEECH.save("/dev/null") == Path("/dev/null")
    assert Path("/dev/null").is_char_device()


def test_the_sound_does_not_print() -> None:
    assert repr(SPEECH) == "Speech(content_type='audio/mpeg', trace_id=None)"
