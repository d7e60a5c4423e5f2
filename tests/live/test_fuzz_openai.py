"""Whatever is sent to the paths of OpenAI's shape: no 500, no hang, and an error that says what it is."""

import json
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.live.running import LiveServer
from tests.live.test_fuzz import RELAXED as USUAL
from tests.live.test_fuzz import VALUES, mutants

CHAT, EMBEDDINGS, SPEECH = "/v1/chat/completions", "/v1/embeddings", "/v1/audio/speech"
GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": (
        CHAT,
        {
            "model": "abab6.5s-chat",
            "messages": [
                {"role": "system", "content": "在", "name": "甲"},
                {"role": "user", "content": [{"type": "text", "text": "你好"}]},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": 40,
            "max_completion_tokens": None,
            "temperature": 0.5,
            "top_p": 0.5,
            "seed": 1,
            "presence_penalty": 0.5,
            "frequency_penalty": -0.5,
            "stop": ["a", "b"],
            "response_format": {"type": "text"},
            "parallel_tool_calls": False,
            "n": 1,
            "logprobs": False,
        },
    ),
    "speech": (
        SPEECH,
        {
            "model": "tts-1",
            "input": "你好, world",
            "voice": [{"voice_id": "alloy", "weight": 60}, {"voice_id": "female-yujie", "weight": 40}],
            "instructions": "happy",
            "response_format": "pcm",
            "speed": 1.5,
            "stream_format": "audio",
        },
    ),
    "speech, in events": (
        SPEECH,
        {"model": "tts-1-hd", "input": "你好", "voice": "nova:1+echo:2", "stream_format": "sse"},
    ),
    "embeddings, OpenAI's": (EMBEDDINGS, {"model": "embo-01", "input": ["你好", "世界"], "encoding_format": "base64"}),
    "embeddings, the platform's": (EMBEDDINGS, {"model": "embo-01", "texts": ["你好", "世界"], "type": "db"}),
}


RELAXED = settings(USUAL, max_examples=80)


def judge(answer: httpx2.Response) -> None:
    assert answer.status_code in {200, 400, 404}, answer.text
    kind = answer.headers["content-type"]
    if kind == "text/event-stream":
        done = "data: [DONE]" if CHAT in str(answer.url) else 'data: {"type":"speech.audio.done"'
        assert answer.text.split("\n\n")[-2].startswith(done)
        return
    if kind.startswith("audio/"):
        assert answer.content
        return
    body = answer.json()
    if answer.status_code == 200:
        assert "choices" in body or "data" in body or body["base_resp"]["status_code"] in {0, 2013}
    else:
        assert body["error"]["message"].endswith(("(2013)", "(1042)"))
        assert body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("name", sorted(GOOD))
@RELAXED
@given(data=st.data())
def test_a_body_that_is_almost_right(deterministic: LiveServer, name: str, data: st.DataObject) -> None:
    path, good = GOOD[name]
    with deterministic.client() as client:
        judge(client.post(path, content=data.draw(mutants(good))))


@pytest.mark.parametrize("path", [CHAT, EMBEDDINGS, SPEECH])
@RELAXED
@given(body=st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_body_that_is_anything(deterministic: LiveServer, path: str, body: bytes) -> None:
    with deterministic.client() as client:
        judge(client.post(path, content=body))


@RELAXED
@given(name=st.binary(max_size=40).map(lambda raw: "".join(f"%{byte:02x}" for byte in raw)))
def test_any_name_of_a_model(deterministic: LiveServer, name: str) -> None:
    with deterministic.client() as client:
        answer = client.get(f"/v1/models/{name}")
    assert answer.status_code in {200, 404}
