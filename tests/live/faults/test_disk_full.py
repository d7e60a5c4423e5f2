"""A disk that takes nothing more, for what is kept as files: callers are told 1013, nothing half-written stays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx2

from tests.live.faults.test_database_fails import BROKEN, SETTINGS, kept_books, no_room
from tests.live.running import LiveServer
from tests.live.test_long_text import body as long_body
from tests.live.test_long_text import zipped
from tests.live.test_t2a_v2 import body as t2a_v2_body

Ask = Callable[[httpx2.Client], httpx2.Response]

_ZIP: Final = zipped({"1.txt": "第一章。"})


def upload(content: bytes) -> Ask:
    files = {"file": ("书.txt", content)}
    return lambda client: client.post("/v1/files/upload", data={"purpose": "t2a_async_input"}, files=files)


def zipped_texts(client: httpx2.Client) -> httpx2.Response:
    form = {"model": "speech-01", "voice_id": "female-yujie"}
    return client.post("/v1/t2a_async", data=form, files={"text": ("texts.zip", _ZIP)})


def post(path: str, body: dict[str, Any]) -> Ask:
    return lambda client: client.post(path, json=body)


KEPT: Final = {
    "a small upload": upload("第一章。".encode()),
    "an upload of two blocks": upload(b"x" * 2_500_000),
    "a long text": post("/v1/t2a_async_v2", long_body(text="第一章。")),
    "a zip of texts": zipped_texts,
    "speech behind a link": post("/v1/t2a_v2", t2a_v2_body(text="你好，world.", output_format="url")),
    "subtitles": post("/v1/t2a_v2", t2a_v2_body(text="你好，world.", subtitle_enable=True)),
}
"""What is written as a file while its caller waits."""


def told(server: LiveServer, ask: Ask) -> dict[str, Any]:
    with server.client() as client:
        base_resp: dict[str, Any] = ask(client).json()["base_resp"]
    return base_resp


def test_a_full_disk_is_told_to_whoever_must_have_a_file_kept(tmp_path: Path) -> None:
    with kept_books(tmp_path, SETTINGS) as server:
        with no_room(server):
            said = {name: told(server, ask) for name, ask in KEPT.items()}
        assert {name: base_resp["status_code"] for name, base_resp in said.items()} == dict.fromkeys(KEPT, BROKEN)
        for base_resp in said.values():
            assert "the disk cannot be used" in base_resp["status_msg"]
        assert not list((tmp_path / "files" / "incoming").iterdir())
        good = {name: told(server, ask)["status_code"] for name, ask in KEPT.items()}
        assert good == dict.fromkeys(KEPT, 0)
        assert server.terminate() == 0
    assert "in a way nobody foresaw" not in (tmp_path / "output.txt").read_text(encoding="utf-8")
