"""Embeddings in OpenAI's shape."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from rhapsode.core.embedding import Embeddings, EmbedRequest
from rhapsode.core.errors import InvalidField, MalformedBody, NotSupported
from rhapsode.dialects.openai.embeddings import (
    EmbedCall,
    Encoding,
    read_reply,
    read_request,
    write_reply,
    write_request,
)

REPLY = Embeddings(vectors=[[0.5, -0.25], [1.0, 0.0]], tokens=7)


def read(**fields: object) -> EmbedCall:
    return read_request(json.dumps({"model": "embo-01"} | fields).encode())


def test_a_text_alone_and_a_list_of_texts() -> None:
    assert read(input="sea") == EmbedCall(request=EmbedRequest(model="embo-01", texts=("sea",), field="input"))
    several = EmbedRequest(model="embo-01", texts=("sea", "sky"), field="input[{}]")
    assert read(input=["sea", "sky"], encoding_format="base64", user="u") == EmbedCall(
        request=several, encoding="base64"
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": ["a"] * 2049}, "input"),
        ({"input": {}}, "input"),
        ({"input": 1}, "input"),
        ({"input": "a", "model": ""}, "model"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
    ],
)
def test_what_breaks_a_rule_is_named(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        read(**fields)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"input": [1, 2]}, "input[0]"),
        ({"input": ["a", [1, 2]]}, "input[1]"),
        ({"input": "a", "dimensions": 256}, "dimensions"),
    ],
)
def test_what_is_not_served_is_refused_by_name(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(NotSupported) as caught:
        read(**fields)
    assert caught.value.field == field


def test_vectors_as_numbers() -> None:
    assert write_reply(read(input=["a", "b"]), REPLY).decode() == snapshot(
        '{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-0.25]},{"object":"embedding","index":1,"embedding":[1.0,0.0]}],"model":"embo-01","usage":{"prompt_tokens":7,"total_tokens":7}}'
    )


def test_vectors_in_base64_are_32_bit_floats_little_end_first() -> None:
    assert write_reply(read(input=["a", "b"], encoding_format="base64"), REPLY).decode() == snapshot(
        '{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AAAAPwAAgL4="},{"object":"embedding","index":1,"embedding":"AACAPwAAAAA="}],"model":"embo-01","usage":{"prompt_tokens":7,"total_tokens":7}}'
    )


VECTOR = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3)


@given(vectors=st.lists(VECTOR, min_size=1, max_size=4), tokens=st.integers(0, 9999))
@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_what_is_written_is_read_back(vectors: list[list[float]], tokens: int, encoding: Encoding) -> None:
    reply = Embeddings(vectors=vectors, tokens=tokens)
    request = EmbedRequest(model="m", texts=("x",) * len(vectors))
    assert read_reply(write_reply(EmbedCall(request=request, encoding=encoding), reply), texts=len(vectors)) == reply


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=4))
def test_a_request_that_is_written_is_read_back(texts: list[str]) -> None:
    request = EmbedRequest(model="m", texts=tuple(texts), field="input[{}]")
    assert read_request(write_request(request)) == EmbedCall(request=request)


def test_vectors_out_of_order_are_put_in_order_and_usage_may_be_missing() -> None:
    body = b'{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}]}'
    assert read_reply(body, texts=2) == Embeddings(vectors=[[1], [2]], tokens=0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"data":[]}',
        b'{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}',
        b'{"data":[{"index":0,"embedding":"AAA"},{"index":1,"embedding":"AAAA"}]}',
        b'{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":["a"]}]}',
    ],
)
def test_what_is_no_answer_to_two_texts_is_told(body: bytes) -> None:
    with pytest.raises((InvalidField, MalformedBody)):
        read_reply(body, texts=2)
