"""Who may call, and what is refused before it is read."""

import json
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.live.running import DETERMINISTIC, LiveServer, running_server

PATHS = [
    "/v1/text/chatcompletion",
    "/v1/text/chatcompletion_pro",
    "/v1/text/chatcompletion_v2",
    "/v1/text_to_speech",
]
MISSING = "login fail: Please carry the API secret key in the 'Authorization' field of the request header"


def call(server: LiveServer, path: str, *, key: str | None, group: str | None = None) -> dict[str, int | str]:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    params = {} if group is None else {"GroupId": group}
    answer = httpx2.post(server.base_url + path, headers=headers, params=params, json={}, trust_env=False)
    assert answer.status_code == 200
    status: dict[str, int | str] = answer.json()["base_resp"]
    return status


def rhapsode(*words: str, home: Path) -> Any:  # noqa: ANN401 - JSON
    """What `rhapsode ... --home HOME --json` prints."""
    command = [sys.executable, "-m", "rhapsode", *words, "--home", str(home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("path", PATHS)
def test_a_call_without_a_good_key_is_refused(deterministic: LiveServer, path: str) -> None:
    key, group = deterministic.api_key, deterministic.group_id
    assert call(deterministic, path, key=None) == {"status_code": 1004, "status_msg": MISSING}
    basic = httpx2.post(deterministic.base_url + path, auth=("group", key), json={}, trust_env=False)
    assert basic.json()["base_resp"] == {"status_code": 1004, "status_msg": MISSING}
    for wrong in ("nonsense", key[:-1], key + "x", "sk-rh-" + "A" * 43, key.upper()):
        assert call(deterministic, path, key=wrong) == {"status_code": 2049, "status_msg": "invalid api key"}
    other = {"status_code": 1004, "status_msg": "token not match group"}
    assert call(deterministic, path, key=key, group="1" + group[1:-1] + "0") == other
    assert call(deterministic, path, key=key, group=group)["status_code"] == 2013  # let in: its body is empty
    assert call(deterministic, path, key=key)["status_code"] == 2013


def test_a_key_is_felt_when_it_is_made_and_when_it_is_revoked(tmp_path: Path) -> None:
    with running_server(tmp_path, DETERMINISTIC) as server:
        made = rhapsode("keys", "create", "--group", "team", home=tmp_path)
        assert call(server, PATHS[0], key=made["api_key"], group=made["group_id"])["status_code"] == 2013
        crossed = call(server, PATHS[0], key=made["api_key"], group=server.group_id)
        assert crossed["status_msg"] == "token not match group"
        (record,) = (r for r in rhapsode("keys", "list", home=tmp_path) if r["group_id"] == made["group_id"])
        subprocess.run(
            [sys.executable, "-m", "rhapsode", "keys", "revoke", record["key_id"], "--home", str(tmp_path)], check=True
        )
        # The command itself takes longer than the half second that the server remembers a key.
        while call(server, PATHS[0], key=made["api_key"])["status_code"] != 2049:
            pass
        assert made["api_key"] not in (tmp_path / "output.txt").read_text(encoding="utf-8")


def raw_answer(server: LiveServer, head: str, body: bytes = b"") -> bytes:
    """What a socket hears that sends this head and body, and no more."""
    where = urlsplit(server.base_url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        heard = b""
        while part := connection.recv(65536):
            heard += part
    return heard


@pytest.mark.parametrize("path", PATHS)
def test_a_body_over_the_limit_is_refused_before_it_is_read(deterministic: LiveServer, path: str) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {deterministic.api_key}\r\n"
        f"Content-Length: {8 * 1024 * 1024 + 1}\r\n\r\n"
    )
    heard = raw_answer(deterministic, head)  # not one byte of the body was sent
    assert heard.startswith(b"HTTP/1.1 413 ")
    status = json.loads(heard.partition(b"\r\n\r\n")[2])["base_resp"]
    assert status == {"status_code": 2013, "status_msg": "invalid params, the body is larger than 8388608 bytes"}


def test_a_body_over_the_limit_that_is_sent_all_the_same_still_hears_the_answer(deterministic: LiveServer) -> None:
    request = urllib.request.Request(  # noqa: S310 - an address of this machine
        deterministic.base_url + PATHS[0],
        data=b"x" * (9 * 1024 * 1024),
        headers={"Authorization": f"Bearer {deterministic.api_key}", "Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30)
    with caught.value as answer:
        assert answer.code == 413
        assert json.loads(answer.read())["base_resp"]["status_code"] == 2013


def test_a_head_without_an_end_is_cut_off(deterministic: LiveServer) -> None:
    where = urlsplit(deterministic.base_url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=30) as connection:
        connection.sendall(f"POST {PATHS[0]} HTTP/1.1\r\nHost: x\r\nX-A: ".encode())
        with pytest.raises(OSError, match=r"reset|Broken pipe"):  # long before all of its 64 MiB
            connection.sendall(b"a" * 64 * 1024 * 1024)
    with deterministic.client() as client:
        assert client.get("/health/live", headers={"X-A": "a" * 60_000}).status_code == 200


def test_a_chunked_body_over_the_limit_is_refused_as_it_grows(deterministic: LiveServer) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * 1024 * 1024

    with deterministic.client() as client:
        try:
            answer = client.post(PATHS[0], content=endless())
        except httpx2.TransportError:
            answer = None  # refused so early that the client was still sending
    assert answer is None or answer.status_code == 413
    with deterministic.client() as client:
        assert client.get("/health/ready").status_code == 200
    assert deterministic.process.poll() is None


def test_a_body_at_the_limit_is_read(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        answer = client.post(PATHS[0], content=b" " * 8 * 1024 * 1024)
    assert answer.status_code == 200
    assert answer.json()["base_resp"]["status_code"] == 2013


def test_an_address_that_is_not_served(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        for path in ("/nothing", "/v1/text/chatcompletion_pro/", "/v1/chatter"):
            answer = client.get(path)
            assert (answer.status_code, answer.text) == (404, "404 page not found")
            assert_traced(answer)
        answer = client.post("/v1/images/generations", json={})
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "unknown_url"
        assert answer.json()["request_id"] == assert_traced(answer)


@pytest.mark.parametrize("path", [*PATHS, "/v1/embeddings"])
def test_a_wrong_method_is_told_as_the_platform_tells_errors(deterministic: LiveServer, path: str) -> None:
    with deterministic.client() as client:
        answer = client.get(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    told = {"status_code": 2013, "status_msg": "invalid params, this address takes another method: POST"}
    assert answer.json()["base_resp"] == told
    assert_traced(answer)


def test_a_wrong_method_is_told_as_openai_tells_errors(deterministic: LiveServer) -> None:
    with deterministic.client() as client:
        for answer in (client.get("/v1/chat/completions"), client.post("/v1/models"), client.delete("/v1/models/x")):
            assert answer.status_code == 405
            assert answer.json()["error"]["code"] == "method_not_supported"
            assert_traced(answer)
        assert client.post("/health/live").text == "405 method not allowed"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", [*PATHS, "/v1/chat/completions", "/v1/embeddings"])
def test_every_answer_has_one_id_under_two_names(deterministic: LiveServer, path: str, stream: bool) -> None:  # noqa: FBT001 - a field
    user = {"role": "user", "sender_type": "USER", "sender_name": "Li", "text": "hi", "content": "hi"}
    bot = {"bot_name": "MM", "content": ""}
    replier = {"sender_type": "BOT", "sender_name": "MM"}
    sent = {"messages": [user], "bot_setting": [bot], "reply_constraints": replier, "stream": stream}
    sent |= {"model": "speech-01" if "speech" in path else "embo-01" if "embed" in path else "abab5.5-chat"}
    sent |= {"text": "hi", "voice_id": "male-qn-qingse", "texts": ["hi"], "type": "db"}
    with deterministic.client() as client:
        assert_traced(client.post(path, json=sent))
        assert_traced(client.post(path, json={}))


def assert_traced(answer: httpx2.Response) -> str:
    """The id, which is that of this answer alone."""
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["trace-id"])
    assert answer.headers["minimax-request-id"] == answer.headers["trace-id"]
    return answer.headers["trace-id"]


def test_health_needs_no_key(deterministic: LiveServer) -> None:
    for path, state in (("/health/live", "live"), ("/health/ready", "ready")):
        answer = httpx2.get(deterministic.base_url + path, trust_env=False)
        assert (answer.status_code, answer.json()) == (200, {"server": "rhapsode", "status": state})
