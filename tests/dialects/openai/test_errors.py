"""Errors in OpenAI's shape."""

import json

import pytest
from inline_snapshot import snapshot

from rhapsode.core import errors
from rhapsode.dialects.openai.errors import headers_of, http_status_of, read_error, write_error, write_error_event


def told(error: errors.RhapsodeError) -> tuple[int, str, str | None, str | None]:
    body = json.loads(write_error(error, trace_id="t"))["error"]
    assert body["http_code"] == str(http_status_of(error))
    return http_status_of(error), body["type"], body["code"], body["param"]


def test_the_body_is_the_platforms_and_openais_at_once() -> None:
    error = errors.InvalidField("messages[0].content", "must not be empty")
    assert json.loads(write_error(error, trace_id="0f0e")) == snapshot(
        {
            "error": {
                "message": "invalid params, messages[0].content: must not be empty (2013)",
                "type": "invalid_request_error",
                "param": "messages[0].content",
                "code": "invalid_value",
                "http_code": "400",
            },
            "request_id": "0f0e",
            "type": "error",
        }
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.MissingKey("no"), (401, "authentication_error", "invalid_api_key", None)),
        (errors.UnknownKey("no"), (401, "authentication_error", "invalid_api_key", None)),
        (errors.WrongGroup("no"), (401, "authentication_error", "invalid_api_key", None)),
        (errors.UnknownModel("x"), (404, "invalid_request_error", "model_not_found", "model")),
        (
            errors.PromptTooLong(prompt_tokens=9, context_tokens=8),
            (400, "invalid_request_error", "context_length_exceeded", "messages"),
        ),
        (errors.NotSupported("n"), (400, "invalid_request_error", "unsupported_parameter", "n")),
        (errors.InvalidField("n", "must be 1"), (400, "invalid_request_error", "invalid_value", "n")),
        (errors.InvalidField("", "Expected `object`"), (400, "invalid_request_error", "invalid_value", None)),
        (errors.MalformedBody("?"), (400, "invalid_request_error", None, None)),
        (errors.BodyTooLarge(8), (413, "invalid_request_error", "request_too_large", None)),
        (errors.Overloaded("full"), (429, "rate_limit_error", "rate_limit_exceeded", None)),
        (errors.Draining("bye"), (503, "server_error", "service_unavailable", None)),
        (errors.EngineError("broken"), (500, "server_error", None, None)),
        (errors.StorageError("disk"), (500, "server_error", None, None)),
        (errors.RhapsodeError("?"), (500, "server_error", None, None)),
    ],
)
def test_every_error_has_its_status_type_and_code(
    error: errors.RhapsodeError, expected: tuple[int, str, str | None, str | None]
) -> None:
    assert told(error) == expected


@pytest.mark.parametrize(
    ("error", "code"),
    [(errors.MissingKey("no"), 1004), (errors.UnknownKey("no"), 2049), (errors.InvalidField("n", "no"), 2013)],
)
def test_a_message_ends_with_the_native_code(error: errors.RhapsodeError, code: int) -> None:
    assert json.loads(write_error(error, trace_id="t"))["error"]["message"].endswith(f" ({code})")


def test_an_error_in_a_stream_is_one_event() -> None:
    event = write_error_event(errors.EngineError("broken"), trace_id="t")
    assert event == b"data: " + write_error(errors.EngineError("broken"), trace_id="t") + b"\n\n"


@pytest.mark.parametrize(
    ("body", "message", "kind", "code"),
    [
        (
            write_error(errors.UnknownModel("x"), trace_id="t"),
            "invalid params, model: unknown model 'x' (2013)",
            "invalid_request_error",
            "model_not_found",
        ),
        (b'{"error":{"message":"no","type":"api_error","code":null}}', "no", "api_error", ""),
        (
            b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}',
            "Loading model",
            "unavailable_error",
            "503",
        ),
        (b'{"error":"model not found"}', "model not found", "", ""),
        (b'{"object":"error","message":"too long","type":"BadRequestError","code":400}', "too long", "", ""),
        (b'{"detail":[{"msg":"Field required"}]}', "", "", ""),
        (b"<html>502 Bad Gateway</html>", "", "", ""),
        (b"\xff\xfe", "", "", ""),
        (b'{"error":7}', "", "", ""),
        (b"", "", "", ""),
    ],
)
def test_an_error_of_any_server_is_read(body: bytes, message: str, kind: str, code: str) -> None:
    error = read_error(body)
    assert (error.message, error.kind, error.code) == (message, kind, code)


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        (errors.RequestsLimited("no", retry_after=1.2), {"retry-after": "2"}),
        (errors.UnitsLimited("no", retry_after=0.0), {"retry-after": "1"}),
        (errors.OutOfMoney("no"), {}),
        (errors.EngineError("no"), {}),
    ],
)
def test_who_has_had_its_share_is_told_when_there_is_more(error: errors.RhapsodeError, headers: dict[str, str]) -> None:
    assert headers_of(error) == headers
