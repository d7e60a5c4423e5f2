"""T2A over a WebSocket: one task a connection, its texts spoken one after the other, each by an encoder of its own.

A listener who leaves ends the work at once; one who reads slowly holds it up, since no frame is made before the one
before it is on its way. Work is a call in flight only while there is a text to speak, so that a connection that waits
does not hold up the end of the server.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

import structlog
from starlette.types import Message, Receive, Scope, Send

from rhapsode.core.call_id import new_call_id
from rhapsode.core.caller import Caller
from rhapsode.core.errors import Draining, RhapsodeError, ServiceError
from rhapsode.core.speech import SpeechEnd, SpeechRequest
from rhapsode.dialects.minimax import t2a, t2a_ws
from rhapsode.dialects.minimax.status import http_status_of
from rhapsode.dialects.minimax.t2a_ws import (
    Event,
    FrameWriter,
    Skipped,
    SocketCode,
    SocketError,
    TaskContinue,
    TaskFinish,
    TaskStart,
)
from rhapsode.server.auth import Authority, read_address, recognise
from rhapsode.server.body import CallerLeft
from rhapsode.service.account import Account, check_model
from rhapsode.service.admission import Admission
from rhapsode.service.meter import Meter
from rhapsode.service.metered import admit_speech, heard
from rhapsode.service.speech import SpeechService

PATH: Final = "/ws/v1/t2a_v2"

IDLE_SECONDS: Final = 120.0
"""after the last frame of ours; the platform's own figure"""

MOST_TEXTS: Final = 1000
MOST_CHARACTERS: Final = 100_000
"""how much may wait to be spoken; the platform names no bound"""

_SWITCHED: Final = 101
"""HTTP's status for a connection that stands"""

_NORMAL: Final = 1000
"""of closing: the frame before says what else there is to say"""
_OUT_OF_ORDER: Final = "the order is one task_start, then task_continue as often as need be, then one task_finish"
_log: structlog.stdlib.BoundLogger = structlog.get_logger("rhapsode.server")


