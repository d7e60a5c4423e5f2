"""What is kept of a voice that nobody has and of a model that nobody serves: not what was sent in their place."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from rhapsode.service.account import UNKNOWN_VOICE
from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_chat_v2 import body as chat_body
from tests.live.test_long_text import body as long_body
from tests.live.test_long_text import zipped
from tests.live.test_t2a_v2 import body as v2_body

SECRET: Final = "Meet me at the old lighthouse"
VOICE: Final = {"voice_setting": {"voice_id": SECRET}}

MISTAKEN: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("text_to_speech", {"model": "speech-01", "text": "hi", "voice_id": SECRET}),
    ("t2a_pro", {"model": "speech-01", "text": "hi", "voice_id": SECRET}),
    ("tts/stream", {"model": "speech-01", "text": "hi", "voice_id": SECRET}),
    ("t2a_v2", v2_body(**VOICE)),
    ("t2a_v2", v2_body(**VOICE, stream=True)),
    ("t2a_async_v2", long_body(**VOICE)),
    ("audio/speech", {"model": "speech-01", "input": "hi", "voice": SECRET}),
    ("text/chatcompletion_v2", chat_body(**VOICE, stream=True, stream_options={"speech_output": True})),
)
UNSERVED: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("text_to_speech", {"model": SECRET, "text": "hi", "voice_id": "male-qn-qingse"}),
    ("t2a_v2", v2_body(model=SECRET)),
    ("t2a_async_v2", long_body(model=SECRET)),
    ("audio/speech", {"model": SECRET, "input": "hi", "voice": "alloy"}),
    ("chat/completions", {"model": SECRET, "messages": [{"role": "user", "content": "hi"}]}),
    ("text/chatcompletion_v2", chat_body(model=SECRET)),
    ("embeddings", {"model": SECRET, "texts": ["a"], "type": "db"}),
)


def kept_voices(server: LiveServer) -> list[str]:
    with closing(sqlite3.connect(server.home / "rhapsode.db")) as connection:
        return [voice for (voice,) in connection.execute("SELECT voice FROM calls")]


def test_what_stands_in_the_place_of_a_name_is_not_written_down(tmp_path: Path) -> None:
    with running_server(tmp_path, f"[logs]\njson = true\n{DETERMINISTIC}") as server:
        with server.client() as client:
            for path, body in (*MISTAKEN, *UNSERVED):
                assert SECRET in client.post(f"/v1/{path}", json=body).text  # the caller is told of it
            form = {"model": "speech-01", "voice_id": SECRET}
            assert (
                SECRET
                in client.post("/v1/t2a_async", data=form, files={"text": ("a.zip", zipped({"1.txt": "hi"}))}).text
            )
            client.post("/v1/t2a_v2", json=v2_body(text="hi"))
        assert server.terminate() == 0
    assert kept_voices(server) == [*[UNKNOWN_VOICE] * (len(MISTAKEN) + 1), "female-shaonv"]
    output = (tmp_path / "output.txt").read_text(encoding="utf-8")
    assert SECRET not in output
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    calls = [line for line in lines if line["event"] == "call"]
    assert [line.get("voice") for line in calls if "voice" in line] == kept_voices(server)
    assert len([line for line in calls if "model" not in line]) == len(UNSERVED)


def test_a_call_over_its_limit_says_no_voice(tmp_path: Path) -> None:
    settings = f"[logs]\njson = true\n[limits]\ncharacters_per_minute = 1\n{DETERMINISTIC}"
    with running_server(tmp_path, settings) as server:
        with server.client() as client:
            told = client.post("/v1/t2a_v2", json=v2_body(**VOICE)).json()
        assert told["base_resp"]["status_code"] == 1039
        assert server.terminate() == 0
    assert '"code":1039' in (tmp_path / "output.txt").read_text(encoding="utf-8")
    assert SECRET not in (tmp_path / "output.txt").read_text(encoding="utf-8")
