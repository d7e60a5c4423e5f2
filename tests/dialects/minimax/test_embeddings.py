"""Embeddings in the platform's shape."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from rhapsode.core.embedding import Embeddings, EmbedRequest, Purpose
from rhapsode.core.errors import EngineError, InvalidField, MalformedBody, UnknownModel
from rhapsode.dialects.minimax.embeddings import read_reply, read_request, write_error, write_reply, write_request
from rhapsode.dialects.minimax.status import StatusError


def read(**changes: object) -> EmbedRequest:
    good: dict[str, object] = {"model": "embo-01", "texts": ["calm sea"], "type": "query"}
    return read_request(json.dumps(good | changes).encode())


def test_a_text_to_be_found_and_one_that_finds() -> None:
    assert read() == EmbedRequest(model="embo-01", texts=("calm sea",), purpose=Purpose.QUERY)
    assert read(type="db").purpose is Purpose.STORE


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": ""}, "model"),
        ({"texts": []}, "texts"),
        ({"texts": "calm sea"}, "texts"),
        ({"texts": ["a", ""]}, "texts[1]"),
        ({"texts": ["a", 1]}, "texts[1]"),
        ({"texts": ["a"] * 2049}, "texts"),
        ({"type": "document"}, "type"),
        ({"type": None}, "type"),
    ],
)
def test_what_breaks_a_rule_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(**changes)
    assert caught.value.field == field


def test_the_type_is_required_as_on_the_platform() -> None:
    with pytest.raises(InvalidField, match="type"):
        read_request(b'{"model":"embo-01","texts":["a"]}')


def test_an_answer() -> None:
    assert write_reply(Embeddings(vectors=[[0.5, -0.25]], tokens=3)).decode() == snapshot(
        '{"vectors":[[0.5,-0.25]],"total_tokens":3,"base_resp":{"status_code":0,"status_msg":"success"}}'
    )


def test_an_error_has_what_clients_index() -> None:
    assert write_error(UnknownModel("embo-09")).decode() == snapshot(
        '{"vectors":null,"total_tokens":0,"base_resp":{"status_code":2013,"status_msg":"invalid params, model: unknown model \'embo-09\'"}}'
    )
    assert json.loads(write_error(EngineError("broken")))["base_resp"]["status_code"] == 1013


@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=4),
    purpose=st.sampled_from(Purpose),
)
def test_a_request_that_is_written_is_read_back(texts: list[str], purpose: Purpose) -> None:
    request = EmbedRequest(model="embo-01", texts=tuple(texts), purpose=purpose)
    assert read_request(write_request(request)) == request


def test_a_purpose_that_nobody_said_is_to_be_found() -> None:
    assert json.loads(write_request(EmbedRequest(model="m", texts=("a",))))["type"] == "db"


@given(vectors=st.lists(st.lists(st.floats(-1, 1), min_size=2, max_size=2), min_size=1), tokens=st.integers(0, 9999))
def test_what_is_written_is_read_back(vectors: list[list[float]], tokens: int) -> None:
    reply = Embeddings(vectors=vectors, tokens=tokens)
    assert read_reply(write_reply(reply), texts=len(vectors)) == reply


def test_a_failure_of_another_server_is_raised() -> None:
    with pytest.raises(StatusError) as caught:
        read_reply(write_error(UnknownModel("x")), texts=1, trace_id="t")
    assert (caught.value.code, caught.value.trace_id) == (2013, "t")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"vectors":null}', b'{"vectors":[]}', b'{"vectors":[["a"]]}'])
def test_what_is_no_answer_to_a_text_is_told(body: bytes) -> None:
    with pytest.raises((InvalidField, MalformedBody)):
        read_reply(body, texts=1)
