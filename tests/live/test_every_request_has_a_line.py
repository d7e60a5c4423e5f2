"""One line of the log for every request, whoever made it and whatever came of it, under the id that the answer has."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from rhapsode.jobs.links import PATH as LINK_PATH
from rhapsode.server.visit import OTHER
from tests.live.ledger import calls
from tests.live.running import DETERMINISTIC
from tests.live.test_chat_pro import PATH as PRO
from tests.live.test_chat_pro import body as chat_body
from tests.live.test_http_faults import connected, heard
from tests.live.test_metrics import Watched, watching
from tests.live.test_t2a_ws import FINISH, START, dial, hear, hear_all, say

pytestmark = pytest.mark.xdist_group("every-request")  # one server for all

ELSEWHERE = "203.0.113.7"
SETTINGS = '[server]\nbehind_proxy = ["127.0.0.1"]\n[logs]\njson = true\n' + DETERMINISTIC
EVERYWHERE = "0.0.0.0"  # noqa: S104 - so that the start warns
SOCKET = "/ws/v1/t2a_v2"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watching(tmp_path_factory.mktemp("lines"), SETTINGS) as there:
        yield there


def lines(watched: Watched) -> list[dict[str, Any]]:
    written = (watched.server.home / "output.txt").read_text(encoding="utf-8")
    return [json.loads(line) for line in written.split("\n")[:-1] if line.startswith("{")]


def line_of(watched: Watched, trace_id: str) -> dict[str, Any]:
    """The one line of a call, which is written once its answer is on its way."""
    line = json.loads(watched.server.line_of(trace_id))
    assert line["event"] == "call"
    return line


def trace_id_of(answer: bytes) -> str:
    found = re.search(rb"\r\ntrace-id: ([0-9a-f]{32})\r\n", answer)
    assert found, answer
    return found[1].decode()


@pytest.mark.parametrize(
    ("method", "path", "key", "status", "operation", "code"),
    [
        ("GET", "/v1/admin/keys", "admin", 200, "/v1/admin/keys", 0),
        ("GET", "/v1/admin/keys", "caller", 403, "/v1/admin/keys", 2044),
        ("GET", "/v1/admin/keys", "nobody", 403, "/v1/admin/keys", 2044),
        ("GET", "/v1/admin/keys", "no administrator", 401, "/v1/admin/keys", 2049),
        ("GET", "/v1/admin/keys/key-0", "admin", 404, "/v1/admin/keys/{key}", 2013),
        ("POST", "/v1/admin/groups", "admin", 400, "/v1/admin/groups", 2013),
        ("GET", "/metrics", "admin", 200, "/metrics", 0),
        ("GET", "/metrics", "no administrator", 401, "/metrics", 2049),
        ("GET", "/v1/nowhere/secret-of-a-stranger", "caller", 404, OTHER, 2013),
        ("GET", "/v1/images/secret-of-a-stranger", "nobody", 404, OTHER, 2013),
        ("GET", "/v1/chat/completions", "caller", 405, OTHER, 2013),
        ("GET", "/v1/t2a_v2", "caller", 405, OTHER, 2013),
        ("POST", "/metrics", "admin", 405, OTHER, 2013),
        ("PUT", "/health/live", "nobody", 405, OTHER, 2013),
        ("GET", "/v1/models", "caller", 200, "/v1/models", 0),
        ("GET", "/v1/models", "nobody", 401, "/v1/models", 2049),
        ("GET", "/files/1/a.mp3?expires=1&signature=x", "nobody", 403, LINK_PATH, 2044),
    ],
)
def test_it_is_written_and_counted(
    watched: Watched, method: str, path: str, key: str, status: int, operation: str, code: int
) -> None:
    keys = {
        "admin": watched.admin_key,
        "caller": watched.server.api_key,
        "nobody": "sk-rh-" + 43 * "x",
        "no administrator": "sk-rh-admin-" + 43 * "A",
    }
    before = watched.total("rhapsode_requests_total", operation=operation, code=str(code))
    answer = httpx2.request(
        method,
        watched.server.base_url + path,
        headers={"Authorization": f"Bearer {keys[key]}", "X-Forwarded-For": ELSEWHERE},
        json={} if method == "POST" else None,
        trust_env=False,
        timeout=60,
    )
    line = line_of(watched, answer.headers["trace-id"])
    assert answer.status_code == status
    told = (line["method"], line["http_status"], line["operation"], line["code"], line["address"])
    assert told == (method, status, operation, code, ELSEWHERE)
    assert "secret-of-a-stranger" not in json.dumps(line)
    known = {("/v1/models", "caller"): "key"} | {(operation, "admin"): "" if operation == OTHER else "admin"}
    assert line.get("key_id", "").partition("-")[0] == known.get((operation, key), "")
    if (operation, code) == ("/metrics", 0):  # by each that waits, too
        assert watched.total("rhapsode_requests_total", operation=operation, code=str(code)) == before + 2
    else:
        watched.await_total(before + 1, "rhapsode_requests_total", operation=operation, code=str(code))


def test_a_download_has_one(watched: Watched) -> None:
    with watched.server.client() as client:
        spoken = client.post(
            "/v1/t2a_v2",
            json={
                "model": "speech-01-turbo",
                "text": "hello",
                "output_format": "url",
                "voice_setting": {"voice_id": "male-qn-qingse"},
            },
        ).json()
    answer = httpx2.get(spoken["data"]["audio"], trust_env=False)
    line = line_of(watched, answer.headers["trace-id"])
    assert (line["operation"], line["http_status"], line["outcome"]) == (LINK_PATH, 200, "ok")
    assert line["first_ms"] <= line["took_ms"]


def test_who_names_another_group_is_known_by_the_key(watched: Watched) -> None:
    with watched.server.client() as client:
        answer = client.post(PRO, json=chat_body(), params={"GroupId": "1"})
    assert answer.json()["base_resp"]["status_msg"] == "token not match group"
    line = line_of(watched, answer.headers["trace-id"])
    assert (line["code"], line["group"]) == (1004, watched.server.group_id)
    assert line["key_id"].startswith("key-")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"this is no HTTP\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + 70_000 * b"a", 431),
        (b"POST /v1/t2a_v2 HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_has_one_too(watched: Watched, sent: bytes, status: int) -> None:
    before = watched.total("rhapsode_requests_total", operation=OTHER, code="2013")
    with closing(connected(watched.server)) as connection:
        connection.sendall(sent)
        answer = heard(connection)
    line = line_of(watched, trace_id_of(answer))
    told = (line["method"], line["http_status"], line["operation"], line["code"], line["address"])
    assert told == ("", status, OTHER, 2013, "127.0.0.1")
    watched.await_total(before + 1, "rhapsode_requests_total", operation=OTHER, code="2013")


def test_a_socket_that_is_none_has_one(watched: Watched) -> None:
    before = watched.total("rhapsode_requests_total", operation=OTHER, code="2013")
    head = f"GET {SOCKET} HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    with closing(connected(watched.server)) as connection:
        connection.sendall(head.encode())
        assert heard(connection).startswith(b"HTTP/1.1 400 ")
    watched.await_total(before + 1, "rhapsode_requests_total", operation=OTHER, code="2013")
    assert [line["http_status"] for line in lines(watched) if line.get("method") == ""][-1] == 400


def test_a_socket_to_nowhere_has_one(watched: Watched) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(watched.server.base_url.replace("http", "ws", 1) + "/ws/v1/nowhere", proxy=None)
    answer = refused.value.response
    assert answer.status_code == 404
    line = line_of(watched, answer.headers["trace-id"])
    assert (line["method"], line["http_status"], line["operation"]) == ("GET", 404, OTHER)


@pytest.mark.parametrize(
    ("headers", "said", "code", "outcome"),
    [
        ({"Authorization": "Bearer wrong"}, "", 2049, "failed"),
        (None, "{", 2203, "failed"),
        (None, json.dumps(FINISH), 2203, "failed"),
        (None, json.dumps(START) + "\n" + json.dumps(FINISH), 0, "ok"),
        (None, "", 0, "left"),
    ],
)
def test_a_socket_without_a_text_has_one(
    watched: Watched, headers: dict[str, str] | None, said: str, code: int, outcome: str
) -> None:
    with dial(watched.server, headers) as connection:
        trace_id = (connection.response or pytest.fail("no handshake")).headers["trace-id"]
        hear(connection)
        for frame in said.splitlines():
            connection.send(frame)
        if outcome != "left":
            list(hear_all(connection))
    line = line_of(watched, trace_id)
    assert (line["operation"], line["http_status"], line["outcome"]) == (SOCKET, 101, outcome)
    assert (line["code"] == 0) is (code == 0), line


def test_each_text_of_a_socket_has_one(watched: Watched) -> None:
    with dial(watched.server) as connection:
        trace_id = (connection.response or pytest.fail("no handshake")).headers["trace-id"]
        hear(connection)
        say(connection, START, "one", "two", FINISH)
        list(hear_all(connection))
    for call_id in (trace_id, f"{trace_id}-2"):
        line = line_of(watched, call_id)
        assert (line["code"], line["characters"]) == (0, 3)


def test_times_go_on_to_the_last_byte(watched: Watched) -> None:
    content = json.dumps(chat_body()).encode()
    head = (
        f"POST {PRO} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {watched.server.api_key}\r\nConnection: close\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    with closing(connected(watched.server)) as connection:
        asked = time.perf_counter()
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
        begun = time.perf_counter()  # the server waits for the body
        for _ in range(10):
            assert watched.scrape().is_success
        held_up = 1000 * (time.perf_counter() - begun)
        connection.sendall(content)
        answer = heard(connection)
        whole = 1000 * (time.perf_counter() - asked)
    line = line_of(watched, trace_id_of(answer))
    row = calls(watched.server.home)[line["trace_id"]]
    assert held_up <= row["first_ms"] == row["took_ms"] <= line["first_ms"] <= line["took_ms"]
    assert line["first_ms"] <= whole


def test_health_is_asked_too_often_for_lines(watched: Watched) -> None:
    for path in ("/health/live", "/health/ready"):
        assert httpx2.get(watched.server.base_url + path, trust_env=False, timeout=60).status_code == 200
    last = httpx2.get(watched.server.base_url + "/v1/models", trust_env=False)
    line_of(watched, last.headers["trace-id"])
    assert not [line for line in lines(watched) if "/health" in line.get("operation", "")]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_line_on_standard_error_is_an_object(tmp_path: Path, workers: int) -> None:
    settings = (
        f"[server]\nadmin_port = 0\nmetrics_open = true\nworkers = {workers}\n[logs]\njson = true\n{DETERMINISTIC}"
    )
    (tmp_path / "rhapsode.toml").write_text(settings, encoding="utf-8")
    command = [sys.executable, "-m", "rhapsode", "serve", "--host", EVERYWHERE, "--port", "0", "--home", str(tmp_path)]
    with (
        (tmp_path / "errors.txt").open("w", encoding="utf-8") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        out = process.stdout or pytest.fail("no output")
        url = next(line.split()[-1] for line in out if line.startswith("Serving on"))
        assert any(line.startswith("Kept in") for line in out)
        assert httpx2.get(url + "/nowhere", trust_env=False).status_code == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    told = [json.loads(line) for line in (tmp_path / "errors.txt").read_text(encoding="utf-8").splitlines()]
    events = [line["event"] for line in told]
    assert any("others on the network can reach this server" in event for event in events)
    assert "call" in events
