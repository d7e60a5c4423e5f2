"""What a running server writes - lines of its log, its database, figures, what commands print - holds no key and no text."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest
from websockets.sync.client import connect

from tests.cli.test_accounts import JWT
from tests.live.running import LiveServer, running_server

UPSTREAM_KEY = "opaque0upstream0key0of0no0shape"
PROMPT, NAME = "zebrawort", "Quaggaheim"
"""in what is asked, and in a bot's name: so in each reply too"""

SETTINGS = """
[logs]
level = "debug"
json = {json}
[chat.engines.embedded]
kind = "scripted"
[chat.engines.echo]
kind = "openai"
base_url = "{url}"
model = "m"
api_key_env = "ECHO_KEY"
breaker_failures = 0
retries = 0
[chat.engines.gone]
kind = "minimax"
base_url = "http://127.0.0.1:9"
api_key_env = "ECHO_KEY"
breaker_failures = 0
retries = 0
[chat.models]
"abab6-chat" = ["echo"]
"abab5-chat" = ["gone"]
[speech.engines.embedded]
kind = "tone"
[embed]
default = "scripted"
[embed.engines.scripted]
kind = "scripted"
"""


class Echo(BaseHTTPRequestHandler):
    """A server that tells a caller's key and words back in its errors, as some do."""

    def do_POST(self) -> None:
        said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        key = self.headers["Authorization"]
        status = 401 if "refuse" in said else 500
        content = json.dumps({"error": {"message": f"bad key {key}, {said}", "type": "x", "code": key}}).encode()
        self.send_response(status, f"no {key}")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the standard library's
        pass


@contextmanager
def echo() -> Generator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def calls() -> Iterator[tuple[str, dict[str, Any]]]:
    """Good and bad ones in each dialect."""
    for model in ("abab5.5-chat", "abab6-chat", "abab5-chat", "no-model"):
        for text, stream in ((PROMPT, False), (f"{PROMPT} refuse", True), (f"{PROMPT} scripted:fail", False)):
            if stream or model != "no-model":
                pro = {
                    "model": model,
                    "stream": stream,
                    "messages": [{"sender_type": "USER", "sender_name": "Li", "text": text}],
                    "bot_setting": [{"bot_name": NAME, "content": PROMPT}],
                    "reply_constraints": {"sender_type": "BOT", "sender_name": NAME},
                }
                openai = {
                    "model": model,
                    "stream": stream,
                    "messages": [{"role": "system", "name": NAME, "content": text}, {"role": "user", "content": text}],
                }
                yield "/v1/text/chatcompletion_pro", pro
                yield "/v1/text/chatcompletion_v2", openai
                yield "/v1/chat/completions", openai
                yield "/v1/text/chatcompletion_pro", pro | {"temperature": PROMPT}
                yield "/v1/chat/completions", openai | {"tools": [{"function": PROMPT}]}
    for voice in ("male-qn-qingse", "no-voice"):
        short = {"model": "speech-01", "text": PROMPT, "voice_id": voice}
        yield "/v1/text_to_speech", short
        yield "/v1/t2a_v2", {"model": "speech-01", "text": PROMPT, "voice_setting": {"voice_id": voice}}
        yield "/v1/t2a_async_v2", {"model": "speech-01", "text": PROMPT, "voice_setting": {"voice_id": voice}}
        yield "/v1/audio/speech", {"model": "tts-1", "input": PROMPT, "voice": voice}
    yield "/v1/embeddings", {"model": "embo-01", "texts": [PROMPT], "type": "db"}
    yield f"/v1/{PROMPT}", {"text": PROMPT}
    yield f"/v1/models?{PROMPT}={PROMPT}", {}


