"""A server of ours in front of others: a dead one whose fallback replies, and one of ours in each dialect."""

import json
import socket
from pathlib import Path

import pytest

from tests.client.player import Player, silence, stream
from tests.engines.upstream.playing import TONGUES, Tongue
from tests.live.running import LiveServer, running_server
from tests.live.test_chat_pro import body

SETTINGS = """
[chat.engines.big]
kind = "{kind}"
base_url = "{url}"
api_key_file = "{key}"
breaker_failures = 1
breaker_seconds = 600.0
[chat.engines.embedded]
kind = "scripted"
[chat.models]
"abab5.5-chat" = ["big", "embedded"]
[speech.engines.embedded]
kind = "tone"
"""


@pytest.fixture
def key(tmp_path: Path, deterministic: LiveServer) -> Path:
    file = tmp_path / "key"
    file.write_text(deterministic.api_key, encoding="utf-8")
    return file


def ask(server: LiveServer, **fields: object) -> dict[str, object]:
    with server.client() as client:
        answer = client.post("/v1/text/chatcompletion_pro", json=body(**fields))
        reply: dict[str, object] = answer.json()
        return reply


@pytest.mark.parametrize("kind", ["minimax", "openai"])
def test_a_dead_upstream_is_replaced_by_the_next_engine(tmp_path: Path, key: Path, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with running_server(tmp_path / "home", SETTINGS.format(kind=kind, url=url, key=key)) as server:
        for _ in range(3):
            assert "hears " in str(ask(server)["reply"])
        log = (server.home / "output.txt").read_text(encoding="utf-8")
        assert log.count("an upstream is given a rest") == 1
        assert key.read_text(encoding="utf-8") not in log


@pytest.mark.parametrize("kind", ["minimax", "openai"])
def test_another_server_of_ours_replies(tmp_path: Path, key: Path, deterministic: LiveServer, kind: str) -> None:
    settings = SETTINGS.format(kind=kind, url=deterministic.base_url, key=key)
    with running_server(tmp_path / "home", settings) as server:
        whole = ask(server)
        assert whole["base_resp"] == {"status_code": 0, "status_msg": ""}
        assert "hears " in str(whole["reply"])
        with server.client() as client:
            streamed = client.post("/v1/text/chatcompletion_pro", json=body(stream=True)).text
        last = json.loads(streamed.strip().rpartition("data: ")[2])
        assert last["reply"] == whole["reply"]
        assert len(streamed.split("data: ")) > 4
        assert "the next engine replies" not in (server.home / "output.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: tongue.kind)
def test_who_hangs_up_here_hangs_up_there(tmp_path: Path, key: Path, tongue: Tongue) -> None:
    with Player(stream(*tongue.frames("Glas", "sy.")[:1], then=silence)) as player:
        settings = SETTINGS.format(kind=tongue.kind, url=player.url, key=key)
        with running_server(tmp_path / "home", settings) as server, server.client() as client:
            sent = body(stream=True, mask_sensitive_info=False)
            with client.stream("POST", "/v1/text/chatcompletion_pro", json=sent) as answer:
                pieces = answer.iter_text()  # held: the client hangs up when it is let go of
                assert "Glas" in next(pieces)
                assert not player.hung_up.is_set()
            assert player.hung_up.wait(10)


def test_a_wrong_key_there_is_not_the_callers_here(tmp_path: Path, deterministic: LiveServer) -> None:
    file = tmp_path / "key"
    file.write_text("sk-rh-" + "k" * 43, encoding="utf-8")
    settings = SETTINGS.format(kind="minimax", url=deterministic.base_url, key=file)
    alone = settings.replace('["big", "embedded"]', '["big"]')
    with running_server(tmp_path / "home", alone) as server:
        told = ask(server)["base_resp"]
        assert isinstance(told, dict)
        assert told["status_code"] == 1013
        assert "configured" in told["status_msg"]
