"""The account of one call: it is let in, what it uses is counted, and one row says what came of it.

A call that does work has a row in the ledger, however it ends, and never two. The row is committed before the answer is
complete: before a whole answer is sent, and before the frames that end a stream. So whoever saw a reply complete finds
it in the ledger, and a reply that cannot be written down is not completed. What failed is written with what it used,
and costs nothing. What never got past the door, and what no engine works for, has no row: a flood of refused calls
takes no disk.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rhapsode.core.caller import Caller
from rhapsode.core.errors import Forbidden, StorageError
from rhapsode.core.limiter import Permit, Unit
from rhapsode.core.usage import CallRecord, Outcome, Usage
from rhapsode.service.meter import Meter, log_missing
from rhapsode.telemetry.ending import Ending
from rhapsode.telemetry.spans import part

MODEL_CHARACTERS: Final = 128
VOICE_CHARACTERS: Final = 256
"""what the ledger keeps of a name"""

UNKNOWN_VOICE: Final = "unknown"
"""What is kept in place of an id that is nobody's, which may be anything: a whole text that was put there by mistake.

No voice is called so: ids of callers' own have eight characters.
"""

_NOTHING: Final = Usage()
_LEFT_STATUS: Final = 0


def _nothing() -> Usage:
    return _NOTHING


def _kept(name: str, most: int) -> str:
    """As much of a name as is kept. No database would keep a NUL."""
    return name[:most].replace("\0", "?")


def may_ask_for(caller: Caller, model: str, known_as: str = "") -> bool:
    """Whether the caller's key is for a model of one of these names, in any case of their letters."""
    models = caller.models
    if models is None or model in models or known_as in models:
        return True
    asked = {model.casefold(), known_as.casefold()}
    return any(name.casefold() in asked for name in models)


def check_model(caller: Caller, model: str, known_as: str = "") -> None:
    """Raise `Forbidden` unless the caller may ask for the model, as `may_ask_for` says."""
    if not may_ask_for(caller, model, known_as):
        raise Forbidden(f"this key is not for the model {model[:80]!r}")


