"""What another user of the machine may see of a home, and what a caller can make the server fetch or open."""

import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2

from tests.live.running import DETERMINISTIC, LiveServer, running_server

FILE_NAMES = [
    "../../../../etc/passwd",
    "..\\..\\secret",
    "/etc/passwd",
    "C:\\Windows\\win.ini",
    "rhapsode.db",
    ".",
    "..",
    "...",
    "~root",
    "%2e%2e%2fsecret",
    "a\x00.txt",
    "a\r\nX-A: b.txt",
    "con",
    "-rf",
    "$(id)",
    "`id`",
    "a" * 200,
    "\N{RIGHT-TO-LEFT OVERRIDE}txt.exe",
    "\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}\N{FULLWIDTH SOLIDUS}secret",
    "é\N{COMBINING ACUTE ACCENT}.txt",
]


def modes(home: Path) -> Iterator[tuple[Path, int]]:
    for path in (home, *home.rglob("*")):
        yield path, stat.S_IMODE(path.stat().st_mode)


def test_a_home_is_its_owners_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = f"[server]\nworkers = 2\n{DETERMINISTIC}"
    home.mkdir(mode=0o755)  # made by somebody else, as a container's volume is
    with running_server(home, settings) as server:
        with server.client() as client:
            for path in ("/v1/t2a_pro", "/v1/t2a_async_v2"):
                body: dict[str, Any] = {"model": "speech-01", "text": "hi", "voice_id": "male-qn-qingse"}
                body |= {"voice_setting": {"voice_id": "male-qn-qingse"}, "audio_sample_rate": 16000, "bitrate": 64000}
                assert client.post(path, json=body).json()["base_resp"]["status_code"] == 0
        kept = {path.name: mode for path, mode in modes(home) if path.is_file()}
        assert {"rhapsode.db", "secret", "credentials.toml"} <= set(kept)
        for name in ("rhapsode.db", "rhapsode.db-wal", "rhapsode.db-shm", "secret", "credentials.toml"):
            assert kept.get(name, 0o600) == 0o600, name
        # What stands beside these in a home that was made by another hand lies in folders of its owner's alone.
        for path, mode in modes(home):
            if path.is_dir() and path != home:
                assert mode == 0o700, path


def test_a_file_name_is_never_a_path(deterministic: LiveServer) -> None:
    before = {path for path in deterministic.home.parent.rglob("*") if "files" not in path.parts}
    with deterministic.client() as client:
        for name in FILE_NAMES:
            content = name.encode()
            form = (
                b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nt2a_async_input\r\n'
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + content + b'"\r\n\r\n'
                b"odd\r\n--b--\r\n"
            )
            told = client.post(
                "/v1/files/upload", content=form, headers={"Content-Type": "multipart/form-data; boundary=b"}
            ).json()
            if told["base_resp"]["status_code"] != 0:
                assert told["base_resp"]["status_code"] == 2013
                continue
            kept = told["file"]
            assert not set("/\\\0\r\n") & set(kept["filename"])
            found = client.get("/v1/files/retrieve", params={"file_id": kept["file_id"]}).json()["file"]
            got = httpx2.get(found["download_url"], trust_env=False)
            assert (got.status_code, got.content) == (200, b"odd"), (name, found)
            assert got.headers["content-disposition"].startswith("attachment;")
            assert "x-a" not in got.headers
    after = {path for path in deterministic.home.parent.rglob("*") if "files" not in path.parts}
    assert {path.name for path in after - before} <= {"rhapsode.db-wal", "rhapsode.db-shm"}
    stored = [path for path in (deterministic.home / "files").rglob("*") if path.is_file()]
    assert all(len(path.name) in range(60, 65) for path in stored if path.parent.name != "incoming")


class Trap(BaseHTTPRequestHandler):
    """Notes who comes."""

    def do_GET(self) -> None:
        self.server.visits.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the standard library's
        pass


@contextmanager
def trap() -> Generator[tuple[str, list[str]]]:
    visits: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Trap) as server:
        server.visits = visits  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", visits
        finally:
            server.shutdown()
            thread.join()


def bodies(url: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each place in which a client may put an address, or the platform would take one."""
    picture = {"type": "image_url", "image_url": {"url": f"{url}/picture.png"}}
    sound = {"type": "input_audio", "input_audio": {"data": f"{url}/sound.wav", "format": "wav"}}
    file = {"type": "file", "file": {"file_data": f"{url}/file.pdf", "file_url": f"{url}/file"}}
    for part in (picture, sound, file, {"type": "text", "text": f"read {url}/text"}):
        for path in ("/v1/chat/completions", "/v1/text/chatcompletion_v2"):
            yield path, {"model": "abab6.5s-chat", "messages": [{"role": "user", "content": [part]}]}
    pro = {
        "model": "abab5.5-chat",
        "messages": [{"sender_type": "USER", "sender_name": "Li", "text": f"open {url}/pro"}],
        "bot_setting": [{"bot_name": "MM", "content": url}],
        "reply_constraints": {"sender_type": "BOT", "sender_name": "MM"},
    }
    yield "/v1/text/chatcompletion_pro", pro
    for more in (
        {"plugins": ["plugin_web_search"]},
        {"knowledge_base_param": {"knowledge_base_id": 1, "url": url}},
        {"functions": [{"name": "a", "parameters": {"$ref": f"{url}/schema.json"}}]},
        {"webhook": url, "callback_url": url},
    ):
        yield "/v1/text/chatcompletion_pro", pro | more
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"$ref": f"{url}/schema.json"}}}
    asked = {"model": "abab6.5s-chat", "messages": [{"role": "user", "content": "hi"}]}
    yield "/v1/chat/completions", asked | {"response_format": form}
    yield "/v1/chat/completions", asked | {"tools": [{"type": "mcp", "server_url": url}]}
    voice = {"voice_id": "male-qn-qingse"}
    for path in ("/v1/t2a_v2", "/v1/t2a_async_v2"):
        spoken = {"model": "speech-01", "text": f"hear {url}/text", "voice_setting": voice, "output_format": "url"}
        yield path, spoken | {"callback_url": url, "webhook_url": url, "text_file_url": url}
    yield (
        "/v1/voice_clone",
        {"file_id": url, "voice_id": "Trap0001", "audio_url": url, "text": "hi", "model": "speech-01"},
    )
    yield "/v1/voice_design", {"prompt": f"as in {url}/voice", "preview_text": "hi", "voice_url": url}
    yield "/v1/embeddings", {"model": "embo-01", "texts": [url], "type": "db", "input": [{"image": url}]}


def test_no_field_makes_the_server_fetch_an_address(deterministic: LiveServer) -> None:
    with trap() as (url, visits), deterministic.client() as client:
        for path, body in bodies(url):
            answer = client.post(path, json=body)
            assert answer.status_code in (200, 400), (path, body)
        headers = {"Host": url.removeprefix("http://"), "Referer": url, "Origin": url, "X-Forwarded-Host": url}
        client.post("/v1/t2a_pro", json={"model": "speech-01", "text": "hi", "voice_id": "x"}, headers=headers)
        client.get(f"{deterministic.base_url}/v1/models/{url}/model")
        assert visits == []
