"""Every call has an account: who is let in, what is written down and when, and who is told."""

import json
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.responses import Response

from rhapsode.core.chat import ChatEvent, ChatRequest
from rhapsode.core.errors import (
    EngineError,
    Forbidden,
    LimitError,
    OutOfMoney,
    ParallelLimited,
    RequestsLimited,
    StorageError,
    UnitsLimited,
)
from rhapsode.core.limiter import Unit
from rhapsode.core.usage import Outcome, Usage
from rhapsode.dialects.minimax.chat_models import base_model
from rhapsode.server import minimax
from rhapsode.server.boundary import Answer, Call
from rhapsode.server.chat import handle_chat
from rhapsode.server.streaming import EventStream
from rhapsode.service.account import check_model
from rhapsode.service.chat import ChatService
from tests.server.desk import PATH, Desk, Doorkeeper, Engine, body, chatting
from tests.server.kept import Kept
from tests.server.test_boundary import CALLER, DIALECT, Socket

USED = Usage(prompt_tokens=20, reply_tokens=3, cached_tokens=5)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_reply_is_written_down_with_all_that_is_known(*, stream: bool) -> None:
    desk, asked = Desk(), time.time()
    socket = await desk.chat(Engine("a", "b", "c"), stream=stream, said="x" * 80)
    row = desk.kept.row
    headers = dict(socket.sent[0]["headers"])
    assert row.call_id == headers[b"trace-id"].decode()
    assert (row.group_id, row.key_id, row.user_id) == (CALLER.group_id, CALLER.key_id, CALLER.user_id)
    assert (row.operation, row.model, row.usage, row.cost) == (PATH, "m", USED, 230)
    assert (row.outcome, row.status) == (Outcome.OK, 0)
    assert asked <= row.started_at <= time.time()
    assert desk.door.seen == [("m", Unit.TOKENS, 11)]
    assert desk.door.settled == [23]
    assert desk.kept.watched == [(row, "POST", 200)]


def moment() -> float:
    return 1000 * time.perf_counter()


async def a_while() -> None:
    """Much longer than what lies between two lines of a program."""
    for _ in range(1000):
        await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("stream", [False, True])
async def test_times_go_on_to_what_they_are_of(*, stream: bool) -> None:
    at: dict[str, float] = {}

    class Slow(Engine):
        async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
            at["begun"] = moment()  # a little later than the call
            await a_while()
            async for event in super().reply(request):
                yield event
                await a_while()

    class SlowLedger(Kept):
        async def record(self, record: Any, /) -> None:  # noqa: ANN401
            at["done"] = moment()
            await a_while()
            await super().record(record)
            at["written"] = moment()

    class Listener(Socket):
        async def send(self, message: Any) -> None:  # noqa: ANN401
            at.setdefault("first", moment())
            await a_while()
            await super().send(message)
            at["last"] = moment()

    desk = Desk(kept=SlowLedger())
    asked = moment()
    await desk.ask(chatting(Slow("a", "b")), Listener(body(stream=stream)))
    row, (ending,) = desk.kept.row, desk.kept.endings
    assert row.first_ms is not None
    assert ending.first_ms is not None
    # No figure is taken from the middle of a step: each lies between two moments that were seen.
    assert at["first"] > at["written"] if not stream else at["first"] < at["done"]
    assert row.first_ms < (at["first"] if stream else at["done"]) - asked
    assert row.first_ms < row.took_ms if stream else row.first_ms == row.took_ms
    assert row.took_ms < at["done"] - asked
    assert ending.first_ms < at["first"] - asked
    assert ending.first_ms == row.first_ms if stream else ending.first_ms > at["written"] - at["begun"]
    assert at["last"] - at["begun"] < ending.took_ms < moment() - asked


@pytest.mark.parametrize("stream", [False, True])
async def test_the_row_is_there_before_the_reply_is_complete(*, stream: bool) -> None:
    desk, rows = Desk(), list[int]()

    class Listener(Socket):
        async def send(self, message: Any) -> None:  # noqa: ANN401 - as ASGI has it
            rows.append(len(desk.kept.rows))
            await super().send(message)

    await desk.ask(chatting(Engine("a", "b", "c")), Listener(body(stream=stream)))
    assert rows == ([0, 0, 0, 0, *[1] * (len(rows) - 4)] if stream else [1, 1])


