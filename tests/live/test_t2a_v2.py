"""T2A v2 over a real socket: whole, as events, and by links."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from inline_snapshot import snapshot

from rhapsode import Client
from tests.listening import decode
from tests.live.running import LiveServer

PATH = "/v1/t2a_v2"
TEXT = "你好，很高兴认识你。今天是2024年5月3日。"


def body(**changes: object) -> dict[str, Any]:
    return {
        "model": "speech-02-hd",
        "text": TEXT,
        "voice_setting": {"voice_id": "female-shaonv", "speed": 1, "vol": 1, "pitch": 0, "emotion": "happy"},
        "audio_setting": {"sample_rate": 32000, "bitrate": 128000, "format": "mp3", "channel": 1},
        "pronunciation_dict": {"tone": ["高兴/(gao1)(xing4)"]},
        "language_boost": "auto",
    } | changes


def events_of(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.text.endswith("\n\n")
    return [json.loads(event.removeprefix("data: ")) for event in answer.text.split("\n\n")[:-1]]


def sound_of(event: dict[str, Any]) -> bytes:
    return bytes.fromhex(event["data"]["audio"])


@pytest.fixture(params=["deterministic", "embedded"])
def server(request: pytest.FixtureRequest) -> LiveServer:
    """Both servers in turn."""
    found: LiveServer = request.getfixturevalue(request.param)
    return found


def test_a_whole_answer_says_what_its_sound_is(server: LiveServer, tmp_path: Path) -> None:
    with server.client() as client:
        answer = client.post(PATH, json=body())
    told = answer.json()
    assert told["base_resp"] == {"status_code": 0, "status_msg": "success"}
    assert told["trace_id"] == answer.headers["trace-id"]
    sound, info = sound_of(told), told["extra_info"]
    assert info["audio_size"] == len(sound)
    assert (info["audio_format"], info["audio_sample_rate"], info["audio_channel"]) == ("mp3", 32000, 1)
    assert info["usage_characters"] == len(TEXT) + sum("一" <= character <= "鿿" for character in TEXT)
    samples, rate = decode(sound, tmp_path)
    assert rate == 32000
    # A decoder hears LAME's delay and the end of the last frame too.
    assert len(samples) / rate == pytest.approx(info["audio_length"] / 1000, abs=0.15)


def plain(answer: httpx2.Response) -> str:
    """What was sent, with sizes in place of the sound and words in place of what differs from call to call."""
    text = re.sub(r'"audio":"([0-9a-f]*)"', lambda found: f'"audio":"<{len(found[1]) // 2} bytes>"', answer.text)
    return text.replace(answer.headers["trace-id"], "<trace>")


def test_the_whole_wire_answers(deterministic: LiveServer) -> None:
    asked = {"text": "你好，再见。", "audio_setting": {"sample_rate": 8000, "format": "pcm"}}
    with deterministic.client() as client:
        whole = client.post(PATH, json=body(**asked))
        streamed = client.post(PATH, json=body(**asked, stream=True))
        failed = client.post(PATH, json=body(**asked, stream=True, model="speech-9"))
    assert plain(whole) == snapshot(
        '{"data":{"audio":"<8944 bytes>","status":2,"ced":""},"extra_info":{"audio_length":559,"audio_sample_rate":8000,"audio_size":8944,"bitrate":128000,"word_count":4,"invisible_character_ratio":0.0,"usage_characters":10,"audio_format":"pcm","audio_channel":1},"trace_id":"<trace>","base_resp":{"status_code":0,"status_msg":"success"}}'
    )
    assert plain(streamed) == snapshot("""\
data: {"data":{"audio":"<1440 bytes>","status":1,"ced":""},"trace_id":"<trace>","base_resp":{"status_code":0,"status_msg":""}}

data: {"data":{"audio":"<1600 bytes>","status":1,"ced":""},"trace_id":"<trace>","base_resp":{"status_code":0,"status_msg":""}}

data: {"data":{"audio":"<3360 bytes>","status":1,"ced":""},"trace_id":"<trace>","base_resp":{"status_code":0,"status_msg":""}}

data: {"data":{"audio":"<2544 bytes>","status":1,"ced":""},"trace_id":"<trace>","base_resp":{"status_code":0,"status_msg":""}}

data: {"data":{"audio":"<8944 bytes>","status":2,"ced":""},"extra_info":{"audio_length":559,"audio_sample_rate":8000,"audio_size":8944,"bitrate":128000,"word_count":4,"invisible_character_ratio":0.0,"usage_characters":10,"audio_format":"pcm","audio_channel":1},"trace_id":"<trace>","base_resp":{"status_code":0,"status_msg":"success"}}

""")
    assert plain(failed) == snapshot("""\
data: {"data":{"audio":"<0 bytes>","status":2,"ced":""},"trace_id":"<trace>","base_resp":{"status_code":2013,"status_msg":"invalid params, model: unknown model 'speech-9'"}}

