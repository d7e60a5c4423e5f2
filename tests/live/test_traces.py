"""Traces, at a collector: one span a call with its parts, under the id that the answer carries."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.live.running import DETERMINISTIC, LiveServer, running_server
from tests.live.test_chat_pro import PATH as PRO
from tests.live.test_chat_pro import body as chat_body
from tests.live.test_t2a_ws import PATH as SOCKET
from tests.live.test_t2a_ws import dial, hear_all

pytestmark = pytest.mark.xdist_group("traces")  # one server for all

SECONDS = 30.0
T2A = "/v1/t2a_v2"
SPOKEN = {
    "model": "speech-01-turbo",
    "text": "hello",
    "stream": True,
    "voice_setting": {"voice_id": "male-qn-qingse"},
}
CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLERS_SPAN = "00f067aa0ba902b7"


class Collector:
    """Takes what is exported to it."""

    def __init__(self) -> None:
        self.came: Queue[ExportTraceServiceRequest] = Queue()
        self.service: str | None = None
        self._spans: list[Span] = []

    def trace(self, trace_id: str) -> dict[str, Span]:
        """The spans of a trace by their names, once the whole of it has come: the call's own comes last."""
        while True:
            mine = [span for span in self._spans if span.trace_id.hex() == trace_id]
            if any(span.kind == Span.SPAN_KIND_SERVER for span in mine):
                return {span.name: span for span in mine}
            for resource in self.came.get(timeout=SECONDS).resource_spans:
                names = {each.key: each.value.string_value for each in resource.resource.attributes}
                self.service = names["service.name"]
                for scope in resource.scope_spans:
                    self._spans += scope.spans


@contextmanager
def listening(handle: Callable[[BaseHTTPRequestHandler, bytes], None]) -> Generator[str]:
    """A server for POST; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            handle(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def collector() -> Iterator[tuple[Collector, str]]:
    collector = Collector()

    def take(request: BaseHTTPRequestHandler, body: bytes) -> None:
        assert request.path == "/v1/traces"
        collector.came.put(ExportTraceServiceRequest.FromString(body))
        request.send_response(200)
        request.send_header("content-length", "0")
        request.end_headers()

    with listening(take) as address:
        yield collector, address


@pytest.fixture(scope="module")
def traceparents() -> Queue[str]:
    """What the upstream was told."""
    return Queue()


@pytest.fixture(scope="module")
def traced(
    collector: tuple[Collector, str], traceparents: Queue[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    def refuse(request: BaseHTTPRequestHandler, _body: bytes) -> None:
        traceparents.put(request.headers["traceparent"])
        request.send_response(400)
        request.end_headers()

    with listening(refuse) as upstream:
        settings = f"""{DETERMINISTIC}