def call_all(server: LiveServer, jwt: str) -> None:
    """Every call, with good keys and with others, and what is not even JSON."""
    with server.client() as client:
        for path, body in calls():
            client.post(path, json=body)
        for content in (PROMPT.encode(), f'{{"text":"{PROMPT}'.encode(), b"\xff" + PROMPT.encode()):
            client.post("/v1/t2a_v2", content=content)
        client.post("/v1/files/upload", files={"file": (f"{PROMPT}.txt", PROMPT)}, data={"purpose": PROMPT})
        client.get("/v1/files/retrieve", params={"file_id": PROMPT})
        for key in (jwt, f"{server.api_key}x", f"sk-rh-admin-{'A' * 43}", f"\x00{server.api_key}", server.api_key * 9):
            for headers in ({"Authorization": f"Bearer {key}"}, {"Authorization": key}, {"X-Api-Key": key}):
                with suppress(httpx2.LocalProtocolError):
                    client.post("/v1/t2a_v2", json={"text": PROMPT}, headers=headers)
        client.get(f"/v1/models/{server.api_key}", params={"key": server.api_key, "GroupId": jwt})
    with connect(f"ws{server.base_url.removeprefix('http')}/ws/v1/t2a_v2", additional_headers=server.headers) as line:
        line.recv()
        line.send(json.dumps({"event": PROMPT, "text": PROMPT}))
        line.recv()


def rhapsode(server: LiveServer, *words: str) -> str:
    command = [sys.executable, "-m", "rhapsode", *words, "--home", str(server.home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize("as_json", [False, True])
def test_no_key_and_no_text_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, as_json: bool) -> None:
    monkeypatch.setenv("ECHO_KEY", UPSTREAM_KEY)
    monkeypatch.delenv("RHAPSODE_SECRET", raising=False)
    home = tmp_path / "home"
    with echo() as url, running_server(home, SETTINGS.format(url=url, json=str(as_json).lower())) as server:
        admin_key = json.loads(rhapsode(server, "admin-keys", "create", "--name", "Ada"))["api_key"]
        with httpx2.Client(
            base_url=server.base_url, headers={"Authorization": f"Bearer {admin_key}"}, trust_env=False
        ) as admin:
            admin.post("/v1/admin/groups", json={"name": "old"}).raise_for_status()
            admin.post("/v1/admin/keys/import", json={"group": "old", "jwt": JWT}).raise_for_status()
            call_all(server, JWT)
            admin.post("/v1/admin/keys", content=f'{{"group":"{admin_key}","x"'.encode())
            told = [admin.get(f"/v1/admin/{what}").text for what in ("keys", "admin-keys", "groups", "usage")]
            told.append(admin.get("/metrics").text)
        with closing(sqlite3.connect(home / "rhapsode.db")) as broken:
            broken.execute("ALTER TABLE files RENAME TO no_files")
            broken.commit()
        with server.client() as client:
            failed = client.post(
                "/v1/files/upload", files={"file": ("a.txt", PROMPT)}, data={"purpose": "t2a_async_input"}
            )
            assert failed.json()["base_resp"]["status_code"] != 0
        with closing(sqlite3.connect(home / "rhapsode.db")) as mended:
            mended.execute("ALTER TABLE no_files RENAME TO files")
            mended.commit()
        told.append(rhapsode(server, "keys", "list"))
        server.terminate()
        key, secret = server.api_key, (home / "secret").read_text(encoding="utf-8").strip()
    log = (home / "output.txt").read_text(encoding="utf-8")
    assert log.count(key) == 1  # where it is shown, once
    assert "StorageError" in log or "database" in log
    assert log.count("\n") > 20
    said = "".join(line for line in log.splitlines(keepends=True) if key not in line)
    stored = b"".join(path.read_bytes() for path in home.glob("rhapsode.db*"))
    keys = (key, admin_key, UPSTREAM_KEY, JWT, secret, key[6:30], admin_key[12:30], JWT.rpartition(".")[0][-24:])
    for hidden in keys:
        assert hidden not in said
        assert hidden.encode() not in stored
        assert not any(hidden in answer for answer in told)
    for text in (PROMPT, NAME):
        assert [line for line in said.splitlines() if text.lower() in line.lower()] == []
        assert not any(text in answer for answer in told)
