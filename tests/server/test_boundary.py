"""The error boundary, driven as an ASGI server drives it."""

import io
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import Any

import anyio
import pytest
import structlog
from starlette.responses import Response

from rhapsode.core.caller import Caller
from rhapsode.core.errors import EngineError, MalformedBody, RhapsodeError, StorageError, UnknownKey
from rhapsode.dialects.minimax import t2a
from rhapsode.dialects.minimax.status import http_status_of
from rhapsode.server.body import read_body
from rhapsode.server.boundary import Answer, Call, Dialect, DialectOfBody, Endpoint
from rhapsode.server.streaming import EventStream
from rhapsode.service.admission import Admission
from rhapsode.telemetry.logs import configure_logs
from tests.server.kept import meter

DIALECT = Dialect(
    write_error=lambda error, trace_id, _body: t2a.write_error(error, trace_id=trace_id), http_status=http_status_of
)
CALLER = Caller(group_id="1", key_id="k")
KEY = "sk-rh-" + "k" * 43


class Keys:
    """Lets the one key in, and fails as it is told."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    async def authorise(self, api_key: str | None, group_id: str | None, address: str | None) -> Caller:
        del address
        if self.failure:
            raise self.failure
        if api_key != KEY or group_id not in {None, "1"}:
            raise UnknownKey("no")
        return CALLER


class Socket:
    """One request and what is sent back. The caller stays until `leave` is set."""

    def __init__(self, *parts: bytes, headers: dict[str, str] | None = None, query: str = "") -> None:
        self.parts = [*parts] or [b"{}"]
        self.sent: list[dict[str, Any]] = []
        self.leave = anyio.Event()
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "query_string": query.encode(),
            "headers": [
                (name.encode(), value.encode())
                for name, value in ({"authorization": f"Bearer {KEY}"} | (headers or {})).items()
            ],
        }

    async def receive(self) -> dict[str, Any]:
        if self.parts:
            return {"type": "http.request", "body": self.parts.pop(0), "more_body": bool(self.parts)}
        await self.leave.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:  # noqa: ANN401 - as ASGI has it
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def base_resp(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body.removeprefix(b"data: "))["base_resp"]
        return told


Handle = Callable[[Call], Awaitable[Answer]]


async def answer(handle: Handle, socket: Socket, *, keys: Keys | None = None) -> Socket:
    endpoint = Endpoint(handle, DIALECT, admission=Admission(), authority=keys or Keys(), meter=meter())
    with anyio.fail_after(10):
        await endpoint(socket.scope, socket.receive, socket.send)
    return socket


async def echo(call: Call) -> Answer:
    return Response(call.body)


async def test_a_body_in_parts_arrives_whole() -> None:
    assert (await answer(echo, Socket(b"one ", b"", b"two"))).body == b"one two"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the server logs."""
    stream = io.StringIO()
    configure_logs(json=True, level="info", stream=stream)
    yield stream
    structlog.reset_defaults()


async def test_what_nobody_foresaw_is_told_as_unknown_and_logged_under_its_trace_id(log: io.StringIO) -> None:
    async def broken(call: Call) -> Answer:
        del call
        raise ZeroDivisionError

    socket = await answer(broken, Socket(b"the caller's own words"))
    assert socket.status == 200
    assert socket.base_resp == {"status_code": 1000, "status_msg": "unknown error"}
    logged = log.getvalue()
    assert "ZeroDivisionError" in logged
    assert json.loads(socket.body)["trace_id"] in logged
    assert "own words" not in logged
    assert KEY not in logged


async def test_a_database_that_fails_is_never_a_wrong_key() -> None:
    socket = await answer(echo, Socket(), keys=Keys(StorageError("the database is locked")))
    assert socket.base_resp["status_code"] == 1013
    socket = await answer(echo, Socket(), keys=Keys(OSError("disk")))
    assert socket.base_resp["status_code"] == 1000


