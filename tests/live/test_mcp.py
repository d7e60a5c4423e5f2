"""The platform's own `minimax-mcp`, unmodified, against the real command: only host and key are set."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.listening import decode
from tests.live.running import LiveServer
from tests.live.test_t2a_v2 import PATH as SPEECH
from tests.live.test_t2a_v2 import body as speech_body

PROGRAM = Path(__file__).parent / "mcp_program.py"
Seen = dict[str, str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mcp")


@pytest.fixture(scope="module")
def seen(embedded: LiveServer, folder: Path) -> Seen:
    """What the tools said."""
    recording = folder / "sample.mp3"
    with embedded.client() as client:
        told = client.post(SPEECH, json=speech_body(text="今天天气很好，我们一起去公园散步吧。" * 5)).json()
    recording.write_bytes(bytes.fromhex(told["data"]["audio"]))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM), embedded.base_url, str(folder), str(recording)],
        env=os.environ | {"MINIMAX_API_KEY": embedded.api_key},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    found: Seen = json.loads(done.stdout)
    return found


def saved(said: str) -> Path:
    found = re.search(r"saved as: (\S+?)(?:\.? Voice|$)", said)
    assert found, said
    return Path(found[1])


def test_a_text_is_spoken_into_a_file(seen: Seen, tmp_path: Path) -> None:
    assert seen["spoken"].startswith("Success.")
    samples, rate = decode(saved(seen["spoken"]).read_bytes(), tmp_path)
    assert rate == 32000
    assert 0.5 < len(samples) / rate < 10


def test_every_option_is_heeded(seen: Seen) -> None:
    assert seen["bent"].startswith("Success.")
    assert saved(seen["bent"]).read_bytes().startswith(b"fLaC")


def test_a_link_is_fetched_without_a_key(seen: Seen) -> None:
    address = seen["linked"].removeprefix("Success. Audio URL: ")
    assert httpx2.get(address, trust_env=False).headers["content-type"] == "audio/mpeg"


def test_a_voice_that_there_is_not_is_told(seen: Seen) -> None:
    assert seen["nobody"].startswith("Failed to generate audio: API Error: 2054-voice id not exist")
    assert re.search(r"Trace-Id: [0-9a-f]{32}$", seen["nobody"])


def test_voices_are_listed(seen: Seen) -> None:
    assert seen["voices"].startswith("Success. System Voices: [")
    assert "ID: female-shaonv" in seen["voices"]


def test_a_voice_is_cloned_speaks_and_is_listed(seen: Seen, tmp_path: Path) -> None:
    assert seen["cloned"].startswith("Voice cloned successfully: Voice ID: cloned-by-mcp")
    assert len(decode(saved(seen["cloned"]).read_bytes(), tmp_path)[0])
    assert seen["clone speaks"].startswith("Success.")
    assert "cloned-by-mcp" in seen["voices then"]


def test_a_voice_is_designed(seen: Seen, tmp_path: Path) -> None:
    assert seen["designed"].startswith("Success.")
    assert "Voice ID generated: ttv-voice-" in seen["designed"]
    assert len(decode(saved(seen["designed"]).read_bytes(), tmp_path)[0])
