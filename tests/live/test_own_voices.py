"""Voices of callers' own, made and spoken with over the real command."""

import importlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import urlsplit

import httpx2
import numpy as np
import pytest

from tests.listening import Floats, Samples, decode, median_pitch
from tests.live.running import LiveServer, running_server

SETTINGS = """
[chat.engines.embedded]
kind = "scripted"
"""
STORY = (
    "北风和太阳正在争论谁比较有本事。他们看见一个穿着厚大衣的人走过来。于是说好谁能先让他脱下衣服，谁就算赢。"
    "北风用尽力气吹，可是那个人把衣服裹得更紧了。从前有一个小村庄，村里住着许多善良的人。"
)


class _Write(Protocol):
    def __call__(self, file: BytesIO, data: Samples, rate: int, *, format: str) -> None: ...  # noqa: A002


_write = cast("_Write", importlib.import_module("soundfile").write)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with running_server(tmp_path_factory.mktemp("own-voices"), SETTINGS) as running:
        yield running


def post(client: httpx2.Client, path: str, **body: object) -> dict[str, object]:
    answer: dict[str, object] = client.post(path, json=body).json()
    return answer


def made(client: httpx2.Client, path: str, **body: object) -> dict[str, object]:
    answer = post(client, path, **body)
    assert answer["base_resp"] == {"status_code": 0, "status_msg": "success"}
    return answer


def refused(answer: dict[str, object], code: int) -> str:
    told = cast("dict[str, object]", answer["base_resp"])
    assert told["status_code"] == code, told
    return str(told["status_msg"])


def spoken(
    client: httpx2.Client, folder: Path, text: str = "我们一起去公园散步吧。", **body: object
) -> tuple[Floats, int]:
    answer = client.post("/v1/text_to_speech", json={"model": "speech-01", "text": text, **body})
    assert answer.headers["content-type"] == "audio/mpeg", answer.text
    return decode(answer.content, folder)


def pitch(sound: tuple[Floats, int]) -> float:
    return median_pitch(sound[0].astype(np.float32), sound[1], floor=50.0)


def upload(client: httpx2.Client, name: str, content: bytes, purpose: str = "voice_clone") -> int:
    answer = client.post("/v1/files/upload", data={"purpose": purpose}, files={"file": (name, content)}).json()
    assert answer["base_resp"]["status_code"] == 0, answer
    return int(answer["file"]["file_id"])


def as_wav(sound: tuple[Floats, int]) -> bytes:
    file = BytesIO()
    _write(file, sound[0].astype(np.float32), sound[1], format="WAV")
    return file.getvalue()


def test_a_recorded_voice_speaks_again(server: LiveServer, tmp_path: Path) -> None:
    with server.client() as client:
        recorded = spoken(client, tmp_path, STORY, voice_id="female-shaonv", speed=0.9)
        assert len(recorded[0]) / recorded[1] > 10
        file_id = upload(client, "her.wav", as_wav(recorded))
        answer = made(
            client,
            "/v1/voice_clone",
            file_id=file_id,
            voice_id="her-voice-1",
            text="你好，我是新的声音。",
            model="speech-01",
        )
        demo = urlsplit(str(answer["demo_audio"]))
        heard = httpx2.get(str(answer["demo_audio"]))
        assert demo.netloc == urlsplit(server.base_url).netloc
        assert heard.headers["content-type"] == "audio/mpeg"
        assert len(decode(heard.content, tmp_path)[0]) > 0
        original = pitch(spoken(client, tmp_path, voice_id="female-shaonv"))
        assert pitch(spoken(client, tmp_path, voice_id="her-voice-1")) == pytest.approx(original, rel=0.06)
        listed = cast(
            "list[dict[str, object]]", made(client, "/v1/get_voice", voice_type="voice_cloning")["voice_cloning"]
        )
        assert [voice["voice_id"] for voice in listed] == ["her-voice-1"]
        refused(post(client, "/v1/voice_clone", file_id=file_id, voice_id="her-voice-1"), 2039)
        refused(post(client, "/v1/voice_clone", file_id=file_id, voice_id="female-shaonv"), 2039)
        prompt = upload(client, "prompt.wav", as_wav(recorded), "prompt_audio")
        said = {"prompt_audio": prompt, "prompt_text": "你好。"}
        refused(post(client, "/v1/voice_clone", file_id=file_id, voice_id="her-voice-2", clone_prompt=said), 2048)
        made(client, "/v1/delete_voice", voice_type="voice_cloning", voice_id="her-voice-1")
        gone = client.post(
            "/v1/text_to_speech", json={"model": "speech-01", "text": "你好", "voice_id": "her-voice-1"}
        ).json()
        assert gone["base_resp"]["status_code"] in {2013, 2054}