@pytest.mark.parametrize("stream", [False, True])
async def test_a_reply_that_cannot_be_written_down_is_not_completed(*, stream: bool) -> None:
    desk = Desk()
    desk.kept.failure = StorageError("the disk is full")
    socket = await desk.chat(Engine("a", "b"), stream=stream)
    assert b"the disk is full (1013)" in socket.body
    assert b"[DONE]" not in socket.body
    assert socket.status == (200 if stream else 500)
    assert desk.kept.rows == {}
    assert desk.door.settled == [23]
    assert [(record.outcome, record.status) for record, _, _ in desk.kept.watched] == [(Outcome.FAILED, 1013)]


@pytest.mark.parametrize("stream", [False, True])
async def test_work_that_fails_is_written_down_and_costs_nothing(*, stream: bool) -> None:
    desk = Desk()
    socket = await desk.chat(Engine("a", "b", failure=EngineError("broken")), stream=stream)
    assert b"(1013)" in socket.body
    row = desk.kept.row
    assert (row.outcome, row.status, row.cost) == (Outcome.FAILED, 1013, 0)
    assert row.usage == Usage(prompt_tokens=1, reply_tokens=2)
    assert (row.first_ms is not None) is stream
    assert desk.door.settled == [3]
    assert [(record, status) for record, _, status in desk.kept.watched] == [(row, 200 if stream else 500)]


async def test_a_failure_is_told_even_where_it_cannot_be_written_down() -> None:
    desk = Desk()
    desk.kept.failure = StorageError("the disk is full")
    socket = await desk.chat(Engine(failure=EngineError("broken")))
    assert b"broken" in socket.body
    assert desk.door.settled == [0]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("said", "usage"), [((), Usage(prompt_tokens=11)), (("a", "b"), None)])
async def test_what_a_caller_used_who_hung_up_is_written_down(
    said: tuple[str, ...], usage: Usage | None, *, stream: bool
) -> None:
    desk, engine = Desk(), Engine(*said, waits=True)
    socket = Socket(body(stream=stream, said="x" * 80))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.ask, chatting(engine), socket)
        await engine.spoke.wait()
        socket.leave.set()
    row = desk.kept.row
    assert (row.outcome, row.status) == (Outcome.LEFT, 0)
    assert row.usage == (usage or Usage(prompt_tokens=11, reply_tokens=2))
    assert row.cost == 10 * (row.usage.prompt_tokens + row.usage.reply_tokens)
    assert len(desk.door.settled) == 1
    assert [(record, status) for record, _, status in desk.kept.watched] == [(row, 200 if stream else 499)]


async def test_what_is_being_written_down_as_the_caller_hangs_up_is_written_once() -> None:
    desk, socket = Desk(), Socket(body())
    writing = anyio.Event()
    record = desk.kept.record

    class Slow(Kept):
        async def record(self, row: Any, /) -> None:  # noqa: ANN401
            if not writing.is_set():
                writing.set()
                await anyio.sleep_forever()
            await record(row)

    desk.meter.ledger = Slow()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.ask, chatting(Engine("a")), socket)
        await writing.wait()
        socket.leave.set()
    assert (desk.kept.row.outcome, desk.kept.row.usage) == (Outcome.OK, USED)
    assert desk.door.settled == [23]


async def test_what_is_broken_off_as_the_server_ends_is_written_down() -> None:
    desk, engine = Desk(), Engine("a", waits=True)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.chat, engine)
        await engine.spoke.wait()
        desk.admission.drain()
        desk.admission.abandon()
    assert (desk.kept.row.outcome, desk.kept.row.status) == (Outcome.FAILED, 1001)