[chat.engines.elsewhere]
kind = "openai"
base_url = "{upstream}"
[chat.models]
"elsewhere" = ["elsewhere"]
[traces]
endpoint = "{collector[1]}"
"""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")  # milliseconds, instead of 5 s
            with running_server(tmp_path_factory.mktemp("traced"), settings) as server:
                yield server


def told(span: Span) -> dict[str, str | int | float]:
    values = {each.key: each.value for each in span.attributes}
    return {name: getattr(value, str(value.WhichOneof("value"))) for name, value in values.items()}


def exemplars(server: LiveServer) -> str:
    command = [sys.executable, "-m", "rhapsode", "admin-keys", "create", "--name", "Ada", "--json"]
    made = subprocess.run([*command, "--home", str(server.home)], capture_output=True, text=True, check=True)
    headers = {
        "Authorization": f"Bearer {json.loads(made.stdout)['api_key']}",
        "Accept": "application/openmetrics-text; version=1.0.0",
    }
    return httpx2.get(f"{server.base_url}/metrics", headers=headers, trust_env=False, timeout=60).text


def test_a_reply_is_a_span_with_its_parts(traced: LiveServer, collector: tuple[Collector, str]) -> None:
    with traced.client() as client:
        answer = client.post(PRO, json=chat_body())
    trace_id = answer.headers["trace-id"]
    spans = collector[0].trace(trace_id)
    assert collector[0].service == "rhapsode"
    assert set(spans) == {f"POST {PRO}", "admit", "engine", "ledger"}
    call = spans.pop(f"POST {PRO}")
    assert not call.parent_span_id
    for part in spans.values():
        assert part.parent_span_id == call.span_id
        assert call.start_time_unix_nano <= part.start_time_unix_nano <= part.end_time_unix_nano
        assert part.end_time_unix_nano <= call.end_time_unix_nano
    facts = told(call)
    assert facts["http.route"] == PRO
    assert facts["http.response.status_code"] == 200
    assert facts["gen_ai.operation.name"] == "chat"
    assert facts["gen_ai.request.model"] == chat_body()["model"]
    assert int(facts["gen_ai.usage.input_tokens"]) > 0
    assert facts["rhapsode.trace_id"] == trace_id
    assert facts["rhapsode.group"] == traced.group_id
    assert " trace=" not in traced.line_of(trace_id, kind=" call ")
    assert f'{{trace_id="{trace_id}"}}' in exemplars(traced)
    assert traced.api_key not in str(spans)
    assert chat_body()["messages"][-1]["text"] not in str(call) + str(spans)


def test_speech_tells_how_long_it_was_packed(traced: LiveServer, collector: tuple[Collector, str]) -> None:
    with traced.client() as client:
        answer = client.post(T2A, json=SPOKEN)
    spans = collector[0].trace(answer.headers["trace-id"])
    assert set(spans) == {f"POST {T2A}", "admit", "engine", "encode", "ledger"}
    packed = spans["encode"]
    busy = told(packed)["rhapsode.busy_ms"]
    assert isinstance(busy, float)
    assert 0 < busy <= (packed.end_time_unix_nano - packed.start_time_unix_nano) / 1e6


def test_a_callers_trace_is_gone_on_with_and_sent_on(
    traced: LiveServer, collector: tuple[Collector, str], traceparents: Queue[str]
) -> None:
    with traced.client() as client:
        headers = {"traceparent": f"00-{CALLER}-{CALLERS_SPAN}-01"}
        answer = client.post(PRO, json=chat_body() | {"model": "elsewhere"}, headers=headers)
    spans = collector[0].trace(CALLER)
    call, engine = spans[f"POST {PRO}"], spans["engine"]
    assert call.parent_span_id.hex() == CALLERS_SPAN
    trace_id = answer.headers["trace-id"]
    assert told(call)["rhapsode.trace_id"] == trace_id != CALLER
    assert call.status.code == engine.status.code == Status.STATUS_CODE_ERROR
    assert traceparents.get(timeout=SECONDS) == f"00-{CALLER}-{engine.span_id.hex()}-01"
    assert f" trace={CALLER} " in traced.line_of(trace_id, kind=" call ")
    assert f'{{trace_id="{CALLER}"}}' in exemplars(traced)


def test_a_caller_that_says_nonsense_has_a_trace_of_its_own(
    traced: LiveServer, collector: tuple[Collector, str]
) -> None:
    with traced.client() as client:
        answer = client.post(PRO, json=chat_body(), headers={"traceparent": f"00-{'0' * 32}-{CALLERS_SPAN}-01"})
    assert set(collector[0].trace(answer.headers["trace-id"])) >= {f"POST {PRO}", "engine"}


@pytest.mark.parametrize(("headers", "frame", "code"), [({"Authorization": "Bearer x"}, None, 2049), (None, "{", 2013)])
def test_a_socket_that_is_refused_is_a_span(
    traced: LiveServer,
    collector: tuple[Collector, str],
    headers: dict[str, str] | None,
    frame: str | None,
    code: int,
) -> None:
    with dial(traced, headers) as connection:
        trace_id = (connection.response or pytest.fail("no handshake")).headers["trace-id"]
        if frame is not None:
            connection.send(frame)
        list(hear_all(connection))
    (call,) = collector[0].trace(trace_id).values()
    assert call.name == f"GET {SOCKET}"
    assert told(call)["rhapsode.code"] == code
    assert call.status.code == Status.STATUS_CODE_ERROR
    assert call.end_time_unix_nano > call.start_time_unix_nano


def test_a_collector_that_is_gone_holds_nothing_up(tmp_path: Path) -> None:
    with running_server(tmp_path, DETERMINISTIC + '[traces]\nendpoint = "http://127.0.0.1:1"\n') as server:
        with server.client() as client:
            assert client.post(PRO, json=chat_body()).json()["base_resp"]["status_code"] == 0
        assert server.terminate() == 0
