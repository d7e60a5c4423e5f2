"""What is written down of every kind of call, over the real command: work leaves one row, what costs nothing none."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.live.ledger import calls
from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_chat_cc import body as cc_body
from tests.live.test_chat_pro import body as pro_body
from tests.live.test_chat_v2 import body as v2_body
from tests.live.test_chat_v2 import spoken as spoken_body
from tests.live.test_hang_up import connect
from tests.live.test_long_text import zipped
from tests.live.test_t2a import body as t2a_body
from tests.live.test_t2a_v2 import body as t2a_v2_body
from tests.live.test_t2a_ws import FINISH, START, dial, hear_all, say

PRICES = """
[prices.models."*"]
prompt = 1
reply = 1
characters = 1
"""
OWN_VOICE = "Ledger-Voice-1"
TEXT = "你好，world."
CHARACTERS = 11

Ask = Callable[[httpx2.Client], httpx2.Response]


def post(path: str, **body: object) -> Ask:
    return lambda client: client.post(path, json=body)


def get(path: str, **query: object) -> Ask:
    return lambda client: client.get(path, params={name: str(value) for name, value in query.items()})


def openai_body(**changes: object) -> dict[str, Any]:
    return {"model": "abab6.5s-chat", "messages": [{"role": "user", "content": "Hello."}]} | changes


def embed_body(**changes: object) -> dict[str, Any]:
    return {"model": "embo-01", **changes}


def create_task(client: httpx2.Client) -> httpx2.Response:
    form = {"model": "speech-01", "voice_id": "female-yujie"}
    return client.post("/v1/t2a_async", data=form, files={"text": ("a.zip", zipped({"a.txt": TEXT}))})


# What each address is asked, so that it works; what comes of it is a row, with tokens or characters.
WORK: dict[str, tuple[Ask, ...]] = {
    "/v1/text/chatcompletion": (
        post("/v1/text/chatcompletion", **cc_body()),
        post("/v1/text/chatcompletion", **cc_body(stream=True)),
    ),
    "/v1/text/chatcompletion_pro": (
        post("/v1/text/chatcompletion_pro", **pro_body()),
        post("/v1/text/chatcompletion_pro", **pro_body(stream=True)),
    ),
    "/v1/text/chatcompletion_v2": (
        post("/v1/text/chatcompletion_v2", **v2_body()),
        post("/v1/text/chatcompletion_v2", **v2_body(stream=True)),
        post("/v1/text/chatcompletion_v2", **spoken_body()),
    ),
    "/v1/chat/completions": (
        post("/v1/chat/completions", **openai_body()),
        post("/v1/chat/completions", **openai_body(stream=True)),
    ),
    "/v1/embeddings": (
        post("/v1/embeddings", **embed_body(texts=["a"], type="db")),
        post("/v1/embeddings", **embed_body(input="a")),
    ),
    "/v1/audio/speech": (
        post("/v1/audio/speech", model="tts-1", voice="alloy", input=TEXT),
        post("/v1/audio/speech", model="gpt-4o-mini-tts", voice="alloy", input=TEXT, stream_format="sse"),
    ),
    "/v1/text_to_speech": (post("/v1/text_to_speech", **t2a_body(text=TEXT)),),
    "/v1/t2a_pro": (post("/v1/t2a_pro", **t2a_body(text=TEXT)),),
    "/v1/tts/stream": (post("/v1/tts/stream", **t2a_body(text=TEXT)),),
    "/v1/t2a_v2": (
        post("/v1/t2a_v2", **t2a_v2_body(text=TEXT)),
        post("/v1/t2a_v2", **t2a_v2_body(text=TEXT, stream=True)),
        post("/v1/t2a_v2", **t2a_v2_body(text=TEXT, output_format="url", subtitle_enable=True)),
    ),
    "/v1/voice_design": (post("/v1/voice_design", prompt="old man, calm", preview_text=TEXT),),
    "/v1/text2voice": (post("/v1/text2voice", gender="male", age="old", voice_desc=["Calm"], text=TEXT),),
    "/v1/t2a_async": (create_task,),
    "/v1/t2a_async_v2": (post("/v1/t2a_async_v2", **t2a_v2_body(text=TEXT)),),
}

# Work whose kind uses nothing here, or that fails as it is asked: a row all the same.
BARE: dict[str, tuple[Ask, ...]] = {
    "/v1/voice_blend": (
        post("/v1/voice_blend", voice_id=OWN_VOICE, timber_weights=[{"voice_id": "female-yujie", "weight": 1}]),
    ),
    "/v1/voice_clone": (post("/v1/voice_clone", file_id=1, voice_id="Ledger-Clone-1"),),
}

# What costs nothing but to be answered.
FREE: dict[str, tuple[Ask, ...]] = {
    "/v1/models": (get("/v1/models"),),
    "/v1/models/{model:path}": (get("/v1/models/abab6-chat"),),
    "/v1/get_voice": (post("/v1/get_voice", voice_type="all"),),
    "/v1/delete_voice": (post("/v1/delete_voice", voice_type="voice_blend", voice_id=OWN_VOICE),),
    "/v1/files/upload": (
        lambda client: client.post(
            "/v1/files/upload", data={"purpose": "voice_clone"}, files={"file": ("a.wav", b"a")}
        ),
    ),
    "/v1/files/list": (get("/v1/files/list", purpose="voice_clone"),),
    "/v1/files/retrieve": (get("/v1/files/retrieve", file_id=1),),
    "/v1/files/retrieve_content": (get("/v1/files/retrieve_content", file_id=1),),
    "/v1/files/delete": (post("/v1/files/delete", file_id=1, purpose="voice_clone"),),
    "/v1/files": (
        lambda client: client.post("/v1/files", data={"purpose": "voice_clone"}, files={"file": ("a.wav", b"a")}),
        get("/v1/files"),
        lambda client: client.delete("/v1/files", params={"file_id": "1"}),
    ),
    "/query/t2a_async_query": (get("/query/t2a_async_query", task_id=1),),
    "/v1/query/t2a_async_query": (get("/v1/query/t2a_async_query", task_id=1),),
    "/v1/query/t2a_async_query_v2": (get("/v1/query/t2a_async_query_v2", task_id=1),),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with running_server(tmp_path_factory.mktemp("ledger"), DETERMINISTIC + PRICES) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: LiveServer) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def new_rows(server: LiveServer, client: httpx2.Client, ask: Ask) -> tuple[httpx2.Response, list[dict[str, Any]]]:
    """The answer, and what was written down by the time it was complete."""
    before = calls(server.home)
    answer = ask(client)
    return answer, [row for key, row in calls(server.home).items() if key not in before]


@pytest.mark.parametrize(("path", "ask"), [(path, ask) for path, asks in WORK.items() for ask in asks])
def test_every_work_leaves_one_row(server: LiveServer, client: httpx2.Client, path: str, ask: Ask) -> None:
    began = time.time()
    answer, rows = new_rows(server, client, ask)
    assert answer.status_code == 200
    (row,) = rows
    assert row["id"] == answer.headers["trace-id"]
    assert (row["operation"], row["outcome"], row["status"]) == (path, "ok", 0)
    assert row["group_id"] == server.group_id
    assert server.api_key not in str(row)
    assert row["model"]
    used = row["prompt_tokens"] + row["reply_tokens"] + row["characters"]
    assert row["cost"] == 1000 * used > 0
    assert bool(row["prompt_tokens"]) is ("chat" in path or "embed" in path)
    assert bool(row["characters"]) is bool(row["voice"])
    assert bool(row["characters"]) or bool(row["prompt_tokens"])
    assert 0 < row["first_ms"] <= row["took_ms"] <= 1000 * (time.time() - began)
    assert 1000 * (began - 1) <= row["started_ms"] <= 1000 * time.time()


@pytest.mark.parametrize(("path", "ask"), [(path, ask) for path, asks in BARE.items() for ask in asks])
def test_work_that_uses_nothing_leaves_one_row_too(
    server: LiveServer, client: httpx2.Client, path: str, ask: Ask
) -> None:
    answer, rows = new_rows(server, client, ask)
    (row,) = rows
    code = answer.json()["base_resp"]["status_code"]
    assert (row["id"], row["operation"], row["status"]) == (answer.headers["trace-id"], path, code)
    assert row["outcome"] == ("failed" if code else "ok")
    assert row["cost"] == row["characters"] == 0


@pytest.mark.parametrize("ask", [ask for asks in FREE.values() for ask in asks])
def test_what_costs_nothing_leaves_none(server: LiveServer, client: httpx2.Client, ask: Ask) -> None:
    answer, rows = new_rows(server, client, ask)
    assert answer.status_code == 200
    assert rows == []


def test_each_text_over_a_web_socket_leaves_a_row(server: LiveServer) -> None:
    before = calls(server.home)
    with dial(server) as connection:
        trace_id = (connection.response or pytest.fail("no handshake")).headers["trace-id"]
        say(connection, START, TEXT, TEXT, TEXT, FINISH)
        assert list(hear_all(connection))[-1]["event"] == "task_finished"
    rows = {key: row for key, row in calls(server.home).items() if key not in before}
    assert list(rows) == [trace_id, f"{trace_id}-2", f"{trace_id}-3"]
    assert {(row["operation"], row["characters"], row["outcome"]) for row in rows.values()} == {
        ("/ws/v1/t2a_v2", CHARACTERS, "ok")
    }


REFUSED: list[Ask] = [
    post("/v1/text/chatcompletion_pro", **pro_body(model="nobody")),
    post("/v1/text/chatcompletion_pro", model="abab6-chat"),
    post("/v1/chat/completions", **openai_body(model="nobody")),
    post("/v1/t2a_v2", **t2a_v2_body(model="nobody")),
    post("/v1/embeddings", **embed_body(model="nobody", input="a")),
    lambda client: client.post("/v1/text_to_speech", content=b"{"),
]


@pytest.mark.parametrize("ask", REFUSED)
def test_what_was_never_understood_leaves_none(server: LiveServer, client: httpx2.Client, ask: Ask) -> None:
    assert new_rows(server, client, ask)[1] == []
    with httpx2.Client(base_url=server.base_url, trust_env=False) as stranger:
        assert new_rows(server, stranger, post("/v1/chat/completions", **openai_body()))[1] == []


FAIL = "scripted:fail"
FAILED: list[Ask] = [
    post("/v1/text/chatcompletion", **cc_body(messages=[{"sender_type": "USER", "text": FAIL}])),
    post("/v1/text/chatcompletion", **cc_body(messages=[{"sender_type": "USER", "text": FAIL}], stream=True)),
    post("/v1/text/chatcompletion_v2", **v2_body(messages=[{"role": "user", "content": FAIL}])),
    post("/v1/text/chatcompletion_v2", **v2_body(messages=[{"role": "user", "content": FAIL}], stream=True)),
    post("/v1/text/chatcompletion_v2", **spoken_body(messages=[{"role": "user", "content": FAIL}])),
    post("/v1/chat/completions", **openai_body(messages=[{"role": "user", "content": FAIL}])),
    post("/v1/chat/completions", **openai_body(messages=[{"role": "user", "content": FAIL}], stream=True)),
]


@pytest.mark.parametrize("ask", FAILED)
def test_work_that_fails_leaves_a_row_and_costs_nothing(server: LiveServer, client: httpx2.Client, ask: Ask) -> None:
    answer, rows = new_rows(server, client, ask)
    (row,) = rows
    assert (row["id"], row["outcome"], row["status"]) == (answer.headers["trace-id"], "failed", 1013)
    assert (row["cost"], row["reply_tokens"] > 0) == (0, True)


@pytest.mark.parametrize(
    ("body", "code"),
    [(t2a_v2_body(voice_setting={"voice_id": "nobody"}), 2054), (t2a_v2_body(text="\u200b\u200b你"), 1042)],
)
def test_a_text_that_cannot_be_spoken_is_written_with_the_code_that_was_told(
    server: LiveServer, client: httpx2.Client, body: dict[str, Any], code: int
) -> None:
    answer, rows = new_rows(server, client, post("/v1/t2a_v2", **body))
    assert [row["status"] for row in rows] == [answer.json()["base_resp"]["status_code"]] == [code]


LONG = "春眠不觉晓，处处闻啼鸟。" * 400


def test_who_hangs_up_is_written_down_before_the_server_ends(tmp_path: Path) -> None:
    hold = [{"role": "user", "content": "scripted:hold"}]
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/v1/chat/completions", openai_body(messages=hold, stream=True)),
        ("/v1/text/chatcompletion_v2", v2_body(messages=hold, stream=True)),
        ("/v1/text/chatcompletion_v2", spoken_body(messages=hold)),
        ("/v1/text/chatcompletion", cc_body(messages=[{"sender_type": "USER", "text": "scripted:hold"}], stream=True)),
        ("/v1/tts/stream", t2a_body(text=LONG[:499], audio_sample_rate=32000, bitrate=128000)),
        ("/v1/t2a_v2", t2a_v2_body(text=LONG, stream=True)),
        ("/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": LONG[:4096], "response_format": "wav"}),
    ]
    with running_server(tmp_path, DETERMINISTIC + PRICES) as server:
        for path, body in asked:
            connection = connect(server, path, body)
            assert connection.recv(64).startswith(b"HTTP/1.1 200")
            connection.close()
        assert server.terminate() == 0
    rows = list(calls(tmp_path).values())
    told = {(row["operation"], row["outcome"]) for row in rows}
    assert told == {(path, "left") for path, _ in asked}, json.dumps(rows)
    for row in rows:
        assert row["status"] == 0
        assert row["cost"] == 1000 * (row["prompt_tokens"] + row["reply_tokens"] + row["characters"]) > 0
