"""How servers say that a prompt does not fit."""

import json

import pytest

from rhapsode.core.errors import PromptTooLong
from rhapsode.engines.upstream.too_long import read_too_long

OPENAI = (
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, "
    "1000 in the completion). Please reduce the length of the messages or completion."
)
VLLM = (
    "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens. Please reduce "
    "the length of the input messages."
)
SGLANG = "The input (5000 tokens) is longer than the model's context length (4096 tokens)."
OURS = PromptTooLong(prompt_tokens=5000, context_tokens=4096).message


@pytest.mark.parametrize(
    "refusal",
    [
        {"error": {"message": OPENAI, "type": "invalid_request_error", "code": "context_length_exceeded"}},
        {"error": {"message": VLLM, "type": "BadRequestError", "param": None, "code": 400}},
        {"object": "error", "message": SGLANG, "type": "BadRequestError", "code": 400},
        {"error": {"code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 4096}},
        {"error": {"message": f"invalid params, {OURS} (2013)"}},
    ],
)
def test_the_figures_are_read(refusal: object) -> None:
    error = read_too_long(json.dumps(refusal).encode())
    assert error is not None
    assert (error.prompt_tokens, error.context_tokens) == (5000, 4096)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"null",
        b'{"error":"no"}',
        b'{"error":{"message":null}}',
        b'{"error":{"message":"no"}}',
    ],
)
def test_anything_else_is_another_error(body: bytes) -> None:
    assert read_too_long(body) is None
