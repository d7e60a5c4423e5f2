"""One line an event, whoever logs it, and no key in one."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from rhapsode.telemetry.logs import configure_logs
from rhapsode.telemetry.masking import mask

KEY = "sk-rh-" + "aB3_-" * 8 + "xyz"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def test_events_of_structlog_and_of_the_standard_library_look_alike(stream: io.StringIO) -> None:
    configure_logs(json=True, level="info", stream=stream)
    structlog.get_logger("rhapsode").info("served", port=8765)
    logging.getLogger("uvicorn.error").warning("started on %s", "127.0.0.1")
    ours, theirs = logged(stream)
    assert ours["event"] == "served"
    assert ours["port"] == 8765
    assert theirs["event"] == "started on 127.0.0.1"
    assert [event["level"] for event in (ours, theirs)] == ["info", "warning"]
    assert [event["logger"] for event in (ours, theirs)] == ["rhapsode", "uvicorn.error"]
    assert all(str(event["timestamp"]).endswith("Z") for event in (ours, theirs))


def test_what_is_below_the_level_is_left_out(stream: io.StringIO) -> None:
    configure_logs(json=True, level="warning", stream=stream)
    structlog.get_logger("rhapsode").info("quiet")
    structlog.get_logger("rhapsode").warning("loud")
    logging.getLogger("alembic.runtime.migration").info("quiet")
    assert [event["event"] for event in logged(stream)] == ["loud"]


def test_the_access_log_is_silent(stream: io.StringIO) -> None:
    configure_logs(json=True, level="debug", stream=stream)
    logging.getLogger("uvicorn.access").info('127.0.0.1 - "GET /?key=1"')
    assert logged(stream) == []


@pytest.mark.parametrize("as_json", [True, False])
def test_a_key_is_masked_wherever_it_stands(stream: io.StringIO, *, as_json: bool) -> None:
    configure_logs(json=as_json, level="info", stream=stream)
    log = structlog.get_logger("rhapsode")
    log.info("asked", text=f"with\n{KEY}", headers=[("authorization", f"Bearer {KEY}")], deep={"a": {"b": [KEY]}})
    logging.getLogger("other").warning("header %r", f"authorization: bearer {KEY}")
    log.error("failed", exc_info=ValueError(f"key:\n{KEY}"))
    text = stream.getvalue()
    assert len(text.splitlines()) == 3
    assert KEY[6:] not in text
    assert "sk-rh-***" in text
    assert "ValueError" in text


@pytest.mark.parametrize("as_json", [True, False])
def test_one_event_is_one_line(stream: io.StringIO, *, as_json: bool) -> None:
    configure_logs(json=as_json, level="info", stream=stream)
    structlog.get_logger("rhapsode").info("two\nlines", text="a\r\nb\x85c\u2028d")
    assert stream.getvalue().count("\n") == 1


def test_setting_it_again_does_not_log_twice(stream: io.StringIO) -> None:
    configure_logs(json=True, level="info", stream=io.StringIO())
    configure_logs(json=True, level="info", stream=stream)
    structlog.get_logger("rhapsode").info("once")
    assert len(logged(stream)) == 1


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"key={KEY}.", "key=sk-rh-***"),
        ("sk-api-0123456789", "sk-api-***"),
        ("sk-0123456789abcdef", "sk-***"),
        (r"end\nsk-0123456789abcdef", r"end\nsk-***"),
        ("Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "Authorization: Bearer ***"),
        ("token eyJhbGciOiJSUzI1NiJ9.e30.c2ln!", "token eyJ***!"),
        ('{"authorization": "Bearer abcdefghij"}', '{"authorization": "Bearer ***"}'),
        ("desk-sized", "desk-sized"),
        ("task-0123456789abcdef", "task-0123456789abcdef"),
        ("the bearer of it", "the bearer of it"),
    ],
)
def test_what_looks_like_a_key(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(st.text(), st.from_regex(r"sk-rh-[A-Za-z0-9_-]{43}", fullmatch=True), st.text())
def test_no_surrounding_hides_a_key(before: str, key: str, after: str) -> None:
    assert key not in mask(f"{before}{key}{after}")
