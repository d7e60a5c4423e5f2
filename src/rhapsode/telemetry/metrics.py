"""The metrics, each defined once: docs/observe.md has a line for every one.

Labels have few values, whoever calls: an operation is a route's path, a model is one that is served, or "other".
With many processes the variable PROMETHEUS_MULTIPROC_DIR is set before this is imported; each then writes into files
of its own, and `write_metrics` adds them up.
"""

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

REGISTRY: Final = CollectorRegistry()

_QUICK: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0)
_WHOLE: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_LAG: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

REQUESTS: Final = Counter(
    "rhapsode_requests",
    "Calls that have ended, refused ones included. code: the platform's, 0 for success.",
    ("operation", "model", "outcome", "code"),
    registry=REGISTRY,
)
TOKENS: Final = Counter("rhapsode_tokens", "Tokens of prompts and of replies.", ("model", "kind"), registry=REGISTRY)
CACHED_TOKENS: Final = Counter(
    "rhapsode_cached_prompt_tokens", "Tokens of prompts that were not evaluated again.", ("model",), registry=REGISTRY
)
CHARACTERS: Final = Counter("rhapsode_characters", "Billed characters spoken.", ("model",), registry=REGISTRY)
AUDIO: Final = Counter("rhapsode_audio_seconds", "Seconds of sound made.", ("model",), registry=REGISTRY)
COST: Final = Counter("rhapsode_cost", "What calls cost, in the currency of the prices.", ("model",), registry=REGISTRY)
FIRST_TOKEN: Final = Histogram(
    "rhapsode_first_token_seconds",
    "From the request to the first event of a streamed reply.",
    ("operation", "model"),
    buckets=_QUICK,
    registry=REGISTRY,
)
FIRST_AUDIO: Final = Histogram(
    "rhapsode_first_audio_seconds",
    "From the request to the first sound of streamed speech.",
    ("operation", "model"),
    buckets=_QUICK,
    registry=REGISTRY,
)
DURATION: Final = Histogram(
    "rhapsode_request_seconds",
    "From the request to the end of its answer.",
    ("operation", "model"),
    buckets=_WHOLE,
    registry=REGISTRY,
)
IN_FLIGHT: Final = Gauge(
    "rhapsode_requests_in_flight",
    "Calls that have begun and not ended.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
ENGINE_WAITING: Final = Gauge(
    "rhapsode_engine_waiting",
    "Calls that wait for an engine.",
    ("ability", "engine"),
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
ENGINE_RUNNING: Final = Gauge(
    "rhapsode_engine_running",
    "What an engine works on: slots of a model, workers of speech, calls to an upstream.",
    ("ability", "engine"),
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
ENGINE_PLACES: Final = Gauge(
    "rhapsode_engine_places",
    "How much an engine can work on at once.",
    ("ability", "engine"),
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
WORKER_DEATHS: Final = Counter(
    "rhapsode_worker_deaths",
    "Worker processes of an engine that died and were replaced.",
    ("ability", "engine"),
    registry=REGISTRY,
)
PROCESS_RESTARTS: Final = Counter(
    "rhapsode_process_restarts",
    "Processes of a server of many that ended or hung and were started anew.",
    ("process",),
    registry=REGISTRY,
)
UPSTREAM_RESTING: Final = Gauge(
    "rhapsode_upstream_resting",
    "1 while an upstream is given a rest after failures in a row, else 0.",
    ("ability", "engine"),
    registry=REGISTRY,
    multiprocess_mode="livemax",
)
LIMITER_FALLBACK: Final = Gauge(
    "rhapsode_limiter_fallback",
    "1 while limits are counted by each process for itself, for Redis is slow or gone, else 0.",
    registry=REGISTRY,
    multiprocess_mode="livemax",
)
LEDGER_WAITING: Final = Gauge(
    "rhapsode_ledger_waiting",
    "Rows of the ledger that wait to be committed.",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
LOOP_LAG: Final = Histogram(
    "rhapsode_event_loop_lag_seconds",
    "How much later than asked for the event loop ran a timer.",
    buckets=_LAG,
    registry=REGISTRY,
)
RESIDENT: Final = Gauge(
    "rhapsode_resident_memory_bytes",
    "Memory that a process of the server has in use; pid tells many apart.",
    registry=REGISTRY,
    multiprocess_mode="liveall",
)
OPEN_FILES: Final = Gauge(
    "rhapsode_open_files",
    "Files and sockets that a process of the server has open; pid tells many apart.",
    registry=REGISTRY,
    multiprocess_mode="liveall",
)
BUILD: Final = Gauge(
    "rhapsode_build",
    "Always 1; the version is the label.",
    ("version",),
    registry=REGISTRY,
    multiprocess_mode="livemax",
)


def write_metrics(accept: str) -> tuple[bytes, str]:
    """All metrics as they are now, and their content type, in the format that an Accept header asks for. Blocks."""
    encode, content_type = choose_encoder(accept)
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return encode(REGISTRY), content_type
    together = CollectorRegistry()
    MultiProcessCollector(together)
    return encode(together), content_type
