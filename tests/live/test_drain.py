"""SIGTERM: the door shuts, what runs finishes, the process ends with status 0."""

import json
import signal
from pathlib import Path

import httpx2
import psutil

from rhapsode.dialects.sse import EventReader
from tests.live.running import DETERMINISTIC, running_server
from tests.live.test_chat_pro import PATH, body

# Long enough to be still running when the signal has been felt: a list that the model goes on with.
COUNT = [{"sender_type": "USER", "sender_name": "Li", "text": "Count to one thousand: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"}]


def test_a_stream_in_flight_finishes_and_new_calls_are_refused(tmp_path: Path) -> None:
    long = body(stream=True, messages=COUNT, tokens_to_generate=400, temperature=0.01)
    with running_server(tmp_path) as server, server.client() as client, server.client() as other:
        with client.stream("POST", PATH, json=long) as answer:
            reader = EventReader()
            blocks = answer.iter_bytes()
            events = list(reader.feed(next(blocks)))
            server.process.send_signal(signal.SIGTERM)
            while (ready := other.get("/health/ready")).status_code == 200:
                pass
            assert (ready.status_code, ready.json()) == (503, {"server": "rhapsode", "status": "draining"})
            assert other.get("/health/live").status_code == 200
            refused = other.post(PATH, json=body())
            assert refused.status_code == 503
            assert refused.json()["base_resp"]["status_code"] == 1001
            assert server.process.poll() is None
            events += [data for block in blocks for data in reader.feed(block)]
        last = json.loads(events[-1])
        assert last["base_resp"]["status_code"] == 0
        assert last["usage"]["completion_tokens"] > 50
        assert server.process.wait(30) == 0


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        children = psutil.Process(server.process.pid).children(recursive=True)
        assert any("rhapsode-worker" in " ".join(child.cmdline()) for child in children)
        assert server.terminate() == 0
        gone, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    assert len(gone) == len(children)


def test_a_server_that_is_killed_takes_its_workers_along(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        children = psutil.Process(server.process.pid).children(recursive=True)
        server.process.kill()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive


def test_idle_connections_do_not_hold_the_end_up(tmp_path: Path) -> None:
    with running_server(tmp_path, DETERMINISTIC) as server, httpx2.Client(trust_env=False) as client:
        assert client.get(f"{server.base_url}/health/live").status_code == 200
        assert server.terminate() == 0