class SpeechSocket:
    """An ASGI application for one path."""

    def __init__(
        self,
        speech: SpeechService,
        *,
        authority: Authority,
        admission: Admission,
        meter: Meter,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._meter = meter
        self._speech = speech
        self._authority = authority
        self._admission = admission
        self._idle_seconds = idle_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection. A wrong key is told in a frame, as all that is wrong with a call."""
        trace_id = new_call_id()
        await receive()  # that somebody connects
        accounts = _Accounts(self._meter, self._admission, trace_id, scope)
        if self._admission.draining:
            error = _stopping()
            await accounts.connection.fail(_status(error))
            await _refuse(error, trace_id, send)
            accounts.close(http_status=http_status_of(error))
            return
        headers = [(name, trace_id.encode()) for name in (b"trace-id", b"minimax-request-id", b"alb_request_id")]
        await send({"type": "websocket.accept", "headers": headers})
        line, writer = _Line(receive, send), FrameWriter(secrets.token_hex(16), trace_id)
        try:
            await self._talk(scope, line, writer, accounts)
            await accounts.connection.complete()
        except* CallerLeft:
            pass
        except* Exception as group:  # noqa: BLE001 - the boundary: whatever went wrong, the caller is told
            ours = _ours(group.exceptions[0], trace_id)
            await accounts.connection.fail(_status(ours))
            await line.end(writer.failed(ours))
        finally:
            accounts.close()

    async def _talk(self, scope: Scope, line: "_Line", writer: FrameWriter, accounts: "_Accounts") -> None:
        async def authorise() -> Caller:
            return await recognise(scope, self._authority, accounts.connection.identify)

        await authorise()
        await line.send(writer.connected())
        waiting = _Waiting()
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(_listen(line, waiting))
            task = _Task(self._speech, authorise, self._admission, line, writer, accounts)
            await task.answer(waiting, self._idle_seconds)
            listening.cancel()
        await line.end(writer.finished())


class _Accounts:
    """Those of one connection: each text has its own, and so has a connection that is over before its first.

    The first is kept under the trace id, others have their number behind it.
    """

    def __init__(self, meter: Meter, admission: Admission, trace_id: str, scope: Scope) -> None:
        self._meter = meter
        self._scope = scope
        self._admission = admission
        self._trace_id = trace_id
        self._texts = 0
        self.connection = self._open(trace_id)
        """the connection's own, of which nobody hears once there was a text"""

    @asynccontextmanager
    async def of_text(self, caller: Caller) -> AsyncGenerator[Account]:
        """The account of the next text; it is closed as the work on it ends."""
        self._texts += 1
        call_id = self._trace_id if self._texts == 1 else f"{self._trace_id}-{self._texts}"
        account = self._open(call_id)
        account.identify(caller)
        account.is_streamed = True
        try:
            yield account
            await account.complete()
        except (CallerLeft, asyncio.CancelledError):
            # The other side hung up or broke the order; or the server ends, and does not wait any longer.
            if self._admission.draining:
                await account.fail(_status(_stopping()))
            else:
                account.leave()
            raise
        except Exception as error:
            await account.fail(_status(error))
            raise
        finally:
            account.end(method="GET", http_status=_SWITCHED)

    def close(self, *, http_status: int = _SWITCHED) -> None:
        """The connection is over; where it was before its first text, who watches has not heard of it yet."""
        if not self._texts:
            self.connection.leave()
            self.connection.end(method="GET", http_status=http_status)

    def _open(self, call_id: str) -> Account:
        self._meter.trace(call_id, self._scope["headers"])
        return Account(self._meter, call_id, PATH, address=read_address(self._scope))


class _Task:
    """The answers of one connection, in the order of its events."""

    def __init__(
        self,
        speech: SpeechService,
        authorise: Callable[[], Awaitable[Caller]],
        admission: Admission,
        line: "_Line",
        writer: FrameWriter,
        accounts: _Accounts,
    ) -> None:
        self._accounts = accounts
        self._speech = speech
        self._authorise = authorise
        self._admission = admission
        self._line = line
        self._writer = writer
        self._request: SpeechRequest | None = None

    async def answer(self, waiting: "_Waiting", idle_seconds: float) -> None:
        """Every event, until the task is finished. Raises what a call raises, and `SocketError` of idleness."""
        event: Event | None = None
        while True:
            event = event or await waiting.take(idle_seconds)
            if isinstance(event, TaskFinish):
                return
            if not isinstance(event, TaskContinue):
                await self._answer(event)
                event = None
                continue
            async with self._admission.enter():  # and with this text all that waits behind it
                while event and not isinstance(event, TaskFinish):
                    await self._answer(event)
                    event = waiting.take_at_once()

    async def _answer(self, event: TaskStart | TaskContinue | Skipped) -> None:
        match event:
            case TaskStart():
                caller = await self._authorise()
                check_model(caller, event.request.model)
                await self._speech.prepare(event.request, caller)  # a wrong voice is told at once
                self._request = event.request
                await self._line.send(self._writer.started())
            case TaskContinue():
                await self._speak(event)
            case Skipped():
                await self._line.send(self._writer.skipped(event.why))

    async def _speak(self, text: TaskContinue) -> None:
        if self._request is None:
            raise AssertionError("a text came before the task was started")
        caller = await self._authorise()  # a key may be revoked while the connection stands
        request = replace(self._request, script=text.script)
        async with self._accounts.of_text(caller) as account:
            await admit_speech(account, request)
            async with aclosing(heard(self._speech.speak_part(request, caller), request, account)) as events:
                async for event in events:
                    if isinstance(event, SpeechEnd):
                        await account.complete()
                        await self._line.send(self._writer.end(request.audio, event))
                    else:
                        account.begin()
                        await self._line.send(self._writer.audio(event.audio))


class _Waiting:
    """The events that are not answered yet."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._characters = 0

    def put(self, event: Event) -> None:
        """One more. Raises `SocketError` where that is too much."""
        self._characters += _characters(event)
        if self._events.qsize() >= MOST_TEXTS or self._characters > MOST_CHARACTERS:
            rule = f"at most {MOST_TEXTS} texts and {MOST_CHARACTERS} characters may wait to be spoken"
            raise SocketError(SocketCode.OVER_LIMIT, rule)
        self._events.put_nowait(event)

    async def take(self, seconds: float) -> Event:
        """The next, if it comes within so many seconds; otherwise raises `SocketError`."""
        try:
            async with asyncio.timeout(seconds):
                return self._taken(await self._events.get())
        except TimeoutError as late:
            raise SocketError(SocketCode.IDLE, f"nothing was asked for {seconds:g} seconds") from late

    def take_at_once(self) -> Event | None:
        """The next, if it is there."""
        return None if self._events.empty() else self._taken(self._events.get_nowait())

    def _taken(self, event: Event) -> Event:
        self._characters -= _characters(event)
        return event


class _Line:
    """The frames of one connection, both ways."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def hear(self) -> str:
        """What the client sends. Raises `CallerLeft`, and `SocketError` for bytes."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise CallerLeft
        text: str | None = message.get("text")
        if text is None:
            raise SocketError(SocketCode.ILLEGAL_EVENT, "every frame is JSON text, and this one is bytes")
        return text

    async def send(self, frame: str) -> None:
        """Returns when the frame is on its way, and the client reads fast enough. Raises `CallerLeft`."""
        await self._pass({"type": "websocket.send", "text": frame})

    async def end(self, frame: str) -> None:
        """The last frame."""
        with suppress(CallerLeft):
            await self.send(frame)
            await self._pass({"type": "websocket.close", "code": _NORMAL})

    async def _pass(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError as error:  # how an ASGI server says that nobody is there any more
            raise CallerLeft from error


async def _listen(line: _Line, waiting: _Waiting) -> None:
    """Take what comes, and see that it comes in order. Raises `CallerLeft`, and what `read_event` raises."""
    started = finished = False
    while True:
        event = t2a_ws.read_event(await line.hear())
        starts = isinstance(event, TaskStart)
        if finished or starts == started:
            raise SocketError(SocketCode.ILLEGAL_EVENT, _OUT_OF_ORDER)
        started, finished = True, isinstance(event, TaskFinish)
        waiting.put(event)


async def _refuse(error: Draining, trace_id: str, send: Send) -> None:
    """Before the connection stands, in HTTP, where whoever balances loads can see it."""
    body = t2a.write_error(error, trace_id=trace_id)
    headers = [(b"content-type", b"application/json"), (b"trace-id", trace_id.encode())]
    await send({"type": "websocket.http.response.start", "status": http_status_of(error), "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


def _status(error: Exception) -> int:
    return t2a_ws.status_of_socket(
        error if isinstance(error, RhapsodeError) else RhapsodeError("unknown error")
    ).status_code


def _stopping() -> Draining:
    return Draining("the server is stopping; try another one, or again in a minute")


def _characters(event: Event) -> int:
    return event.characters if isinstance(event, TaskContinue) else 0


def _ours(error: Exception, trace_id: str) -> RhapsodeError:
    if not isinstance(error, RhapsodeError):
        _log.error("a connection failed in a way nobody foresaw", trace_id=trace_id, exc_info=error)
        return RhapsodeError("unknown error")
    if isinstance(error, ServiceError):
        _log.warning("a connection failed", trace_id=trace_id, error=error.message, cause=repr(error.__cause__))
    return error
