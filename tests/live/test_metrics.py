"""What is seen of a running server from outside: its metrics, for administrators, and one line of the log a call."""

import json
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_chat_pro import PATH as PRO
from tests.live.test_chat_pro import body as chat_body

pytestmark = pytest.mark.xdist_group("metrics")  # one server for all

SETTINGS = "[server]\nworkers = 2\n[logs]\njson = true\n" + DETERMINISTIC
SPEECH = "/v1/text_to_speech"
SPOKEN = {"text": "hello", "model": "speech-01", "voice_id": "male-qn-qingse"}
CALLS = 10


@dataclass(frozen=True)
class Watched:
    server: LiveServer
    admin_key: str

    def scrape(self, key: str | None = None, accept: str = "*/*") -> httpx2.Response:
        headers = {"Authorization": f"Bearer {key or self.admin_key}", "Accept": accept}
        return httpx2.get(f"{self.server.base_url}/metrics", headers=headers, trust_env=False, timeout=60)

    def total(self, name: str, **labels: str) -> float:
        """The sum of the samples that have these labels."""
        answer = self.scrape()
        assert answer.status_code == 200, answer.text
        samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
        return sum(
            sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items()
        )

    def await_total(self, value: float, name: str, **labels: str) -> None:
        """Until it is so: a call is counted once its answer is on its way."""
        deadline = time.monotonic() + 30
        while (found := self.total(name, **labels)) != value:
            assert time.monotonic() < deadline, f"{name} is {found}"


@contextmanager
def watching(home: Path, settings: str) -> Generator[Watched]:
    """A server, and an administrator."""
    with running_server(home, settings) as server:
        command = [sys.executable, "-m", "rhapsode", "admin-keys", "create", "--name", "Ada", "--json"]
        made = subprocess.run([*command, "--home", str(home)], capture_output=True, text=True, check=True)
        yield Watched(server, json.loads(made.stdout)["api_key"])


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watching(tmp_path_factory.mktemp("watched"), SETTINGS) as watched:
        yield watched


def test_metrics_are_for_administrators(watched: Watched) -> None:
    url = f"{watched.server.base_url}/metrics"
    assert httpx2.get(url, trust_env=False).status_code == 401
    assert watched.scrape("sk-rh-admin-" + "A" * 43).status_code == 401
    refused = watched.scrape(watched.server.api_key)
    assert refused.status_code == 403
    assert "rhapsode_" not in refused.text
    answer = watched.scrape(accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_calls_to_every_process_are_counted_together(watched: Watched) -> None:
    server = watched.server
    for _ in range(CALLS):  # each over a connection of its own, which any process may take
        with server.client() as client:
            assert client.post(PRO, json=chat_body()).json()["base_resp"]["status_code"] == 0
    with server.client() as client:
        assert client.post(SPEECH, json=SPOKEN).headers["content-type"] == "audio/mpeg"
        client.post(PRO, json=chat_body() | {"stream": True})
        client.post("/v1/tts/stream", json=SPOKEN)
    labels = {"operation": PRO, "model": chat_body()["model"], "outcome": "ok", "code": "0"}
    watched.await_total(CALLS + 1, "rhapsode_requests_total", **labels)
    watched.await_total(CALLS + 1, "rhapsode_request_seconds_count", operation=PRO)
    watched.await_total(1, "rhapsode_first_token_seconds_count", operation=PRO)
    watched.await_total(1, "rhapsode_first_audio_seconds_count", operation="/v1/tts/stream")
    watched.await_total(10, "rhapsode_characters_total", model="speech-01")
    assert watched.total("rhapsode_tokens_total", kind="reply") > 0
    assert watched.total("rhapsode_audio_seconds_total", model="speech-01") > 0
    assert watched.total("rhapsode_resident_memory_bytes") > 50e6
    assert watched.total("rhapsode_open_files") > 10


def test_a_stranger_counts_and_has_a_line_too(watched: Watched) -> None:
    answer = httpx2.post(watched.server.base_url + PRO, json={}, trust_env=False)
    assert answer.json()["base_resp"]["status_code"] == 1004
    watched.await_total(1, "rhapsode_requests_total", operation=PRO, outcome="failed", code="1004", model="")
    output = (watched.server.home / "output.txt").read_text(encoding="utf-8")
    told = [json.loads(line) for line in output.splitlines() if answer.headers["trace-id"] in line]
    assert [(line["event"], line["code"], line["address"]) for line in told] == [("call", 1004, "127.0.0.1")]


def test_engines_of_another_process_are_seen_and_a_worker_that_dies(tmp_path: Path, tiny_gguf: Path) -> None:
    settings = f"""
[server]
workers = 2
[chat.engines.embedded]
kind = "llama"
model = "{tiny_gguf}"
slots = 3
[speech.engines.embedded]
kind = "espeak"
workers = 1
"""
    with watching(tmp_path, settings) as watched:
        watched.await_total(3, "rhapsode_engine_places", ability="chat", engine="embedded")
        watched.await_total(1, "rhapsode_engine_places", ability="speech", engine="embedded")
        with watched.server.client() as client:
            assert client.post(SPEECH, json=SPOKEN).headers["content-type"] == "audio/mpeg"
        children = psutil.Process(watched.server.process.pid).children(recursive=True)
        servers = [child for child in children if "rhapsode-server" in child.cmdline()]
        (engines,) = (child for child in children if "rhapsode-engines" in child.cmdline())
        (worker,) = (child for child in children if "rhapsode-worker" in child.cmdline())
        worker.kill()
        watched.await_total(1, "rhapsode_worker_deaths_total", ability="speech", engine="embedded")
        restarts = "rhapsode_process_restarts_total"
        assert watched.total(restarts, process="engine") == watched.total(restarts, process="server") == 0
        engines.kill()
        watched.await_total(1, restarts, process="engine")
        servers[0].kill()
        watched.await_total(1, restarts, process="server")
        assert watched.total(restarts, process="engine") == 1


def test_the_log_has_one_line_a_call_under_the_id_of_its_answer(tmp_path: Path) -> None:
    secret = "open sesame, said nobody"
    with running_server(tmp_path, "[logs]\njson = true\n" + DETERMINISTIC) as server:
        with server.client() as client:
            body = chat_body()
            body["messages"][-1]["text"] = secret
            good = client.post(PRO, json=body)
            wrong = client.post(PRO, json={"model": secret})
            stream = client.post(PRO, json=body | {"stream": True})
        stranger = httpx2.post(server.base_url + PRO, headers={"Authorization": "Bearer wrong"}, trust_env=False)
        assert server.terminate() == 0
    output = (tmp_path / "output.txt").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    calls = {line["trace_id"]: line for line in lines if line["event"] == "call"}
    assert list(calls) == [answer.headers["trace-id"] for answer in (good, wrong, stream, stranger)]
    told = [(call["code"], call["outcome"], call["http_status"], call.get("group", "")) for call in calls.values()]
    group = server.group_id
    assert told == [
        (0, "ok", 200, group),
        (2013, "failed", 200, group),
        (0, "ok", 200, group),
        (2049, "failed", 200, ""),
    ]
    first = calls[good.headers["trace-id"]]
    assert first["method"] == "POST"
    assert first["operation"] == PRO
    assert first["model"] == chat_body()["model"]
    assert first["prompt_tokens"] > 0
    assert first["took_ms"] > 0
    assert secret not in output
    assert server.api_key not in output.replace(f"api_key   {server.api_key}", "", 1)
