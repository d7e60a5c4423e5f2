"""The one line that the log has of a call. It holds no word of what was said, and no key.

A busy server writes thousands a second, so that a line goes to the log's stream past the chain that other events pass:
it takes a tenth of their time.
"""

import logging
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from rhapsode.core.usage import CallRecord
from rhapsode.telemetry.ending import Ending
from rhapsode.telemetry.masking import mask

LOGGER: Final = "rhapsode.calls"

_log = logging.getLogger(LOGGER)


class CallLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a log record of a call holds instead of a message. What is not known, and what is 0, is left out."""

    event: str
    level: str
    logger: str
    timestamp: str
    trace_id: str
    trace: str = ""
    method: str
    operation: str
    http_status: int
    code: int
    outcome: str
    address: str = ""
    group: str = ""
    key_id: str = ""
    user: str = ""
    model: str = ""
    voice: str = ""
    first_ms: float | None = None
    took_ms: float
    prompt_tokens: int = 0
    reply_tokens: int = 0
    cached_tokens: int = 0
    characters: int = 0
    audio_ms: int = 0
    cost: int = 0

    def as_json(self) -> str:
        """An object, on one line."""
        return _ENCODER.encode(self).decode()

    def __str__(self) -> str:
        """For people."""
        told = msgspec.structs.asdict(self)
        told["model"], told["voice"] = _quoted(self.model), _quoted(self.voice)  # what callers wrote
        facts = " ".join(
            f"{name}={told[name]}" for name in _FACTS if told[name] or name in {"code", "http_status", "took_ms"}
        )
        return f"{self.timestamp} [{self.level:<9}] {self.event} {facts}"


_BEFORE_ZONE: Final = len("2026-11-30T12:00:00.000000")
_ENCODER: Final = msgspec.json.Encoder()
_FACTS: Final = tuple(
    name for name in CallLine.__struct_fields__ if name not in {"event", "level", "logger", "timestamp"}
)
_APART: Final = frozenset(" ='\"")
"""what tells facts apart, and begins a quotation"""


def log_call(record: CallRecord, ending: Ending, *, trace: str) -> None:
    """Write the line of a call that has ended, unless the log keeps to what is worse.

    `trace` is the id of the trace that it is a part of.
    """
    if not _log.isEnabledFor(logging.INFO):
        return
    usage = record.usage
    line = CallLine(
        event="call",
        level="info",
        logger=LOGGER,
        timestamp=datetime.now(tz=UTC).isoformat(timespec="microseconds")[:_BEFORE_ZONE] + "Z",
        trace_id=record.call_id,
        trace="" if trace == record.call_id else trace,
        method=ending.method,
        operation=record.operation,
        http_status=ending.http_status,
        code=record.status,
        outcome=record.outcome.value,
        address=ending.address,
        group=record.group_id,
        key_id=record.key_id,
        user=record.user_id or "",
        model=_name(record.model),
        voice=_name(record.voice),
        first_ms=None if ending.first_ms is None else round(ending.first_ms, 1),
        took_ms=round(ending.took_ms, 1),
        prompt_tokens=usage.prompt_tokens,
        reply_tokens=usage.reply_tokens,
        cached_tokens=usage.cached_tokens,
        characters=usage.characters,
        audio_ms=usage.audio_ms,
        cost=record.cost,
    )
    _log.handle(logging.LogRecord(LOGGER, logging.INFO, "", 0, line, (), None))


@lru_cache(maxsize=1024)
def _name(name: str) -> str:
    """A name as callers wrote it, on one line: it may be anything, a key too."""
    return mask(name).translate(_CONTROLS)


@lru_cache(maxsize=1024)
def _quoted(name: str) -> str:
    """In quotes where it could be taken for more than one fact, as in all other lines."""
    return name if name.isprintable() and _APART.isdisjoint(name) else repr(name)


_CONTROLS: Final = dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), "?")
