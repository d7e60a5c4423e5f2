"""What is told of a call once it is over: a line of the log, what the metrics count, and the end of its trace."""

from collections.abc import Iterable
from typing import Final

from prometheus_client import Counter, Histogram

from rhapsode.core.usage import CallRecord
from rhapsode.telemetry import metrics, spans
from rhapsode.telemetry.call_line import log_call
from rhapsode.telemetry.ending import Ending

OTHER: Final = "other"
"""what metrics call a model that nobody serves under this name"""

_MOST_REMEMBERED: Final = 4096
"""combinations of labels; more than operations and models have, and an end if they had not"""


class CallWatcher:
    """Told of every call that has ended. It takes microseconds, and never fails."""

    def __init__(self) -> None:
        self._models: dict[str, str] = {}
        self._meters: dict[tuple[str, str, str, str, int], _Meters] = {}

    def know(self, models: Iterable[str]) -> None:
        """Tell models of these names apart, in any case of their letters."""
        self._models |= {name.casefold(): name for name in models}

    def __call__(self, record: CallRecord, ending: Ending, /) -> None:
        """Of the meter's protocol."""
        trace = spans.leave(record, ending) or record.call_id
        log_call(record, ending, trace=trace)
        key = (record.operation, record.model, record.counted_as, record.outcome.value, record.status)
        meters = self._meters.get(key)
        if meters is None:
            meters = _Meters(record, self._model(record))
            if len(self._meters) < _MOST_REMEMBERED:
                self._meters[key] = meters
        meters.count(record, ending, trace)

    def _model(self, record: CallRecord) -> str:
        name = record.counted_as or record.model
        return self._models.get(name.casefold(), OTHER) if name else ""


class _Meters:
    """What calls of one kind count on, looked up once."""

    __slots__ = (
        "_audio",
        "_cached",
        "_characters",
        "_cost",
        "_duration",
        "_first_audio",
        "_first_token",
        "_model",
        "_operation",
        "_prompt",
        "_reply",
        "_requests",
    )

    def __init__(self, record: CallRecord, model: str) -> None:
        self._operation, self._model = record.operation, model
        self._requests = metrics.REQUESTS.labels(record.operation, model, record.outcome.value, str(record.status))
        self._duration = metrics.DURATION.labels(record.operation, model)
        # The rest when there is something to count: speech has no tokens.
        self._prompt: Counter | None = None
        self._reply: Counter | None = None
        self._cached: Counter | None = None
        self._characters: Counter | None = None
        self._audio: Counter | None = None
        self._cost: Counter | None = None
        self._first_token: Histogram | None = None
        self._first_audio: Histogram | None = None

    def count(self, record: CallRecord, ending: Ending, trace: str) -> None:
        usage = record.usage
        self._requests.inc()
        self._duration.observe(ending.took_ms / 1000, {"trace_id": trace})
        if usage.prompt_tokens:
            self._prompt = self._prompt or metrics.TOKENS.labels(self._model, "prompt")
            self._prompt.inc(usage.prompt_tokens)
        if usage.reply_tokens:
            self._reply = self._reply or metrics.TOKENS.labels(self._model, "reply")
            self._reply.inc(usage.reply_tokens)
        if usage.cached_tokens:
            self._cached = self._cached or metrics.CACHED_TOKENS.labels(self._model)
            self._cached.inc(usage.cached_tokens)
        if usage.characters:
            self._characters = self._characters or metrics.CHARACTERS.labels(self._model)
            self._characters.inc(usage.characters)
        if usage.audio_ms:
            self._audio = self._audio or metrics.AUDIO.labels(self._model)
            self._audio.inc(usage.audio_ms / 1000)
        if record.cost:
            self._cost = self._cost or metrics.COST.labels(self._model)
            self._cost.inc(record.cost / 1_000_000)
        first = ending.first_ms
        if first is not None and record.streamed:
            if usage.reply_tokens:
                self._first_token = self._first_token or metrics.FIRST_TOKEN.labels(self._operation, self._model)
                self._first_token.observe(first / 1000)
            elif usage.audio_ms:
                self._first_audio = self._first_audio or metrics.FIRST_AUDIO.labels(self._operation, self._model)
                self._first_audio.observe(first / 1000)
