"""Embeddings over a real socket, in both shapes that the path speaks."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.engines.embed.asking import likeness
from tests.live.openai_client import async_client_of, client_of
from tests.live.running import LiveServer, running_server

pytestmark = pytest.mark.xdist_group("embeddings")  # one server of its own is enough

PATH = "/v1/embeddings"


@pytest.fixture(scope="session")
def native(tmp_path_factory: pytest.TempPathFactory, tiny_embedding_gguf: Path) -> Iterator[LiveServer]:
    """A server whose vectors llama.cpp makes, and whose other engine lets nobody wait."""
    settings = f"""
[chat.engines.embedded]
kind = "scripted"
[speech.engines.embedded]
kind = "tone"
[embed]
default = "vectors"
[embed.engines.vectors]
kind = "llama"
model = "{tiny_embedding_gguf}"
query_prefix = "query: "
[embed.engines.tight]
kind = "scripted"
queue = 0
[embed.models]
"own/vectors" = ["vectors"]
tight = ["tight"]
"""
    with running_server(tmp_path_factory.mktemp("vectors"), settings) as server:
        yield server


@pytest.fixture(params=["deterministic", "native"])
def server(request: pytest.FixtureRequest) -> LiveServer:
    """Both servers in turn."""
    found: LiveServer = request.getfixturevalue(request.param)
    return found


def post(server: LiveServer, **body: object) -> httpx2.Response:
    with server.client() as client:
        return client.post(PATH, json=body)


def test_texts_to_vectors(server: LiveServer) -> None:
    answer = post(server, model="embo-01", texts=["calm sea", "blue sky"], type="db")
    assert answer.status_code == 200
    assert len(answer.headers["trace-id"]) == 32
    reply = answer.json()
    assert set(reply) == {"vectors", "total_tokens", "base_resp"}
    one, other = reply["vectors"]
    assert likeness(one, one) == pytest.approx(1, abs=1e-3)
    assert len(one) == len(other)
    assert reply["total_tokens"] >= 16
    assert reply["base_resp"] == {"status_code": 0, "status_msg": "success"}


def test_a_query_and_a_text_to_be_found_differ_where_the_model_wants_it(native: LiveServer) -> None:
    store, query = [
        post(native, model="embo-01", texts=["calm sea"], type=kind).json()["vectors"][0] for kind in ("db", "query")
    ]
    assert likeness(store, query) < 0.9999


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"texts": []}, "texts"),
        ({"texts": ["a", ""]}, "texts[1]: must not be empty"),
        ({"type": "document"}, "type"),
        ({"model": "embo-09"}, "unknown model 'embo-09'"),
        ({"texts": ["a", "b " * 5000]}, "texts[1]: the text takes"),
        ({"texts": None}, "texts: is required"),
        ({"input": "calm sea"}, "texts: must not stand beside input"),
    ],
)
def test_a_bad_call_is_told_as_the_platform_tells_it(server: LiveServer, changes: dict[str, Any], rule: str) -> None:
    answer = post(server, **({"model": "embo-01", "texts": ["calm sea"], "type": "db"} | changes))
    assert answer.status_code == 200
    reply = answer.json()
    assert (reply["vectors"], reply["total_tokens"]) == (None, 0)
    assert reply["base_resp"]["status_code"] == 2013
    assert rule in reply["base_resp"]["status_msg"]


def test_without_an_engine_nothing_is_made_up(embedded: LiveServer) -> None:
    reply = post(embedded, model="embo-01", texts=["calm sea"], type="db").json()
    assert reply["vectors"] is None
    assert reply["base_resp"]["status_code"] == 2013
    assert "[embed.engines.NAME]" in reply["base_resp"]["status_msg"]
    with client_of(embedded) as client, pytest.raises(openai.BadRequestError, match=r"embed\.engines"):
        client.embeddings.create(model="embo-01", input="calm sea")


def test_openais_client_asks_for_base64_and_for_numbers_and_gets_the_same(server: LiveServer) -> None:
    with client_of(server) as client:
        packed = client.embeddings.create(model="embo-01", input=["calm sea", "blue sky"])
        plain = client.embeddings.create(model="embo-01", input=["calm sea", "blue sky"], encoding_format="float")
        (alone,) = client.embeddings.create(model="embo-01", input="blue sky").data
    assert [item.index for item in packed.data] == [0, 1]
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    assert alone.embedding == pytest.approx(packed.data[1].embedding, abs=1e-4)
    assert packed.model == "embo-01"
    assert packed.usage.prompt_tokens == packed.usage.total_tokens >= 16


def test_a_name_of_the_settings_is_served_and_listed(native: LiveServer) -> None:
    with client_of(native) as client:
        assert client.embeddings.create(model="own/vectors", input="calm sea").data
        assert client.models.retrieve("own/vectors").id == "own/vectors"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"input": [1, 2, 3]}, "input[0]"),
        ({"input": [[1, 2], [3]]}, "input[0]"),
        ({"input": ""}, "input"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": "b " * 5000}, "input"),
        ({"dimensions": 8}, "dimensions"),
    ],
)
def test_a_bad_call_is_told_as_openai_tells_it(server: LiveServer, wrong: dict[str, Any], field: str) -> None:
    asked: dict[str, Any] = {"model": "embo-01", "input": "calm sea"} | wrong
    with client_of(server) as client, pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(**asked)
    assert caught.value.param == field


def test_an_unknown_model_is_not_found(server: LiveServer) -> None:
    with client_of(server) as client, pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="text-embedding-3-small", input="calm sea")


async def test_a_full_line_is_a_rate_limit(native: LiveServer) -> None:
    async with async_client_of(native) as client:
        calls = [asyncio.create_task(client.embeddings.create(model="tight", input="scripted:wait")) for _ in range(2)]
        (refused,), (waiting,) = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        error = refused.exception()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert isinstance(error, openai.RateLimitError)
    assert error.code == "rate_limit_exceeded"
