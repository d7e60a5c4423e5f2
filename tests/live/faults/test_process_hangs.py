"""A process of many that hangs is noticed and replaced, and its callers are told."""

import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import psutil

from tests.live.faults.load import openai_body
from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_chat_pro import PATH as PRO
from tests.live.test_chat_pro import body as pro_body
from tests.live.test_many_processes import SETTINGS, chat, processes, wait_until
from tests.live.test_t2a_v2 import PATH as T2A
from tests.live.test_t2a_v2 import body as t2a_v2_body

OPENAI = "/v1/chat/completions"


def ask(server: LiveServer, path: str, body: object) -> str:
    with server.client() as client:
        return client.post(path, json=body).text


def test_engines_that_hang_are_killed_their_callers_told_and_others_started(
    tmp_path: Path, tiny_gguf: Path, tiny_embedding_gguf: Path
) -> None:
    settings = SETTINGS.format(chat=tiny_gguf, embed=tiny_embedding_gguf)
    with (
        running_server(tmp_path, settings.replace("workers = 2", "workers = 2\nhang_seconds = 2", 1)) as server,
        ThreadPoolExecutor(4) as callers,
    ):
        (engines,) = processes(server, "rhapsode-engines")
        assert '"status_code":0' in ask(server, PRO, pro_body(tokens_to_generate=8))
        engines.send_signal(signal.SIGSTOP)
        embed = {"model": "embo-01", "texts": ["你好"], "type": "db"}
        calls: list[tuple[str, object]] = [
            (PRO, pro_body()),
            (OPENAI, openai_body(stream=True)),
            (T2A, t2a_v2_body()),
            ("/v1/embeddings", embed),
        ]
        for said in callers.map(ask, repeat(server), *zip(*calls, strict=True)):
            assert '"status_code":1013' in said or "(1013)" in said, said
        psutil.wait_procs([engines], timeout=10)
        assert not engines.is_running()
        wait_until(server, lambda client: chat(client).json()["base_resp"]["status_code"] == 0)
        assert '"status_code":0' in ask(server, T2A, t2a_v2_body())
        (another,) = processes(server, "rhapsode-engines")
        assert another.pid != engines.pid
        assert len(processes(server, "rhapsode-worker")) == 1
        assert "did not answer for 2 s and was killed" in (tmp_path / "output.txt").read_text(encoding="utf-8")


def test_a_process_that_takes_calls_and_hangs_is_replaced(tmp_path: Path) -> None:
    with running_server(tmp_path, "[server]\nworkers = 2\nhang_seconds = 2\n" + DETERMINISTIC) as server:
        hanging, other = processes(server, "rhapsode-server")
        hanging.send_signal(signal.SIGSTOP)
        _, alive = psutil.wait_procs([hanging], timeout=30)
        assert not alive
        wait_until(server, lambda client: chat(client).is_success and len(processes(server, "rhapsode-server")) == 2)
        assert other.is_running()
        assert server.terminate() == 0
