"""Listeners who leave, and listeners who are slow."""

import json
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psutil

from tests.live.running import DETERMINISTIC, running_server
from tests.live.test_hang_up import connect
from tests.live.test_t2a import body as short_body
from tests.live.test_t2a_v2 import PATH as V2
from tests.live.test_t2a_v2 import body

ONE_WORKER = """
[speech.engines.embedded]
kind = "espeak"
workers = 1
"""
LONG = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"
QUIET = {"exclude_aggregated_audio": True}
MEGABYTES = 2**20


def test_listeners_who_leave_free_the_only_worker(tmp_path: Path) -> None:
    # Each of these would keep the worker busy for minutes. The last one is answered all the same.
    calls: list[tuple[str, dict[str, Any]]] = [
        (V2, body(text=LONG * 400, stream=True)),
        ("/v1/tts/stream", short_body(text=LONG * 20)),
        ("/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": LONG * 170}),
    ]
    with running_server(tmp_path, ONE_WORKER) as server, server.client() as client:
        for path, asked in calls:
            with closing(connect(server, path, asked)) as listening:
                assert listening.recv(4096).startswith(b"HTTP/1.1 200")  # it is being spoken
        for path, asked in ((V2, body(text=LONG * 400)), ("/v1/t2a_pro", short_body(text=LONG * 2000))):
            connect(server, path, asked).close()
        assert client.post(V2, json=body(text="你好")).json()["base_resp"]["status_code"] == 0


def test_slow_listeners_do_not_grow_the_servers_memory(tmp_path: Path) -> None:
    """Meanwhile as much is spoken to a quick one as would wait for each of them: 60 MB in all, if it were kept."""
    packed = {"format": "pcm", "sample_rate": 24000, "channel": 1}
    by_v2 = body(text="长" * 2000, stream=True, stream_options=QUIET, audio_setting=packed)
    by_openai = {"model": "tts-1", "voice": "nova", "input": "长" * 2000, "response_format": "pcm"}
    slow = [(V2, by_v2), (V2, by_v2), ("/v1/audio/speech", by_openai), ("/v1/audio/speech", by_openai)]
    with running_server(tmp_path, DETERMINISTIC) as server, server.client() as client, ExitStack() as listening:
        assert client.post(V2, json=body(stream=True)).status_code == 200
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss
        for path, asked in slow:
            connection = listening.enter_context(closing(connect(server, path, asked)))
            assert connection.recv(1) == b"H"  # it has heard the beginning, and takes no more
        with client.stream("POST", V2, json=by_v2) as answer:
            *_, last = (line for line in answer.iter_lines() if "extra_info" in line)
        assert json.loads(last[6:])["extra_info"]["audio_size"] > 9 * MEGABYTES
        assert process.memory_info().rss - before < 25 * MEGABYTES
