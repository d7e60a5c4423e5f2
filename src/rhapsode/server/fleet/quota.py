"""Counting in the parent, for a server of many processes without Redis: together they let through what one would."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable

import msgspec

from rhapsode.accounts.quota.ask import Ask
from rhapsode.accounts.quota.memory import MemoryQuota
from rhapsode.core.errors import ServiceError
from rhapsode.link.client import Link
from rhapsode.link.host import Answer


class _Take(msgspec.Struct, tag="take", array_like=True):
    """Count a call; what it holds is under this number until it is settled, or this question is taken back."""

    number: int
    ask: Ask


class _Settle(msgspec.Struct, tag="settle", array_like=True):
    """The call is over, and took so much."""

    number: int
    amount: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Take | _Settle)


class _ParentHold:
    """Implements `Permit`."""

    def __init__(self, link: Link, number: int, held: AsyncGenerator[bytes]) -> None:
        self._link, self._number, self._held = link, number, held

    async def settle(self, amount: int, /) -> None:
        """Of the protocol."""
        try:
            await self._link.ask(_encoder.encode(_Settle(self._number, amount)))
            await self._held.aclose()
        except ServiceError:
            pass  # the parent has gone: all ends


class ParentQuota:
    """As `SharedQuota`. A parent that does not answer is a `ConnectionError`."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._numbers = itertools.count()

    async def take(self, ask: Ask) -> _ParentHold:
        """Count a call. Raises `LimitError`, `ConnectionError`."""
        number = next(self._numbers)
        held = self._link.call(_encoder.encode(_Take(number, ask)), room=1)
        try:
            await anext(held)
        except ServiceError as lost:
            raise ConnectionError("the parent process does not count") from lost
        except BaseException:  # refused, or cancelled: then nothing is held
            await held.aclose()
            raise
        return _ParentHold(self._link, number, held)

    async def ping(self) -> None:
        """Return when the parent answers. Raises `ConnectionError`."""
        try:
            await self._link.connect()
        except ServiceError as lost:
            raise ConnectionError("the parent process does not count") from lost

    async def close(self) -> None:
        """The link is closed by whoever opened it."""


class Counting:
    """The parent's side: one count, for all who ask."""

    def __init__(self) -> None:
        self._memory = MemoryQuota()

    def open_answer(self) -> tuple[Answer, Callable[[], None]]:
        """For one process. What its calls hold is let go of with them when it has gone."""
        open_calls: dict[int, asyncio.Future[int]] = {}

        async def answer(body: bytes) -> AsyncGenerator[bytes]:
            question = _decoder.decode(body)
            if isinstance(question, _Settle):
                if over := open_calls.get(question.number):
                    over.set_result(question.amount)
                return
            self._memory.take(question.ask)
            over = open_calls[question.number] = asyncio.get_running_loop().create_future()
            amount = 0
            try:
                yield b""
                amount = await over
            finally:
                del open_calls[question.number]
                self._memory.settle(question.ask, amount)

        return answer, lambda: None