""")


def test_a_stream_is_the_whole_in_pieces(server: LiveServer) -> None:
    with server.client() as client:
        whole = client.post(PATH, json=body()).json()
        *chunks, last = events_of(client.post(PATH, json=body(stream=True)))
    assert len(chunks) > 1
    joined = b"".join(map(sound_of, chunks))
    assert joined == sound_of(last) == sound_of(whole)
    assert last["extra_info"] == whole["extra_info"]


def test_the_sdk_hears_a_stream_as_it_comes(server: LiveServer) -> None:
    with Client(server.base_url, server.group_id, server.api_key) as client:
        whole = client.speak(TEXT, voice="female-shaonv", emotion="happy")
        with client.stream_speak(TEXT, voice="female-shaonv", emotion="happy") as heard:
            pieces = list(heard)
    assert len(pieces) > 1
    assert b"".join(pieces) == heard.speech.audio == whole.audio
    assert heard.speech.content_type == whole.content_type == "audio/mpeg"


def test_a_stream_without_the_repeated_sound(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        options = {"exclude_aggregated_audio": True}
        *chunks, last = events_of(client.post(PATH, json=body(stream=True, stream_options=options)))
    assert last["data"] == {"audio": "", "status": 2, "ced": ""}
    assert len(b"".join(map(sound_of, chunks))) == last["extra_info"]["audio_size"]


def test_sound_and_subtitles_by_links_that_need_no_key(server: LiveServer) -> None:
    with server.client() as client:
        whole = client.post(PATH, json=body()).json()
        linked = client.post(PATH, json=body(output_format="url", subtitle_enable=True)).json()
    fetched = httpx2.get(linked["data"]["audio"], trust_env=False)
    assert fetched.headers["content-type"] == "audio/mpeg"
    assert fetched.content == sound_of(whole)
    assert linked["extra_info"] == whole["extra_info"]
    lines = httpx2.get(linked["data"]["subtitle_file"], trust_env=False).json()
    assert [line["text"] for line in lines] == ["你好，很高兴认识你。", "今天是2024年5月3日。"]
    assert lines[0]["time_begin"] == 0
    assert lines[0]["time_end"] == lines[1]["time_begin"]
    assert lines[1]["time_begin"] < lines[1]["time_end"] <= whole["extra_info"]["audio_length"] + 1


@pytest.mark.parametrize("stream", [False, True])
def test_subtitles_beside_the_sound(deterministic: LiveServer, *, stream: bool) -> None:
    with deterministic.client() as client:
        answer = client.post(PATH, json=body(subtitle_enable=True, stream=stream))
    told = events_of(answer)[-1] if stream else answer.json()
    lines = httpx2.get(told["data"]["subtitle_file"], trust_env=False).json()
    assert "".join(line["text"] for line in lines) == TEXT


@pytest.mark.parametrize("packed_as", ["pcm", "flac", "wav", "mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_packing(deterministic: LiveServer, packed_as: str, channels: int) -> None:
    setting = {"sample_rate": 8000, "bitrate": 32000, "format": packed_as, "channel": channels, "force_cbr": True}
    with deterministic.client() as client:
        told = client.post(PATH, json=body(audio_setting=setting, text="你好")).json()
    sound, info = sound_of(told), told["extra_info"]
    assert (info["audio_format"], info["audio_channel"], info["audio_sample_rate"]) == (packed_as, channels, 8000)
    assert sound.startswith({"wav": b"RIFF", "flac": b"fLaC"}.get(packed_as, b""))
    if packed_as == "pcm":
        assert len(sound) == pytest.approx(info["audio_length"] * 8 * 2 * channels, abs=2 * 8 * channels)


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"voice_setting": {"voice_id": "nobody"}}, 2054, "voice id not exist"),
    ({"timber_weights": [{"voice_id": "nobody", "weight": 1}]}, 2054, "voice id not exist, timber_weights[0].voice_id"),
    ({"model": "speech-9"}, 2013, "invalid params, model"),
    ({"text": "长" * 10001}, 2013, "invalid params, text"),
    ({"text": "好\u200b\u200b"}, 1042, "invisible character ratio limit"),
    ({"aigc_watermark": True}, 2013, "invalid params, aigc_watermark"),
    ({"language_boost": "Klingon"}, 2013, "invalid params, language_boost"),
]


@pytest.mark.parametrize(("changes", "code", "says"), WRONG)
def test_what_is_wrong_is_told_with_null_for_data(
    deterministic: LiveServer, changes: dict[str, Any], code: int, says: str
) -> None:
    with deterministic.client() as client:
        told = client.post(PATH, json=body(**changes)).json()
    assert told["data"] is None
    assert told["base_resp"]["status_code"] == code
    assert told["base_resp"]["status_msg"].startswith(says)


@pytest.mark.parametrize(("changes", "code", "says"), WRONG)
def test_who_waits_for_events_is_told_by_one(
    deterministic: LiveServer, changes: dict[str, Any], code: int, says: str
) -> None:
    with deterministic.client() as client:
        (event,) = events_of(client.post(PATH, json=body(stream=True, **changes)))
    assert event["data"] == {"audio": "", "status": 2, "ced": ""}
    assert event["base_resp"]["status_code"] == code
    assert event["base_resp"]["status_msg"].startswith(says)


def test_a_wrong_key_is_told_in_either_shape(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        client.headers["authorization"] = "Bearer nobody"
        whole = client.post(PATH, json=body()).json()
        (event,) = events_of(client.post(PATH, json=body(stream=True)))
    assert whole["base_resp"] == event["base_resp"] == {"status_code": 2049, "status_msg": "invalid api key"}


def test_the_group_may_be_left_out(deterministic: LiveServer) -> None:
    answer = httpx2.post(f"{deterministic.base_url}{PATH}", headers=deterministic.headers, json=body(), trust_env=False)
    assert answer.json()["base_resp"]["status_code"] == 0
