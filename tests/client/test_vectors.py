"""Vectors by the SDK."""

import json

import pytest

from rhapsode import BadRequest, RateLimited, UnreadableReply, Vectors
from rhapsode.core.embedding import Embeddings
from rhapsode.dialects.minimax.embeddings import write_reply
from tests.client.player import TRACE, Player, play, status
from tests.client.speakers import OpenClient

TWO = write_reply(Embeddings(vectors=[[0.5, -0.5], [1.0, 0.0]], tokens=7))


def test_texts_become_vectors(open_client: OpenClient) -> None:
    with Player(play(TWO, Trace_Id=TRACE)) as server:
        found = open_client(base_url=server.url, group_id="12").embed(["calm sea", "blue sky"])
    assert found == Vectors(vectors=[[0.5, -0.5], [1.0, 0.0]], total_tokens=7, trace_id=TRACE)
    (asked,) = server.asked
    assert asked.target == "/v1/embeddings?GroupId=12"
    assert asked.json == {"model": "embo-01", "texts": ["calm sea", "blue sky"], "type": "db"}


def test_one_text_that_shall_find(open_client: OpenClient) -> None:
    answer = write_reply(Embeddings(vectors=[[1.0]], tokens=1))
    with Player(play(answer)) as server:
        found = open_client(base_url=server.url).embed("sea", query=True, model="own")
    assert found.vectors == [[1.0]]
    assert server.asked[0].json == {"model": "own", "texts": ["sea"], "type": "query"}


def test_what_may_be_tried_again_is(open_client: OpenClient) -> None:
    with Player(status(1002, "rate limit"), play(TWO)) as server:
        assert open_client(base_url=server.url, backoff=0).embed(["a", "b"]).total_tokens == 7
    with Player(status(1002, "rate limit")) as server, pytest.raises(RateLimited):
        open_client(base_url=server.url, max_retries=0).embed("a")


@pytest.mark.parametrize("answer", [TWO, b"{}", b'{"vectors":null}', b"<html>", json.dumps({"vectors": "?"}).encode()])
def test_what_is_no_answer_to_one_text_is_told(open_client: OpenClient, answer: bytes) -> None:
    with Player(play(answer)) as server, pytest.raises(UnreadableReply):
        open_client(base_url=server.url).embed("calm sea")


def test_a_servers_refusal_is_a_bad_request(open_client: OpenClient) -> None:
    with Player(status(2013, "invalid params, texts[0]: must not be empty")) as server:
        client = open_client(base_url=server.url)
        with pytest.raises(BadRequest, match="must not be empty"):
            client.embed("")


@pytest.mark.parametrize("texts", [[], ["half a character: \ud800"]])
def test_what_makes_no_sense_is_not_sent(open_client: OpenClient, texts: list[str]) -> None:
    with Player() as server:
        client = open_client(base_url=server.url)
        with pytest.raises(BadRequest):
            client.embed(texts)
        assert server.asked == []


def test_the_numbers_do_not_print() -> None:
    assert repr(Vectors(vectors=[[1.0]], total_tokens=1, trace_id=None)) == "Vectors(total_tokens=1, trace_id=None)"