@pytest.mark.parametrize(
    ("refusal", "code", "told"),
    [
        (RequestsLimited("no", retry_after=1.5), 1002, b"2"),
        (UnitsLimited("no", retry_after=30), 1039, b"30"),
        (ParallelLimited("no", retry_after=1), 1041, b"1"),
        (OutOfMoney("no"), 1008, None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_who_is_over_a_limit_is_told_and_takes_no_disk(
    refusal: LimitError, code: int, told: bytes | None, *, stream: bool
) -> None:
    desk = Desk(door=Doorkeeper(refusal))
    engine = Engine("never")
    socket = await desk.chat(engine, stream=stream)
    assert socket.status == 429
    assert dict(socket.sent[0]["headers"]).get(b"retry-after") == told
    assert f"({code})".encode() in socket.body
    assert not engine.spoke.is_set()
    assert desk.kept.rows == {}
    assert [(record.outcome, record.status, record.model, status) for record, _, status in desk.kept.watched] == [
        (Outcome.FAILED, code, "m", 429)
    ]


async def test_the_platforms_dialect_tells_limits_with_status_200() -> None:
    desk = Desk(door=Doorkeeper(RequestsLimited("no", retry_after=1.5)))
    handler = handle_chat(minimax.CHAT_PRO, ChatService(routes={"m": [Engine()]}, base_model=base_model))
    asked = {
        "model": "m",
        "bot_setting": [{"bot_name": "B", "content": "b"}],
        "messages": [{"sender_type": "USER", "sender_name": "U", "text": "hi"}],
        "reply_constraints": {"sender_type": "BOT", "sender_name": "B"},
    }
    socket = await desk.ask(handler, Socket(json.dumps(asked).encode()), minimax.CHAT_ERRORS)
    assert (socket.status, socket.base_resp["status_code"]) == (200, 1002)
    assert b"retry-after" not in dict(socket.sent[0]["headers"])


async def test_a_model_that_nobody_serves_is_refused_at_no_cost() -> None:
    desk = Desk()
    assert (await desk.chat(Engine(), model="x")).status == 404
    assert (desk.door.seen, desk.kept.rows) == ([], {})
    assert [(record.status, record.group_id) for record, _, _ in desk.kept.watched] == [(2013, CALLER.group_id)]


async def test_rules_and_prices_know_a_model_however_it_is_written() -> None:
    desk = Desk()
    for model in ("M", "ft:m_1700000000000:mine"):
        await desk.chat(Engine("a"), model=model)
    assert [model for model, _, _ in desk.door.seen] == ["m", "m"]
    rows = desk.kept.rows.values()
    assert [(row.model, row.counted_as, row.cost) for row in rows] == [
        ("M", "m", 230),
        ("ft:m_1700000000000:mine", "m", 230),
    ]


async def test_a_key_may_be_held_to_models() -> None:
    narrow = replace(CALLER, models=frozenset({"abab6.5s-chat"}))
    for good in ("abab6.5s-chat", "ABAB6.5S-chat"):
        check_model(narrow, good)
    check_model(narrow, "ft:abab6.5s-chat_1:a", "abab6.5s-chat")
    check_model(CALLER, "anything")
    for other in ("abab6-chat", "ft:abab6.5s-chat_1:a", "speech-01"):
        with pytest.raises(Forbidden, match=other.split("_", maxsplit=1)[0]):
            check_model(narrow, other)
    desk = Desk(caller=narrow)
    socket = await desk.chat(Engine())
    assert (socket.status, desk.door.seen, desk.kept.rows) == (403, [], {})


async def plain(call: Call) -> Answer:
    return Response(call.body)


async def test_a_call_that_costs_nothing_counts_as_a_request() -> None:
    desk = Desk()
    await desk.ask(plain, Socket(b"x"), works=False)
    assert (desk.door.seen, desk.door.settled) == ([("", Unit.CHARACTERS, 0)], [0])
    assert desk.kept.rows == {}
    assert [(record.outcome, status) for record, _, status in desk.kept.watched] == [(Outcome.OK, 200)]
    desk.door.refusal = RequestsLimited("no", retry_after=1)
    refused = Socket(b"never read")
    await desk.ask(plain, refused, works=False)
    assert (refused.status, refused.parts) == (429, [b"never read"])


async def test_strangers_are_watched_too() -> None:
    desk, stranger = Desk(), Socket(headers={"authorization": "Bearer wrong"})
    stranger.scope["client"] = ("203.0.113.7", 4711)
    await desk.ask(plain, stranger, DIALECT)
    assert [(record.group_id, record.key_id, record.status) for record, _, _ in desk.kept.watched] == [("", "", 2049)]
    assert [ending.address for ending in desk.kept.endings] == ["203.0.113.7"]


async def test_a_stream_that_forgets_its_account_has_a_row_all_the_same() -> None:
    async def frames() -> AsyncGenerator[bytes]:
        yield b"x"

    async def handle(call: Call) -> Answer:
        await call.account.admit(model="m", unit=Unit.TOKENS, amount=1)
        return EventStream(frames(), broken=None, headers={})

    desk = Desk()
    await desk.ask(handle, Socket())
    assert desk.kept.row.outcome is Outcome.OK


async def test_an_error_that_nobody_foresaw_has_a_status_too() -> None:
    async def handle(call: Call) -> Answer:
        await call.account.admit(model="m", unit=Unit.TOKENS, amount=1)
        raise ZeroDivisionError

    desk = Desk()
    await desk.ask(handle, Socket(), DIALECT)
    assert (desk.kept.row.outcome, desk.kept.row.status) == (Outcome.FAILED, 1000)
