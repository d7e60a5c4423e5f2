"""Calls to another server as an engine makes them: in turn, with retries, behind a breaker, and never for ever."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from itertools import count
from typing import Generic, Protocol, TypeVar

import structlog
from yarl import URL

from rhapsode.core.errors import RhapsodeError, ServiceError
from rhapsode.engines.upstream.breaker import Breaker
from rhapsode.engines.upstream.faults import Unavailable
from rhapsode.engines.upstream.options import UpstreamOptions
from rhapsode.engines.upstream.places import Places
from rhapsode.engines.upstream.retry import Retries
from rhapsode.engines.upstream.transport import Answer, Transport
from rhapsode.telemetry.readings import Name

T = TypeVar("T")
EventT_co = TypeVar("EventT_co", covariant=True)

_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.engines")


class Reader(Protocol[EventT_co]):
    """What the events of one streamed answer mean."""

    @property
    def ended(self) -> bool:
        """Whether the last event has come; what follows it is of no interest."""
        ...

    def feed(self, data: bytes) -> Sequence[EventT_co]:
        """What one event holds; often nothing. Raises what the reply ends with."""
        ...

    def finish(self) -> Sequence[EventT_co]:
        """What is left once the stream has ended without a last event. Raises `Unavailable` where that is too early."""
        ...


Judge = Callable[[int, bytes, float | None], RhapsodeError]
"""The error that an answer stands for: its HTTP status, its body if it is JSON, the seconds it asks to wait."""


class Calls:
    """One server, as one engine calls it."""

    def __init__(self, transport: Transport, options: UpstreamOptions, *, name: str, judge: Judge) -> None:
        """`name` is what the log calls the server."""
        self._transport = transport
        self._judge = judge
        self._name = name
        self._options = options
        self._retries = Retries(most=options.retries)
        self._breaker = Breaker(name, failures=options.breaker_failures, seconds=options.breaker_seconds)
        self._places = Places(parallel=options.parallel, queue=options.queue, seconds=options.first_token_timeout)

    async def ask(self, url: URL, body: bytes, read: Callable[[bytes], T]) -> T:
        """What `read` makes of the answer to a call that is answered in one piece."""

        async def attempt() -> T:
            answer = await self._transport.post(url, body)
            try:
                await self._check(answer, answer.is_json)
                return read(await answer.whole())
            finally:
                answer.close()

        await self._places.enter()
        try:
            return await self._attempts(attempt, self._deadline(), within=self._options.total_timeout)
        finally:
            self._places.leave()

    async def stream(self, url: URL, body: bytes, open_reader: Callable[[], Reader[T]]) -> AsyncGenerator[T]:
        """What the events of a streamed answer hold.

        Once something was handed out, nothing is asked for again. Closing it hangs up.
        """

        async def attempt() -> tuple[_Stream[T], Sequence[T]]:
            answer = await self._transport.post(url, body)
            try:
                await self._check(answer, answer.is_stream or answer.is_json)
                stream = _Stream(answer, open_reader())
                return stream, await stream.next()
            except BaseException:
                answer.close()
                raise

        await self._places.enter()
        stream = None
        try:
            deadline = self._deadline()
            stream, found = await self._attempts(attempt, deadline, within=self._options.first_token_timeout)
            while found:
                for event in found:
                    yield event
                found = await self._next(stream, deadline)
        except Unavailable as error:
            if stream is not None:  # else the breaker knows
                self._breaker.failed(error)
            raise
        finally:
            if stream is not None:
                stream.close()
            self._places.leave()

    def readings(self) -> Mapping[Name, float]:
        """For whoever watches."""
        places = self._places
        return {
            "waiting": places.waiting,
            "running": places.taken,
            "places": places.parallel,
            "resting": self._breaker.is_open,
        }

    async def close(self) -> None:
        """Hang up; whoever is being served gets an error."""
        await self._transport.close()

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._options.total_timeout

    async def _attempts(self, attempt: Callable[[], Awaitable[T]], deadline: float, *, within: float) -> T:
        """The outcome of the first attempt that succeeds, or of the last one."""
        loop = asyncio.get_running_loop()
        for number in count(1):
            try:
                with self._breaker.attempt():
                    try:
                        async with asyncio.timeout_at(min(loop.time() + within, deadline)):
                            return await attempt()
                    except TimeoutError as late:
                        raise Unavailable("the upstream engine does not begin to reply in time") from late
            except ServiceError as error:
                pause = self._retries.pause(error, number)
                if pause is None or self._breaker.is_open or loop.time() + pause >= deadline:
                    raise
                _log.info("an upstream is asked again", upstream=self._name, error=error.message, attempts=number)
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _check(self, answer: Answer, is_as_asked: bool) -> None:  # noqa: FBT001 - the one thing that it judges
        if answer.status != 200:  # noqa: PLR2004 - of HTTP
            raise self._judge(answer.status, await answer.refusal() if answer.is_json else b"", answer.retry_after)
        if not is_as_asked:
            raise Unavailable(
                "the upstream engine answers with a page that is no reply: does base_url name the right server?"
            )

    async def _next(self, stream: "_Stream[T]", deadline: float) -> Sequence[T]:
        if stream.ended:
            return ()
        silent = asyncio.get_running_loop().time() + self._options.idle_timeout
        try:
            async with asyncio.timeout_at(min(silent, deadline)):
                return await stream.next()
        except TimeoutError as late:
            what = "fell silent in the middle of" if silent < deadline else "takes too long for"
            raise Unavailable(f"the upstream engine {what} its reply") from late


class _Stream(Generic[T]):
    """A streamed answer under way."""

    def __init__(self, answer: Answer, reader: Reader[T]) -> None:
        self._answer = answer
        self._reader = reader
        self._whole = False
        self.ended = False
        """whether all was handed out"""

    async def next(self) -> Sequence[T]:
        """What comes next, and is not nothing; nothing once the last event has been handed out."""
        found: list[T] = []
        while not found and not self.ended:
            events = await self._events()
            if events is None:
                self.ended = True
                return self._reader.finish()
            for data in events:
                found += self._reader.feed(data)
                if self._reader.ended:
                    self.ended = True
                    await self._answer.end()
                    break
        return found

    def close(self) -> None:
        """Hang up."""
        self._answer.close()

    async def _events(self) -> list[bytes] | None:
        if self._answer.is_stream:
            return await self._answer.events()
        if self._whole:
            return None
        self._whole = True  # a stream was asked for, and not every server has them
        return [await self._answer.whole()]
