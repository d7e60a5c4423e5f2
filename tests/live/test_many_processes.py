"""A server of many processes: one socket, each model once, and no process that is missed for long."""

import contextlib
import json
import signal
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_chat_pro import PATH as PRO
from tests.live.test_chat_pro import body as pro_body
from tests.live.test_start import refused
from tests.live.test_t2a_v2 import PATH as T2A
from tests.live.test_t2a_v2 import body as speech_body

SETTINGS = """
[server]
workers = 2
[chat.engines.embedded]
kind = "llama"
model = "{chat}"
[speech.engines.embedded]
kind = "espeak"
workers = 1
[embed]
default = "vectors"
[embed.engines.vectors]
kind = "llama"
model = "{embed}"
"""
LONG = "很久很久以前，在一个遥远的地方，住着一位老人。" * 100
A_WHILE = LONG[:300]


@pytest.fixture(scope="module")
def settings(tiny_gguf: Path, tiny_embedding_gguf: Path) -> str:
    return SETTINGS.format(chat=tiny_gguf, embed=tiny_embedding_gguf)


@pytest.fixture(scope="module")
def server(settings: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveServer]:
    with running_server(tmp_path_factory.mktemp("many"), settings) as server:
        yield server


def processes(server: LiveServer, name: str) -> list[psutil.Process]:
    """Those of the server whose command line has the word."""
    found: list[psutil.Process] = []
    for child in psutil.Process(server.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if name in child.cmdline():
                found.append(child)
    return found


def wait_until(server: LiveServer, met: Callable[[httpx2.Client], bool]) -> None:
    """Ask again and again, over a new connection each time: there is no event to wait for in another process."""
    for _ in range(2000):
        with server.client() as client, contextlib.suppress(httpx2.TransportError, psutil.NoSuchProcess):
            if met(client):
                return
    raise AssertionError("it never came to be")


def chat(client: httpx2.Client) -> httpx2.Response:
    return client.post(PRO, json=pro_body(tokens_to_generate=8))


def test_every_ability_is_served_and_each_model_is_there_once(server: LiveServer) -> None:
    text = [{"role": "user", "content": "你好"}]
    for _ in range(3):
        with server.client() as client:
            assert chat(client).json()["base_resp"]["status_code"] == 0
            openai = {"model": "abab6.5s-chat", "messages": text, "max_tokens": 8}
            assert client.post("/v1/chat/completions", json=openai).json()["choices"][0]["message"]["content"]
            assert client.post("/v1/text/chatcompletion_v2", json=openai).json()["choices"]
            embed: dict[str, Any] = {"model": "embo-01", "texts": ["你好", "再见"], "type": "db"}
            vectors = client.post("/v1/embeddings", json=embed).json()
            assert len(vectors["vectors"] or ()) == 2, vectors
            spoken = client.post(T2A, json=speech_body()).json()
            assert spoken["extra_info"]["audio_length"] > 1000
            wrong = client.post(PRO, json=pro_body(tokens_to_generate=0)).json()
            assert wrong["base_resp"]["status_code"] == 2013
    (engines,) = processes(server, "rhapsode-engines")
    (worker,) = processes(server, "rhapsode-worker")
    assert worker.ppid() == engines.pid
    assert len(processes(server, "rhapsode-server")) == 2
    printed = (server.home / "output.txt").read_text(encoding="utf-8")
    assert printed.count(server.api_key) == 1
    assert printed.count("Serving on") == 1


def test_what_the_engine_refuses_is_told_as_by_one_process(server: LiveServer) -> None:
    with server.client() as client:
        messages = [{"sender_type": "USER", "sender_name": "Li", "text": "long " * 3000}]
        refused = client.post(PRO, json=pro_body(messages=messages)).json()
        assert "the model's context holds 1024" in refused["base_resp"]["status_msg"]
        nobody = client.post(T2A, json=speech_body(voice_setting={"voice_id": "nobody"})).json()
        assert nobody["base_resp"]["status_code"] == 2054


def test_a_server_process_that_is_killed_is_replaced_and_the_other_serves(server: LiveServer) -> None:
    victim, other = processes(server, "rhapsode-server")
    victim.kill()
    victim.wait(10)
    wait_until(server, lambda client: chat(client).json()["base_resp"]["status_code"] == 0)
    assert other.is_running()
    wait_until(server, lambda client: chat(client).is_success and len(processes(server, "rhapsode-server")) == 2)
    other.kill()
    other.wait(10)
    wait_until(server, lambda client: chat(client).json()["base_resp"]["status_code"] == 0)
    assert "was ended by SIGKILL" in (server.home / "output.txt").read_text(encoding="utf-8")


def test_an_engine_process_that_is_killed_ends_its_calls_and_is_replaced(server: LiveServer) -> None:
    (engines,) = processes(server, "rhapsode-engines")
    with server.client() as client, client.stream("POST", T2A, json=speech_body(text=LONG, stream=True)) as answer:
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        next(lines)
        engines.kill()
        *_, last = lines
    assert json.loads(last.removeprefix("data: "))["base_resp"]["status_code"] != 0
    assert not json.loads(last.removeprefix("data: ")).get("extra_info")
    wait_until(server, lambda client: chat(client).json()["base_resp"]["status_code"] == 0)
    with server.client() as client:
        assert client.post(T2A, json=speech_body()).json()["base_resp"]["status_code"] == 0
    (another,) = processes(server, "rhapsode-engines")
    assert another.pid != engines.pid


def test_a_stream_in_flight_finishes_when_the_server_is_stopped(server: LiveServer) -> None:
    children = psutil.Process(server.process.pid).children(recursive=True)
    with server.client() as client, client.stream("POST", T2A, json=speech_body(text=A_WHILE, stream=True)) as answer:
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        next(lines)
        server.process.send_signal(signal.SIGTERM)
        wait_until(server, lambda client: client.get("/health/ready").status_code == 503)
        *_, last = lines
    assert json.loads(last.removeprefix("data: "))["base_resp"]["status_code"] == 0
    assert server.process.wait(40) == 0
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_a_parent_that_is_killed_takes_all_along(settings: str, tmp_path: Path) -> None:
    with running_server(tmp_path, settings) as server:
        children = psutil.Process(server.process.pid).children(recursive=True)
        assert len(children) == 4
        server.process.kill()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive


def test_limits_hold_for_all_processes_together(tmp_path: Path) -> None:
    settings = "[server]\nworkers = 2\n[limits]\nrequests_per_minute = 100\n" + DETERMINISTIC
    with running_server(tmp_path, settings) as server, ThreadPoolExecutor(16) as callers:

        def call(_: int) -> int:
            with server.client() as client:  # a connection of its own: any process may take it
                code: int = chat(client).json()["base_resp"]["status_code"]
            return code

        assert Counter(callers.map(call, range(200))) == {0: 100, 1002: 100}


def test_a_model_that_is_missing_is_told_as_by_one_process(tmp_path: Path) -> None:
    (tmp_path / "rhapsode.toml").write_text('[chat.engines.embedded]\nkind = "llama"\nmodel = "qwen2.5-0.5b"\n')
    said = refused("--home", str(tmp_path), "--port", "0", "--workers", "2")
    assert said == refused("--home", str(tmp_path), "--port", "0")
    assert not (tmp_path / "credentials.toml").exists()
