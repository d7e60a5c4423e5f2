"""Upstreams that tell of counts which cannot be: they credit no money, and break no answer."""

import json
from collections.abc import Mapping, Sequence
from itertools import starmap
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from rhapsode.core.usage import MOST_COUNTED
from tests.client.player import Answer, Player, play, stream
from tests.engines.upstream.playing import TONGUES, Tongue
from tests.live.ledger import calls
from tests.live.running import LiveServer, running_server

SETTINGS: Final = """
[chat.engines.far]
kind = "{kind}"
base_url = "{url}"
api_key_file = "{key}"
retries = 0
[chat.models]
"abab6.5s-chat" = ["far"]
[speech.engines.embedded]
kind = "tone"
[embed.engines.far]
kind = "{kind}"
base_url = "{url}"
api_key_file = "{key}"
retries = 0
[embed.models]
"embo-01" = ["far"]
[prices.models."*"]
prompt = 0.001
cached = 0.0001
reply = 0.002
"""
LEAST: Final = {"prompt_tokens": -(10**6), "completion_tokens": -7, "total_tokens": -(10**6)}
MOST: Final = {"prompt_tokens": 10**20, "completion_tokens": 10**20, "total_tokens": 10**21}
BESIDE: Final = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
KNOWN: Final = {"prompt_tokens_details": {"cached_tokens": 10**6}}


def replying(tongue: Tongue, usage: Mapping[str, object]) -> Answer:
    """A reply with these counts in the event that tells of them."""
    return stream(*[_counting(frame, usage) for frame in tongue.frames("Glassy.")])


def _counting(frame: bytes, usage: Mapping[str, object]) -> bytes:
    if b'"usage"' not in frame:
        return frame
    told = json.loads(frame.removeprefix(b"data:")) | {"usage": usage}
    return b"data: " + json.dumps(told).encode() + b"\n\n"


def embedding(tongue: Tongue, count: int) -> Answer:
    """One vector, and how many tokens it took."""
    told: dict[str, object] = {"data": [{"index": 0, "embedding": [0.6, 0.8]}], "usage": {"prompt_tokens": count}}
    if tongue.kind == "minimax":
        told = {"vectors": [[0.6, 0.8]], "total_tokens": count, "base_resp": {"status_code": 0, "status_msg": ""}}
    return play(json.dumps(told).encode())


def chat(client: httpx2.Client) -> str:
    asked = {"model": "abab6.5s-chat", "messages": [{"role": "user", "content": "hi"}]}
    answer: dict[str, Any] = client.post("/v1/chat/completions", json=asked).json()
    return answer["choices"][0]["message"]["content"]


def vectors(client: httpx2.Client) -> list[list[float]]:
    asked = {"model": "embo-01", "texts": ["sea"], "type": "db"}
    answer: dict[str, Any] = client.post("/v1/embeddings", json=asked).json()
    return answer["vectors"]


def counted(server: LiveServer) -> Sequence[tuple[int, int, int]]:
    """Of each call, tokens of the prompt, of the reply, and what it cost."""
    rows = calls(server.home).values()
    return [(row["prompt_tokens"], row["reply_tokens"], row["cost"]) for row in rows]


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: tongue.kind)
def test_counts_that_cannot_be_are_brought_to_those_that_can(tmp_path: Path, tongue: Tongue) -> None:
    key = tmp_path / "key"
    key.write_text("k", encoding="utf-8")
    answers = [
        *(replying(tongue, usage) for usage in (BESIDE | KNOWN, LEAST, MOST)),
        *starmap(embedding, [(tongue, -(10**6)), (tongue, 10**20)]),
    ]
    with Player(*answers) as player:
        settings = SETTINGS.format(kind=tongue.kind, url=player.url, key=key)
        with running_server(tmp_path / "home", settings) as server, server.client() as client:
            assert [chat(client) for _ in range(3)] == ["Glassy."] * 3
            assert [vectors(client) for _ in range(2)] == [[[0.6, 0.8]]] * 2
            rows = counted(server)
            log = (server.home / "output.txt").read_text(encoding="utf-8")
    # The platform's dialect has no word for what was known of a prompt: its 5 tokens cost 5 millionths, and not 0.5.
    beside = (5, 2, 5 if tongue.kind == "openai" else 9)
    most, last = MOST_COUNTED, (MOST_COUNTED, 0, MOST_COUNTED)
    assert list(rows) == [beside, (0, 0, 0), (most, most, 3 * most), (0, 0, 0), last]
    assert "Traceback" not in log
