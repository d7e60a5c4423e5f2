"""T2A Pro and T2A Stream over a real socket."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.live.running import LiveServer
from tests.live.test_t2a import body as short_body
from tests.live.test_t2a import seconds_of

PRO, STREAM = "/v1/t2a_pro", "/v1/tts/stream"
PACKED = {"audio_sample_rate": 24000, "bitrate": 64000}


def body(**changes: object) -> dict[str, Any]:
    return short_body(**PACKED | changes)


@pytest.fixture(params=["deterministic", "embedded"])
def server(request: pytest.FixtureRequest) -> LiveServer:
    """Both servers in turn."""
    found: LiveServer = request.getfixturevalue(request.param)
    return found


def test_a_long_text_is_spoken_and_fetched(server: LiveServer, tmp_path: Path) -> None:
    sentences = ["你好，很高兴认识你。", "Nice to meet you.", "再见！"]
    with server.client() as client:
        told = client.post(PRO, json=body(text="".join(sentences))).json()
    assert told["base_resp"] == {"status_code": 0, "status_msg": "success"}
    sound = httpx2.get(told["audio_file"], trust_env=False).content
    assert len(sound) == told["extra_info"]["audio_size"]
    seconds = told["extra_info"]["audio_length"] / 1000
    assert seconds_of(sound, tmp_path) == pytest.approx(seconds, abs=0.15)
    lines = httpx2.get(told["subtitle_file"], trust_env=False).json()
    assert [line["text"] for line in lines] == sentences
    assert lines[0]["time_begin"] == 0
    assert all(line["time_begin"] < line["time_end"] for line in lines)


def test_more_than_a_short_text(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        told = client.post(PRO, json=body(text="一二三四五。" * 500)).json()
    assert told["extra_info"]["word_count"] == 2500
    assert told["extra_info"]["usage_characters"] == 2500 * 2 + 500


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": "\u200b好"}, 1042),
        ({"text": "长" * 50001}, 2013),
        ({"timber_weights": None, "voice_id": "nobody"}, 2013),
        ({"bitrate": 7}, 2013),
    ],
)
def test_what_cannot_be_spoken_is_told(deterministic: LiveServer, changes: dict[str, Any], code: int) -> None:
    with deterministic.client() as client:
        answer = client.post(PRO, json=body(**changes))
        streamed = client.post(STREAM, json=body(**changes))
    assert answer.json()["trace_id"] == answer.headers["trace-id"]
    (event,) = events_of(streamed)
    assert answer.json()["base_resp"]["status_code"] == event["base_resp"]["status_code"] == code


def test_a_stream_by_half_sentences(server: LiveServer) -> None:
    with server.client() as client:
        whole = client.post(PRO, json=body()).json()
        *chunks, last = events_of(client.post(STREAM, json=body(format="mp3")))
    text = body()["text"]
    spoken = [int(chunk["data"]["ced"]) for chunk in chunks]
    assert spoken == sorted(set(spoken))
    assert len(spoken) == 2
    assert spoken[-1] == len(text.encode())
    joined = b"".join(bytes.fromhex(chunk["data"]["audio"]) for chunk in chunks)
    assert joined == httpx2.get(whole["audio_file"], trust_env=False).content
    assert last["extra_info"] == whole["extra_info"]


def test_the_platforms_own_sample_hears_all_of_it(deterministic: LiveServer) -> None:
    """It takes lines that begin with `data:`, and skips those that hold `extra_info`."""
    heard = b""
    with deterministic.client() as client, client.stream("POST", STREAM, json=body(format="pcm")) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                data = json.loads(line[5:])
                if "data" in data and "extra_info" not in data and "audio" in data["data"]:
                    heard += bytes.fromhex(data["data"]["audio"])
    assert len(heard) > 24000


def events_of(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"] == "text/event-stream"
    return [json.loads(event.removeprefix("data: ")) for event in answer.text.split("\n\n")[:-1]]
