"""Counting in the parent, for a server of many processes without Redis: together they let through what one would."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Final

import msgspec

from rhapsode.accounts.quota.ask import Ask
from rhapsode.accounts.quota.memory import MemoryQuota
from rhapsode.core.errors import ServiceError
from rhapsode.link.client import Link
from rhapsode.link.host import Answer


class _Take(msgspec.Struct, tag="take", array_like=True):
    """Count a call; what it holds is under this number until it is settled, or the process that asks has gone."""

    number: int
    ask: Ask


class _Settle(msgspec.Struct, tag="settle", array_like=True):
    """The call is over, and took so much. Of one that holds nothing it means nothing."""

    number: int
    amount: int


_ANSWER_SECONDS: Final = 0.5
"""A parent that takes longer stands still."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Take | _Settle)


class _ParentHold:
    """Implements `Permit`."""

    def __init__(self, link: Link, number: int) -> None:
        self._link, self._number = link, number

    async def settle(self, amount: int, /) -> None:
        """Of the protocol. Nobody waits for it: what is asked afterwards is answered afterwards."""
        self._link.tell(_encoder.encode(_Settle(self._number, amount)))


class ParentQuota:
    """As `SharedQuota`. A parent that does not answer is a `ConnectionError`."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._numbers = itertools.count()

    async def take(self, ask: Ask) -> _ParentHold:
        """Count a call. Raises `LimitError`, `ConnectionError`."""
        number = next(self._numbers)
        try:
            await self._ask(_Take(number, ask))
        except (asyncio.CancelledError, TimeoutError):  # it may have been counted already
            self._link.tell(_encoder.encode(_Settle(number, 0)))
            raise
        return _ParentHold(self._link, number)

    def adopt(self, ask: Ask) -> _ParentHold:
        """A call that was let in while the parent did not answer: it is over when the parent is."""
        del ask
        return _ParentHold(self._link, next(self._numbers))

    async def ping(self) -> None:
        """Return when the parent answers. Raises `ConnectionError`."""
        await self._ask(_Settle(next(self._numbers), 0))  # of no call: nothing comes of it but an answer

    async def _ask(self, question: _Take | _Settle) -> None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._link.ask(_encoder.encode(question))
        except ServiceError as lost:
            raise ConnectionError("the parent process does not count") from lost

    async def close(self) -> None:
        """The link is closed by whoever opened it."""


class Counting:
    """The parent's side: one count, for all who ask."""

    def __init__(self) -> None:
        self._memory = MemoryQuota()

    def open_answer(self) -> tuple[Answer, Callable[[], None]]:
        """For one process. What its calls hold is let go of when it has gone."""
        held: dict[int, Ask] = {}

        def answer(body: bytes) -> bytes:
            question = _decoder.decode(body)
            if isinstance(question, _Take):
                self._memory.take(question.ask)
                held[question.number] = question.ask
            elif ask := held.pop(question.number, None):
                self._memory.settle(ask, question.amount)
            return b""

        def gone() -> None:
            for ask in held.values():
                self._memory.settle(ask, 0)
            held.clear()

        return answer, gone
