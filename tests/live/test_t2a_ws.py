"""T2A over a real WebSocket, with a client that is not ours."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.live.running import DETERMINISTIC, LiveServer, running_server

PATH = "/ws/v1/t2a_v2"
START: dict[str, Any] = {
    "event": "task_start",
    "model": "speech-01-turbo",
    "voice_setting": {"voice_id": "male-qn-qingse", "speed": 1, "vol": 1, "pitch": 0},
    "audio_setting": {"sample_rate": 24000, "bitrate": 128000, "format": "pcm", "channel": 1},
}
FINISH = {"event": "task_finish"}


def dial(server: LiveServer, headers: dict[str, str] | None = None) -> ClientConnection:
    url = server.base_url.replace("http", "ws", 1) + PATH
    return connect(url, additional_headers=server.headers if headers is None else headers, proxy=None, open_timeout=60)


def say(connection: ClientConnection, *events: dict[str, Any] | str) -> None:
    for event in events:
        connection.send(json.dumps(event if isinstance(event, dict) else {"event": "task_continue", "text": event}))


def hear(connection: ClientConnection) -> dict[str, Any]:
    return json.loads(connection.recv(timeout=60))


def hear_all(connection: ClientConnection) -> Iterator[dict[str, Any]]:
    """Until it is closed."""
    for frame in connection:
        yield json.loads(frame)


def status(frame: dict[str, Any]) -> tuple[str, int]:
    return frame["event"], frame["base_resp"]["status_code"]


def sound_of(frames: list[dict[str, Any]]) -> bytes:
    return b"".join(bytes.fromhex(frame["data"]["audio"]) for frame in frames if "data" in frame)


def whole(server: LiveServer, text: str) -> bytes:
    """The same by HTTP."""
    fields = {name: START[name] for name in ("model", "voice_setting", "audio_setting")}
    with server.client() as client:
        answer = client.post("/v1/t2a_v2", json=fields | {"text": text}).json()
    return bytes.fromhex(answer["data"]["audio"])


@pytest.mark.parametrize("which", ["deterministic", "embedded"])
def test_texts_are_spoken_in_order_each_as_a_call_of_its_own_would(which: str, request: pytest.FixtureRequest) -> None:
    server: LiveServer = request.getfixturevalue(which)
    texts = ["今天天气很好，我们一起去公园散步吧。", "……", "Good night."]
    with dial(server) as connection:
        assert connection.response is not None
        assert connection.response.headers["Trace-Id"] == connection.response.headers["alb_request_id"]
        say(connection, START, *texts, FINISH)
        frames = list(hear_all(connection))
    assert [status(frame) for frame in frames[:2]] == [("connected_success", 0), ("task_started", 0)]
    assert status(frames[-1]) == ("task_finished", 0)
    assert len({(frame["session_id"], frame["trace_id"]) for frame in frames}) == 1
    ends = [place for place, frame in enumerate(frames) if frame.get("is_final")]
    first, second = frames[2 : ends[0] + 1], frames[ends[1] + 1 : ends[2] + 1]
    assert len(ends) == 3
    assert ends[2] == len(frames) - 2
    assert ends[1] == ends[0] + 1  # nothing to speak: no sound, and no error
    assert sound_of(first) == whole(server, texts[0])
    assert sound_of(second) == whole(server, texts[2])
    assert all("extra_info" not in frame for frame in first[:-1])
    info = first[-1]["extra_info"]
    assert info["audio_size"] == len(sound_of(first))
    assert info["audio_length"] == pytest.approx(len(sound_of(first)) / 48, abs=1)
    assert (info["usage_characters"], info["audio_sample_rate"], info["audio_channel"]) == (34, 24000, 1)


def test_the_order_that_one_client_in_use_goes_by(deterministic: LiveServer) -> None:
    # Two replies are compared by name; after 30 s of silence an empty text must bring exactly one frame.
    with dial(deterministic) as connection:
        assert hear(connection)["event"] == "connected_success"
        say(connection, START)
        assert hear(connection)["event"] == "task_started"
        say(connection, "")
        assert hear(connection)["base_resp"]["status_code"] == 2203
        say(connection, "Hello.")
        while not (frame := hear(connection))["is_final"]:
            assert frame["data"]["audio"]
        assert frame["extra_info"]["usage_characters"] == 6
        say(connection, "")
        frame = hear(connection)
        assert (frame["is_final"], frame["data"]) == (True, {"audio": ""})
        say(connection, FINISH)
        assert hear(connection)["event"] == "task_finished"
        with pytest.raises(ConnectionClosed):
            hear(connection)
        assert connection.close_code == 1000


def test_the_order_that_another_client_in_use_goes_by(deterministic: LiveServer) -> None:
    # It raises for any code but 0, and when the connection is closed before task_finished.
    with dial(deterministic) as connection:
        say(connection, START | {"text_normalization": True})
        heard = bytearray()
        while (frame := hear(connection))["event"] != "task_started":
            assert frame["base_resp"]["status_code"] == 0
        say(connection, "One.", "Two.", FINISH)
        finals = 0
        while (frame := hear(connection))["event"] != "task_finished":
            assert frame["base_resp"]["status_code"] == 0
            heard += bytes.fromhex(frame.get("data", {}).get("audio", ""))
            finals += frame["is_final"]
    assert finals == 2
    assert bytes(heard) == whole(deterministic, "One.") + whole(deterministic, "Two.")


def test_a_text_that_is_too_long_is_skipped_and_the_next_is_spoken(deterministic: LiveServer) -> None:
    with dial(deterministic) as connection:
        say(connection, START, "好" * 10001, "Hello.", FINISH)
        frames = list(hear_all(connection))
    assert status(frames[2]) == ("task_continued", 2204)
    assert frames[2]["is_final"] is True
    assert sound_of(frames[3:]) == whole(deterministic, "Hello.")


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([{"event": "task_pause"}], 2202),
        (["Hello."], 2202),
        ([FINISH], 2202),
        ([START, START], 2202),
        ([START | {"model": "gpt"}], 2013),
        ([START | {"audio_setting": {"format": "wav"}}], 2013),
        ([{"no": "event"}], 2013),
        ([START, "a<#100#>b"], 2013),
        ([START | {"voice_setting": {"voice_id": "nobody"}}], 2054),
        ([START, "a\u200b\u200b"], 1042),
        ([START, *["好" * 10000] * 13], 2205),
    ],
)
def test_what_goes_wrong_is_told_by_code_and_ends_the_connection(
    deterministic: LiveServer, events: list[dict[str, Any] | str], code: int
) -> None:
    with dial(deterministic) as connection:
        say(connection, *events)
        frames = list(hear_all(connection))
    assert status(frames[0]) == ("connected_success", 0)
    assert status(frames[-1]) == ("task_failed", code)
    assert set(frames[-1]) == {"event", "session_id", "trace_id", "base_resp"}


@pytest.mark.parametrize("frame", ["not JSON", b"{}"])
def test_a_frame_that_is_no_json_text_fails(deterministic: LiveServer, frame: str | bytes) -> None:
    with dial(deterministic) as connection:
        connection.send(frame)
        last = list(hear_all(connection))[-1]
    assert status(last) == ("task_failed", 2013 if isinstance(frame, str) else 2202)


@pytest.mark.parametrize(("headers", "code"), [({}, 1004), ({"Authorization": "Bearer sk-rh-wrong"}, 2049)])
def test_a_wrong_key_is_the_first_thing_told(deterministic: LiveServer, headers: dict[str, str], code: int) -> None:
    with dial(deterministic, headers) as connection:
        frames = list(hear_all(connection))
    assert [status(frame) for frame in frames] == [("task_failed", code)]


def test_another_path_is_no_connection(deterministic: LiveServer) -> None:
    with pytest.raises(InvalidStatus), connect(f"{deterministic.base_url.replace('http', 'ws', 1)}/ws", proxy=None):
        pass


def test_a_server_that_is_told_to_stop_speaks_to_the_end_and_takes_nobody_new(tmp_path: Path) -> None:
    text = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。" * 40
    with running_server(tmp_path, DETERMINISTIC) as server, dial(server) as idle, dial(server) as busy:
        assert hear(idle)["event"] == "connected_success"
        say(busy, START, text, FINISH)
        frames = [hear(busy) for _ in range(4)]
        server.process.send_signal(signal.SIGTERM)
        frames += hear_all(busy)
        assert status(frames[-1]) == ("task_finished", 0)
        with pytest.raises(ConnectionClosed):
            hear(idle)
        assert idle.close_code == 1012
        assert server.process.wait(30) == 0
