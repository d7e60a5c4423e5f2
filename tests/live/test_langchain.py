"""LangChain's own clients, unmodified, against the real command: only host, key and group are set."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live.running import LiveServer

PROGRAM = Path(__file__).parent / "langchain_program.py"
Seen = dict[str, Any]


def run(server: LiveServer, *more: str) -> Seen:
    environment = os.environ | {"MINIMAX_API_KEY": server.api_key, "MINIMAX_GROUP_ID": server.group_id}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM), server.base_url, *more],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    seen: Seen = json.loads(done.stdout)
    return seen


@pytest.fixture(scope="module")
def scripted(deterministic: LiveServer) -> Seen:
    return run(deterministic, "embeddings")


@pytest.fixture(scope="module")
def real(embedded: LiveServer) -> Seen:
    return run(embedded)


@pytest.fixture(params=["scripted", "real"])
def seen(request: pytest.FixtureRequest) -> Seen:
    """What the clients saw of both servers in turn."""
    found: Seen = request.getfixturevalue(request.param)
    return found


def test_the_first_endpoint_replies(seen: Seen) -> None:
    assert seen["llm"].strip()
    assert "Hello" not in seen["llm_stop"]


def test_the_first_endpoint_says_what_is_wrong(seen: Seen) -> None:
    assert seen["llm_bad_key"] == "ValueError: API 2049 error: invalid api key"
    assert seen["llm_bad_model"] == "ValueError: API 2013 error: invalid params, model: unknown model 'nobody'"


def test_a_chat_replies(seen: Seen) -> None:
    assert seen["chat"].strip()
    assert seen["chat_async"].strip()
    metadata = seen["chat_metadata"]
    assert metadata["model_name"] == "abab6.5s-chat"
    assert metadata["finish_reason"] in {"stop", "length"}
    usage = metadata["token_usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_chat_is_streamed(seen: Seen) -> None:
    pieces = [piece for piece in seen["stream"] if piece]
    assert len(pieces) > 1
    (reason,) = filter(None, seen["stream_reason"])
    assert reason in {"stop", "length"}
    assert seen["stream_async"].strip()


def test_the_same_reply_whole_and_streamed(scripted: Seen) -> None:
    assert scripted["chat"] == scripted["chat_async"] == "".join(scripted["stream"]) == scripted["stream_async"]
    assert scripted["chat"] == "hears 3 turns, the last"


def test_a_chat_with_a_bad_key_is_told_so(seen: Seen) -> None:
    assert seen["chat_bad_key"] == "Exception: Invalid API Key Provided"


def test_a_tool_is_called_and_its_answer_heard(seen: Seen) -> None:
    (call,) = seen["tools"]["calls"]
    assert call["name"] == "weather"
    assert set(call["args"]) == {"city"}
    assert call["id"].startswith("call_function_")
    assert seen["tools"]["reason"] == "tool_calls"
    assert seen["tools"]["reply"].strip()


def test_texts_become_vectors(scripted: Seen) -> None:
    one, other = scripted["documents"]
    assert len(one) == len(other) == len(scripted["query"])
    assert one != other
    assert all(isinstance(number, float) for number in (*one, *other, *scripted["query"]))
