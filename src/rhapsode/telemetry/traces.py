"""Traces for a collector that speaks OTLP over HTTP: one span a call, and one for each part of its work.

The names of attributes are OpenTelemetry's own where it has one (https://opentelemetry.io/docs/specs/semconv/gen-ai/).
"""

import asyncio
import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from rhapsode.core.usage import CallRecord, Outcome
from rhapsode.telemetry.ending import Ending
from rhapsode.telemetry.masking import mask
from rhapsode.telemetry.spans import CallTrace
from rhapsode.version import __version__

_SECONDS: Final = 5
"""that an export may take"""
_PATH: Final = "/v1/traces"
_OPERATIONS: Final = {
    "/v1/text/chatcompletion": "chat",
    "/v1/text/chatcompletion_pro": "chat",
    "/v1/text/chatcompletion_v2": "chat",
    "/v1/chat/completions": "chat",
    "/v1/embeddings": "embeddings",
}
"""what OpenTelemetry calls what is done at an address"""


class OtelTraces:
    """Implements `Traces`."""

    def __init__(self, endpoint: str, *, sample: float) -> None:
        """`endpoint`: the collector's address. `sample`: the share of traces that are kept where no caller decides."""
        url = endpoint if urlsplit(endpoint).path.strip("/") else endpoint.rstrip("/") + _PATH
        told = {"service.version": __version__}
        if "OTEL_SERVICE_NAME" not in os.environ:
            told["service.name"] = "rhapsode"
        self._ids = _Ids()
        self._provider = TracerProvider(
            resource=Resource.create(told),
            sampler=ParentBased(TraceIdRatioBased(sample)),
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url, timeout=_SECONDS)))
        self._tracer = self._provider.get_tracer("rhapsode", __version__)

    def begin(self, call_id: str, /, *, traceparent: str | None) -> CallTrace:
        """Of the protocol."""
        self._ids.trace_id = int(call_id[:32], 16)
        context = None if traceparent is None else set_span_in_context(NonRecordingSpan(_read(traceparent)))
        return _OtelCall(self._tracer, self._tracer.start_span("call", context=context, kind=SpanKind.SERVER))

    async def close(self) -> None:
        """Of the protocol."""
        await asyncio.to_thread(self._provider.shutdown)


class _Ids(RandomIdGenerator):
    """A trace that begins here has the id of its call."""

    def __init__(self) -> None:
        self.trace_id = 0

    def generate_trace_id(self) -> int:
        """Of the library. It is asked for within `begin`, on the event loop."""
        return self.trace_id or super().generate_trace_id()


class _OtelCall:
    """Implements `CallTrace`."""

    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self._span = span
        self._within = set_span_in_context(span)
        self._open: list[Span] = [span]

    @property
    def trace_id(self) -> str:
        """Of the protocol."""
        return f"{self._span.get_span_context().trace_id:032x}"

    @property
    def traceparent(self) -> str:
        """Of the protocol."""
        context = self._open[-1].get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    @contextmanager
    def part(self, name: str, *, began: int, busy: int | None) -> Generator[None]:
        """Of the protocol."""
        span = self._tracer.start_span(name, context=self._within, start_time=began or None)
        if busy is not None:
            span.set_attribute("rhapsode.busy_ms", busy / 1e6)
        self._open.append(span)
        try:
            yield
        except Exception as error:
            # Its name alone: its words may hold a caller's.
            span.set_status(Status(StatusCode.ERROR))
            span.set_attribute("error.type", type(error).__name__)
            raise
        finally:
            self._open.remove(span)
            span.end()

    def end(self, record: CallRecord, ending: Ending, /) -> None:
        """Of the protocol."""
        span, usage = self._span, record.usage
        span.update_name(f"{ending.method} {record.operation}")
        told: dict[str, str | int | float | None] = {
            "http.request.method": ending.method,
            "http.route": record.operation,
            "http.response.status_code": ending.http_status,
            "gen_ai.provider.name": "rhapsode",
            "gen_ai.operation.name": _OPERATIONS.get(record.operation),
            "gen_ai.request.model": mask(record.model),
            "gen_ai.usage.input_tokens": usage.prompt_tokens,
            "gen_ai.usage.output_tokens": usage.reply_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
            "rhapsode.trace_id": record.call_id,
            "rhapsode.group": record.group_id,
            "rhapsode.key_id": record.key_id,
            "rhapsode.voice": mask(record.voice),
            "rhapsode.characters": usage.characters,
            "rhapsode.audio_ms": usage.audio_ms,
            "rhapsode.outcome": record.outcome.value,
            "rhapsode.first_ms": ending.first_ms,
        }
        span.set_attributes({name: value for name, value in told.items() if value})
        span.set_attribute("rhapsode.code", record.status)
        if record.outcome is Outcome.FAILED:
            span.set_status(Status(StatusCode.ERROR))
            span.set_attribute("error.type", str(record.status))
        span.end()


def _read(traceparent: str) -> SpanContext:
    """What `spans` has looked at."""
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
