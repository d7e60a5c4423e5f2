"""A call that has ended is one line of the log, and counts on the metrics."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import CollectorRegistry

from rhapsode.core.usage import Outcome, Usage
from rhapsode.telemetry.calls import CallWatcher
from rhapsode.telemetry.logs import configure_logs
from rhapsode.telemetry.metrics import REGISTRY, write_metrics
from tests.telemetry.recorded import chat, sample, tell


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def watcher() -> CallWatcher:
    watcher = CallWatcher()
    watcher.know(["abab5.5-chat", "speech-01"])
    return watcher


def test_a_call_is_one_object_with_what_is_known(watcher: CallWatcher) -> None:
    output = io.StringIO()
    configure_logs(json=True, level="info", stream=output)
    tell(watcher, chat())
    line = json.loads(output.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "call",
        "level": "info",
        "logger": "rhapsode.calls",
        "trace_id": "c0ffeec0ffeec0ffeec0ffeec0ffee00",
        "method": "POST",
        "operation": "/v1/text/chatcompletion_pro",
        "http_status": 200,
        "code": 0,
        "outcome": "ok",
        "group": "group-1",
        "key_id": "key-1",
        "model": "abab5.5-chat",
        "first_ms": 40.0,
        "took_ms": 900.0,
        "prompt_tokens": 30,
        "reply_tokens": 12,
        "cached_tokens": 20,
        "cost": 1_500_000,
    }


def test_a_call_is_one_line_for_people_too(watcher: CallWatcher) -> None:
    output = io.StringIO()
    configure_logs(json=False, level="info", stream=output)
    stranger = chat(group_id="", key_id="", model="", usage=Usage(), cost=0, status=2049, outcome=Outcome.FAILED)
    tell(watcher, stranger, http_status=401)
    (line,) = output.getvalue().splitlines()
    _, _, told = line.partition(" ")
    assert told == (
        "[info     ] call trace_id=c0ffeec0ffeec0ffeec0ffeec0ffee00 method=POST"
        " operation=/v1/text/chatcompletion_pro http_status=401 code=2049 outcome=failed first_ms=40.0 took_ms=900.0"
    )


@pytest.mark.parametrize("json", [True, False])
def test_a_name_that_is_a_key_or_breaks_the_line_does_neither(watcher: CallWatcher, *, json: bool) -> None:
    output = io.StringIO()
    configure_logs(json=json, level="info", stream=output)
    key = "sk-rh-" + "aB3_-" * 8 + "xyz"
    tell(watcher, chat(model=key, voice="a\nlevel=error\x1b[2J\u2028b"))
    (line,) = output.getvalue().splitlines()
    assert key[6:] not in line
    assert "a?level=error?[2J?b" in line


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ft:a_1:x [info] call code=0", "'ft:a_1:x [info] call code=0'"),
        ("Chinese (Mandarin)_Gentleman", "'Chinese (Mandarin)_Gentleman'"),
        ("a=b", "'a=b'"),
        ("'a'", "\"'a'\""),
        ("a\u3000b\u202e", r"'a\u3000b\u202e'"),
        ("ft:abab5.5-chat_1:小明", "ft:abab5.5-chat_1:小明"),
    ],
)
def test_a_name_is_one_fact_to_people(watcher: CallWatcher, name: str, told: str) -> None:
    output = io.StringIO()
    configure_logs(json=False, level="info", stream=output)
    tell(watcher, chat(model=name, voice=name))
    assert f" model={told} voice={told} first_ms=" in output.getvalue()


def test_a_log_that_keeps_to_what_is_worse_says_nothing_of_calls(watcher: CallWatcher) -> None:
    output = io.StringIO()
    configure_logs(json=True, level="warning", stream=output)
    tell(watcher, chat())
    assert not output.getvalue()


def test_calls_count_by_what_they_asked_for_and_what_came_of_it(watcher: CallWatcher) -> None:
    labels = {"operation": "/counted", "model": "abab5.5-chat"}
    for record in (chat(operation="/counted"), chat(operation="/counted", model="ABAB5.5-Chat")):
        tell(watcher, record)
    tell(watcher, chat(operation="/counted", outcome=Outcome.LEFT), http_status=499)
    assert sample("rhapsode_requests_total", **labels, outcome="ok", code="0") == 2
    assert sample("rhapsode_requests_total", **labels, outcome="left", code="0") == 1
    assert sample("rhapsode_request_seconds_count", **labels) == 3
    assert sample("rhapsode_first_token_seconds_sum", **labels) == pytest.approx(0.12)


def test_what_calls_use_counts_by_model(watcher: CallWatcher) -> None:
    spoken = {"model": "speech-01", "operation": "/spoken"}
    names = ("rhapsode_characters_total", "rhapsode_audio_seconds_total", "rhapsode_cost_total")
    before = [sample(name, model="speech-01") for name in names]
    speech = chat(
        operation="/spoken",
        model="speech-01",
        usage=Usage(characters=9, audio_ms=2500),
        cost=500_000,
        first_ms=70.0,
    )
    tell(watcher, speech)
    after = [sample(name, model="speech-01") for name in names]
    assert [now - then for now, then in zip(after, before, strict=True)] == pytest.approx([9, 2.5, 0.5])
    assert sample("rhapsode_first_audio_seconds_sum", **spoken) == pytest.approx(0.07)
    assert not sample("rhapsode_first_token_seconds_count", **spoken)


def test_a_whole_answer_has_no_first_token_of_its_own(watcher: CallWatcher) -> None:
    tell(watcher, chat(operation="/whole", streamed=False))
    assert not sample("rhapsode_first_token_seconds_count", operation="/whole", model="abab5.5-chat")


def test_names_that_callers_make_up_are_one_name(watcher: CallWatcher) -> None:
    for number in range(20):
        tell(watcher, chat(operation="/made-up", model=f"made-up-{number}"))
    assert sample("rhapsode_requests_total", operation="/made-up", model="other", outcome="ok", code="0") == 20


def test_a_model_known_by_another_name_counts_under_that(watcher: CallWatcher) -> None:
    record = chat(operation="/tuned", model="abab5.5-chat-ft-1", counted_as="abab5.5-chat")
    tell(watcher, record)
    assert sample("rhapsode_request_seconds_count", operation="/tuned", model="abab5.5-chat") == 1


def test_a_format_is_chosen_as_asked_and_exemplars_name_the_trace(watcher: CallWatcher) -> None:
    tell(watcher, chat(operation="/exemplar"))
    plain, kind = write_metrics("*/*")
    assert kind.startswith("text/plain")
    assert b"trace_id" not in plain
    body, kind = write_metrics("application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert b'{trace_id="c0ffeec0ffeec0ffeec0ffeec0ffee00"}' in body
    assert body.endswith(b"# EOF\n")


def test_every_name_is_ours() -> None:
    assert isinstance(REGISTRY, CollectorRegistry)
    assert all(family.name.startswith("rhapsode_") and family.documentation for family in REGISTRY.collect())
