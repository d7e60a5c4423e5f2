"""A call as the server tells of it."""

from dataclasses import replace
from typing import Any

from rhapsode.core.usage import CallRecord, Usage
from rhapsode.telemetry.calls import CallWatcher
from rhapsode.telemetry.ending import Ending
from rhapsode.telemetry.metrics import REGISTRY

CHAT = CallRecord(
    call_id="c0ffee" * 5 + "00",
    group_id="group-1",
    key_id="key-1",
    operation="/v1/text/chatcompletion_pro",
    model="abab5.5-chat",
    streamed=True,
    usage=Usage(prompt_tokens=30, reply_tokens=12, cached_tokens=20),
    cost=1_500_000,
    started_at=1_790_000_000.0,
    first_ms=40.0,
    took_ms=900.04,
)


def chat(**changes: Any) -> CallRecord:  # noqa: ANN401 - any field of a record
    return replace(CHAT, **changes)


def tell(
    watcher: CallWatcher, record: CallRecord, *, method: str = "POST", http_status: int = 200, address: str = ""
) -> None:
    """The call has ended, and all was sent when its record ends."""
    ending = Ending(
        method=method, http_status=http_status, first_ms=record.first_ms, took_ms=record.took_ms, address=address
    )
    watcher(record, ending)


def sample(name: str, **labels: str) -> float:
    """What a metric says; 0 where it says nothing yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0