def test_what_cannot_be_cloned_is_refused_with_its_code(server: LiveServer, tmp_path: Path) -> None:
    with server.client() as client:
        short = upload(client, "short.wav", as_wav(spoken(client, tmp_path, voice_id="female-yujie")))
        assert "10 seconds" in refused(post(client, "/v1/voice_clone", file_id=short, voice_id="too-short-1"), 2037)
        text = upload(client, "text.mp3", b"no sound at all" * 1000)
        assert "no recording" in refused(post(client, "/v1/voice_clone", file_id=text, voice_id="no-sound-1"), 2013)
        silent = upload(client, "silent.wav", as_wav((np.zeros(12 * 16000), 16000)))
        assert "voice" in refused(post(client, "/v1/voice_clone", file_id=silent, voice_id="silence-1"), 2013)
        other = upload(client, "other.wav", as_wav((np.zeros(12 * 16000), 16000)), "prompt_audio")
        assert "uploaded for" in refused(post(client, "/v1/voice_clone", file_id=other, voice_id="purpose-1"), 2013)
        assert "no file" in refused(post(client, "/v1/voice_clone", file_id=1, voice_id="nothing-1"), 2013)


def test_a_described_voice_speaks(server: LiveServer, tmp_path: Path) -> None:
    with server.client() as client:
        old = made(client, "/v1/voice_design", prompt="低沉的老爷爷", preview_text="很久很久以前。")
        assert str(old["voice_id"]).startswith("ttv-voice-")
        deep = pitch(decode(bytes.fromhex(str(old["trial_audio"])), tmp_path))
        girl = made(client, "/v1/text2voice", gender="female", age="child", voice_desc=["cute"], text="很久很久以前。")
        high = pitch(decode(bytes.fromhex(str(girl["trial_audio"])), tmp_path))
        assert high > 2 * deep
        assert pitch(spoken(client, tmp_path, voice_id=old["voice_id"])) < 130
        listed = cast("list[object]", made(client, "/v1/get_voice", voice_type="voice_generation")["voice_generation"])
        assert len(listed) == 2
        assert "name a gender" in refused(post(client, "/v1/voice_design", prompt="xyzzy", preview_text="你好"), 2013)


def test_a_saved_blend_is_a_voice_wherever_one_is(server: LiveServer, tmp_path: Path) -> None:
    shares = [{"voice_id": "male-qn-badao", "weight": 50}, {"voice_id": "female-shaonv", "weight": 50}]
    with server.client() as client:
        made(client, "/v1/voice_blend", voice_id="my-duo-001", timber_weights=shares)
        mixed = spoken(client, tmp_path, timber_weights=shares)
        again = spoken(client, tmp_path, voice_id="my-duo-001")
        assert np.array_equal(mixed[0], again[0])
        nested = [{"voice_id": "my-duo-001", "weight": 2}, {"voice_id": "lovely_girl", "weight": 1}]
        made(client, "/v1/voice_blend", voice_id="my-trio-01", timber_weights=nested)
        third = spoken(
            client,
            tmp_path,
            timber_weights=[
                {"voice_id": "male-qn-badao", "weight": 1},
                {"voice_id": "female-shaonv", "weight": 1},
                {"voice_id": "lovely_girl", "weight": 1},
            ],
        )
        assert pitch(spoken(client, tmp_path, voice_id="my-trio-01")) == pytest.approx(pitch(third), rel=0.01)
        listed = cast("list[object]", made(client, "/v1/get_voice", voice_type="voice_blend")["voice_blend"])
        assert len(listed) == 2
        assert "voice_blend" not in made(client, "/v1/get_voice", voice_type="all")
        unknown = post(
            client, "/v1/voice_blend", voice_id="my-duo-002", timber_weights=[{"voice_id": "x", "weight": 1}]
        )
        assert "timber_weights[0].voice_id" in refused(unknown, 2013)
        made(client, "/v1/delete_voice", voice_type="voice_blend", voice_id="my-duo-001")
        refused(post(client, "/v1/delete_voice", voice_type="voice_blend", voice_id="my-duo-001"), 2013)
