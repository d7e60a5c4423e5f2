"""A ledger that a test can look into, and the meter around it."""

from rhapsode.core.errors import StorageError
from rhapsode.core.limiter import Limiter
from rhapsode.core.usage import CallRecord, Usage
from rhapsode.service.meter import Meter
from rhapsode.telemetry.ending import Ending
from tests.server.open_door import OpenDoor


class Kept:
    """Implements `Ledger` in memory, and `Watcher`. It fails for as long as `failure` is there."""

    def __init__(self) -> None:
        self.rows: dict[str, CallRecord] = {}
        self.watched: list[tuple[CallRecord, str, int]] = []
        self.endings: list[Ending] = []
        self.failure: StorageError | None = None

    async def record(self, record: CallRecord, /) -> None:
        if self.failure:
            raise self.failure
        self.rows.setdefault(record.call_id, record)

    def watch(self, record: CallRecord, ending: Ending, /) -> None:
        self.watched.append((record, ending.method, ending.http_status))
        self.endings.append(ending)

    @property
    def row(self) -> CallRecord:
        """The one there is."""
        (row,) = self.rows.values()
        return row


def price(model: str, usage: Usage) -> int:
    """Of `m` and the speech models."""
    return {"m": 10, "speech-01": 100}.get(model, 0) * (usage.prompt_tokens + usage.reply_tokens + usage.characters)


def meter(kept: Kept | None = None, limiter: Limiter | None = None) -> Meter:
    """Everybody comes in, unless a limiter says otherwise."""
    kept = kept or Kept()
    return Meter(limiter=limiter or OpenDoor(), ledger=kept, price=price, watcher=kept.watch)