class Account:
    """For one task at a time."""

    __slots__ = (
        "_aloud",
        "_amount",
        "_caller",
        "_counted_as",
        "_first",
        "_is_kept",
        "_is_told",
        "_is_written",
        "_meter",
        "_model",
        "_operation",
        "_permit",
        "_record",
        "_so_far",
        "_spoken_by",
        "_start",
        "_unit",
        "_usage",
        "_voice",
        "address",
        "call_id",
        "is_streamed",
        "started_at",
    )

    def __init__(
        self, meter: Meter, call_id: str, operation: str, caller: Caller | None = None, *, address: str | None = None
    ) -> None:
        """`operation` is the route's path. `caller` is absent until it is known who calls; `address` is where from."""
        self._caller = caller
        self.started_at = time.time()
        self._start = time.perf_counter()
        self._meter = meter
        self.call_id = call_id
        self.address = address
        self._operation = operation
        self._model = self._counted_as = self._voice = self._spoken_by = ""
        self._unit = Unit.CHARACTERS
        self._amount = 0
        self._usage: Usage | None = None
        self._so_far: Callable[[], Usage] = _nothing
        self._permit: Permit | None = None
        self._aloud: Permit | None = None
        self._first: float | None = None
        self._record: CallRecord | None = None
        self._is_kept = self._is_written = self._is_told = False
        self.is_streamed = False
        """whether the answer comes bit by bit"""

    @property
    def caller(self) -> Caller:
        """Whose call it is."""
        if self._caller is None:
            raise AssertionError("nobody knows yet who calls")
        return self._caller

    def identify(self, caller: Caller) -> None:
        """It is known who calls."""
        self._caller = caller

    async def admit(
        self,
        *,
        model: str,
        unit: Unit,
        amount: int,
        known_as: str = "",
        voice: str = "",
        spoken_by: str = "",
    ) -> None:
        """Let in a call that does work: it will have a row in the ledger.

        It takes at least `amount`. `known_as` is the model's name for rules and prices where the caller's is another.
        `spoken_by` is the model that speaks, where another one writes.

        Raises `Forbidden` and `LimitError`: then it is as if the call had never been, but for who watches.
        """
        self._model, self._counted_as = _kept(model, MODEL_CHARACTERS), known_as
        self._spoken_by = spoken_by
        if model:
            check_model(self.caller, model, known_as)
        asked = known_as or model
        if spoken_by:
            await self._enter_aloud(spoken_by)
        await self._enter(asked, unit, amount, counted_for=(asked, spoken_by) if spoken_by else None)
        self.cast(voice)
        self._is_kept = True

    async def admit_request(self) -> None:
        """Let in a call that costs nothing but to be answered. It counts as a request. Raises `LimitError`."""
        await self._enter("", Unit.CHARACTERS, 0)

    def cast(self, voice: str) -> None:
        """Who speaks: an id, or ids joined by `+`; `UNKNOWN_VOICE` where it turns out that there is no such voice."""
        self._voice = _kept(voice, VOICE_CHARACTERS)

    @property
    def so_far(self) -> Callable[[], Usage]:
        """Who was last said to know it."""
        return self._so_far

    def follow(self, so_far: Callable[[], Usage]) -> None:
        """Who knows what the call has used where it ends before its end."""
        self._so_far = so_far

    def use(self, usage: Usage) -> None:
        """What the call has used."""
        self._usage = usage

    def begin(self) -> None:
        """The first byte of the answer goes out, or went out before."""
        if self._first is None:
            self._first = time.perf_counter()

    async def complete(self, usage: Usage | None = None) -> None:
        """The work is done, and what is left of the answer can be sent once this returns. Later calls do nothing.

        Raises `StorageError` where it cannot be written down: the answer must not be completed.
        """
        if usage is not None:
            self._usage = usage
        if self._record is None:
            record = self._record = self._close(Outcome.OK, 0)
            await self._write(record)

    async def fail(self, status: int) -> None:
        """The call failed, and `status` is told of it. A row that says so is written, unless there is one already."""
        if self._record is not None:
            # Its work was done: it is in the ledger, or the ledger is what failed.
            self._record = replace(self._record, outcome=Outcome.FAILED, status=status)
            return
        record = self._record = self._close(Outcome.FAILED, status)
        try:
            await self._write(record)
        except StorageError as error:
            log_missing(self.call_id, error)  # the caller hears of what went wrong first

    def leave(self) -> None:
        """The caller hung up. A row that says so is written when there is time, unless there is one already."""
        if self._record is None:
            self._record = self._close(Outcome.LEFT, _LEFT_STATUS)
        # What was being written when the caller left may be written again: there is one row of an id.
        if not self._is_written and (self._is_kept or self._permit is not None or self._aloud is not None):
            self._meter.later(self._write(self._record), self.call_id)

    def end(self, *, method: str, http_status: int) -> None:
        """All that is sent was sent: who watches is told, once."""
        if not self._is_told:
            self._is_told = True
            record = self._record or self._close(Outcome.FAILED, 0)
            first, start = self._first, self._start
            ending = Ending(
                method=method,
                http_status=http_status,
                first_ms=None if first is None else 1000 * (first - start),
                took_ms=1000 * (time.perf_counter() - start),
                address=self.address or "",
            )
            self._meter.watcher(record, ending)

    async def _enter(self, model: str, unit: Unit, amount: int, *, counted_for: tuple[str, ...] | None = None) -> None:
        self._unit, self._amount = unit, amount
        with part("admit"):
            self._permit = await self._meter.limiter.admit(
                self.caller, model=model, unit=unit, amount=amount, counted_for=counted_for
            )

    async def _enter_aloud(self, model: str) -> None:
        """Before the model that writes, which counts it for both: what that one refuses has counted for neither."""
        limiter = self._meter.limiter
        self._aloud = await limiter.admit(self.caller, model=model, unit=Unit.CHARACTERS, amount=0, counted_for=())

    def _close(self, outcome: Outcome, status: int) -> CallRecord:
        now = time.perf_counter()
        first = self._first
        if first is None and outcome is Outcome.OK:
            first = now  # what is sent follows at once
        caller, usage = self._caller, self._used(outcome)
        written = spoken = 0
        if self._is_kept and outcome is not Outcome.FAILED:
            written, spoken = self._costs(usage)
        return CallRecord(
            call_id=self.call_id,
            group_id=caller.group_id if caller else "",
            key_id=caller.key_id if caller else "",
            user_id=caller.user_id if caller else None,
            operation=self._operation,
            model=self._model,
            counted_as=self._counted_as,
            streamed=self.is_streamed,
            voice=self._voice,
            usage=usage,
            cost=written + spoken,
            spoken_by=self._spoken_by,
            spoken_cost=spoken,
            outcome=outcome,
            status=status,
            started_at=self.started_at,
            first_ms=None if first is None else 1000 * (first - self._start),
            took_ms=1000 * (now - self._start),
        )

    def _costs(self, usage: Usage) -> tuple[int, int]:
        """Of the call's model, and of the one that speaks where that is another."""
        price, model = self._meter.price, self._counted_as or self._model
        if not self._spoken_by:
            return price(model, usage), 0
        spoken = price(self._spoken_by, Usage(characters=usage.characters))
        return price(model, replace(usage, characters=0)), spoken

    def _used(self, outcome: Outcome) -> Usage:
        if self._usage is not None:
            return self._usage
        used = self._so_far()
        if outcome is Outcome.LEFT and self._is_kept and self._unit is Unit.TOKENS and not used.prompt_tokens:
            return replace(used, prompt_tokens=self._amount)  # a prompt is being read before anything comes of it
        return used

    async def _write(self, record: CallRecord) -> None:
        """Into the ledger; the caller's place is free whatever comes of that."""
        try:
            if self._is_kept:
                with part("ledger"):
                    await self._meter.ledger.record(record)
            self._is_written = True
        finally:
            await self._settle(record.usage)

    async def _settle(self, usage: Usage) -> None:
        permit, self._permit = self._permit, None
        if permit is not None:
            is_tokens = self._unit is Unit.TOKENS
            await permit.settle(usage.prompt_tokens + usage.reply_tokens if is_tokens else usage.characters)
        aloud, self._aloud = self._aloud, None
        if aloud is not None:
            await aloud.settle(usage.characters)