async def test_the_key_is_asked_for_before_the_body_is_read() -> None:
    socket = Socket(b"never read", headers={"authorization": "Bearer wrong"})
    await answer(echo, socket)
    assert socket.base_resp["status_code"] == 2049
    assert socket.parts == [b"never read"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_has_no_case(scheme: str) -> None:
    socket = Socket(b"in", headers={"authorization": f"{scheme} {KEY}"}, query="GroupId=1&x=%ff")
    assert (await answer(echo, socket)).body == b"in"


async def test_a_caller_that_leaves_ends_the_work() -> None:
    ended = anyio.Event()
    begun = anyio.Event()

    async def endless(call: Call) -> Answer:
        del call
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()
        raise AssertionError

    socket = Socket()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(answer, endless, socket)
        await begun.wait()
        socket.leave.set()
    assert ended.is_set()
    assert socket.sent == []


async def test_a_caller_that_leaves_closes_the_stream() -> None:
    closed = anyio.Event()
    socket = Socket()

    async def frames() -> AsyncGenerator[bytes]:
        try:
            yield b"data: 1\n\n"
            socket.leave.set()
            await anyio.sleep_forever()
        finally:
            closed.set()

    async def stream(call: Call) -> Answer:
        del call
        return EventStream(frames(), broken=lambda _: b"", headers={})

    await answer(stream, socket)
    assert closed.is_set()
    assert socket.body == b"data: 1\n\n"


async def test_a_caller_that_leaves_while_sending_is_let_go() -> None:
    class Leaver(Socket):
        async def receive(self) -> dict[str, Any]:
            return {"type": "http.disconnect"}

    assert (await answer(echo, Leaver())).sent == []


async def test_a_call_that_is_abandoned_is_told_so() -> None:
    admission = Admission()
    begun = anyio.Event()

    async def endless(call: Call) -> Answer:
        del call
        begun.set()
        await anyio.sleep_forever()
        raise AssertionError

    async def told(socket: Socket) -> None:
        await Endpoint(endless, DIALECT, admission=admission, authority=Keys(), meter=meter())(
            socket.scope, socket.receive, socket.send
        )

    socket = Socket()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(told, socket)
            await begun.wait()
            assert admission.in_flight == 1
            admission.drain()
            admission.abandon()
    assert admission.in_flight == 0
    assert socket.status == 503
    assert socket.base_resp["status_code"] == 1001
    late = Socket()
    await told(late)
    assert late.base_resp["status_code"] == 1001


async def test_a_stream_that_is_abandoned_ends_with_an_event() -> None:
    admission = Admission()
    socket = Socket()

    async def frames() -> AsyncGenerator[bytes]:
        yield b""
        admission.abandon()
        await anyio.sleep_forever()

    async def stream(call: Call) -> Answer:
        del call
        return EventStream(frames(), broken=lambda error: t2a.write_error(error, trace_id="t"), headers={})

    with anyio.fail_after(10):
        await Endpoint(stream, DIALECT, admission=admission, authority=Keys(), meter=meter())(
            socket.scope, socket.receive, socket.send
        )
    assert socket.base_resp["status_code"] == 1001
    assert not socket.sent[-1].get("more_body")


@pytest.mark.parametrize("parts", [0, 1])
async def test_a_body_that_never_comes_is_not_waited_for(parts: int) -> None:
    heard = [{"type": "http.request", "body": b"x", "more_body": True}] * parts

    async def receive() -> dict[str, Any]:
        if not heard:
            await anyio.sleep_forever()
        return heard.pop()

    with pytest.raises(MalformedBody, match="did not arrive"):
        await read_body({"headers": []}, receive, limit=9, seconds=0.01)


@pytest.mark.parametrize("dialect", [DIALECT, DialectOfBody(choose=lambda _body: DIALECT)], ids=["one", "of the body"])
async def test_a_body_that_came_late_is_not_read_on(dialect: Dialect | DialectOfBody) -> None:
    socket = Socket()
    socket.parts = []

    async def late(call: Call) -> Answer:
        assert call.receive
        return Response(await read_body(call.scope, call.receive, limit=9, seconds=0.01))

    endpoint = Endpoint(late, dialect, admission=Admission(), authority=Keys(), meter=meter(), reads_body=True)
    with anyio.fail_after(5):
        await endpoint(socket.scope, socket.receive, socket.send)
    assert socket.base_resp["status_code"] == 2013
    assert dict(socket.sent[0]["headers"])[b"connection"] == b"close"


def breaking(error: Exception, *, after: int) -> Handle:
    async def frames() -> AsyncGenerator[bytes]:
        for _ in range(after):
            yield b""
        raise error

    def broken(told: RhapsodeError) -> bytes:
        return b"data: " + t2a.write_error(told, trace_id="t")

    async def handle(call: Call) -> Answer:
        del call
        return EventStream(frames(), broken=broken, headers={})

    return handle


@pytest.mark.parametrize(("error", "code"), [(EngineError("broken"), 1013), (ValueError("?"), 1000)])
@pytest.mark.parametrize("after", [0, 1])
async def test_a_stream_that_fails_is_told_before_and_after_its_first_event(
    error: Exception, code: int, after: int
) -> None:
    socket = await answer(breaking(error, after=after), Socket())
    assert socket.base_resp["status_code"] == code
    content_type = dict(socket.sent[0]["headers"])[b"content-type"]
    assert content_type == (b"text/event-stream" if after else b"application/json")
    assert not socket.sent[-1].get("more_body")
