"""T2A over a WebSocket, seen from its two ends: who waits for whom, and what ends the work."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from anyio import wait_all_tasks_blocked
from starlette.types import Message

from rhapsode.audio.encode import open_encoder
from rhapsode.core.errors import EngineError, UnknownKey
from rhapsode.core.limiter import Limiter
from rhapsode.core.speech import Pcm, SpeechEngine, SpeechRequest
from rhapsode.core.voice import Voice
from rhapsode.engines.speech.tone import ToneEngine
from rhapsode.server.t2a_ws import MOST_TEXTS, SpeechSocket
from rhapsode.service.admission import Admission
from rhapsode.service.speech import SpeechService
from rhapsode.voices.catalogue import load_voices
from tests.server.kept import Kept, meter
from tests.server.test_boundary import KEY, Keys

START = {"event": "task_start", "model": "speech-01", "voice_setting": {"voice_id": "female-yujie"}}
FINISH = {"event": "task_finish"}
LONG = "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。" * 20


def say(text: str) -> dict[str, Any]:
    return {"event": "task_continue", "text": text}


class Watched(ToneEngine):
    """Hums when it may, and counts."""

    def __init__(self, voices: Sequence[Voice]) -> None:
        super().__init__(voices)
        self.may = asyncio.Event()
        self.may.set()
        self.asked = asyncio.Event()
        self.blocks = 0
        self.closed = 0

    async def speak(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        try:
            self.asked.set()
            await self.may.wait()
            if "end" in request.text:
                raise EngineError("hoarse")
            async with aclosing(super().speak(request)) as blocks:
                async for block in blocks:
                    self.blocks += 1
                    yield block
        finally:
            self.closed += 1


class Client:
    """The other end of a connection."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[Message] = asyncio.Queue()
        self.heard: asyncio.Queue[Message] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()

    async def receive(self) -> Message:
        return await self.said.get()

    async def send(self, message: Message) -> None:
        await self.reads.wait()
        self.heard.put_nowait(message)

    def say(self, *events: dict[str, Any]) -> None:
        for event in events:
            self.said.put_nowait({"type": "websocket.receive", "text": json.dumps(event)})

    def leave(self) -> None:
        self.said.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def hear(self) -> dict[str, Any]:
        message = await self.heard.get()
        assert message["type"] == "websocket.send"
        return json.loads(message["text"])

    async def hear_until(self, *names: str) -> list[dict[str, Any]]:
        frames = [await self.hear()]
        while frames[-1]["event"] not in names:
            frames.append(await self.hear())
        return frames


@pytest.fixture
def engine() -> Watched:
    return Watched(load_voices())


@asynccontextmanager
async def connected(
    engine: SpeechEngine,
    *,
    keys: Keys | None = None,
    admission: Admission | None = None,
    kept: Kept | None = None,
    limiter: Limiter | None = None,
    idle_seconds: float = 60.0,
) -> AsyncGenerator[tuple[Client, asyncio.Task[None]]]:
    """A connection that stands; the task of the server's side ends with the block."""
    service = SpeechService(engine=engine, open_encoder=open_encoder)
    socket = SpeechSocket(
        service,
        authority=keys or Keys(),
        admission=admission or Admission(),
        meter=meter(kept, limiter),
        idle_seconds=idle_seconds,
    )
    client = Client()
    client.said.put_nowait({"type": "websocket.connect"})
    scope = {
        "type": "websocket",
        "path": "/ws/v1/t2a_v2",
        "headers": [(b"authorization", f"Bearer {KEY}".encode())],
        "query_string": b"",
    }
    serving = asyncio.create_task(socket(scope, client.receive, client.send))
    try:
        accepted = await client.heard.get()
        assert accepted["type"] == "websocket.accept"
        assert {name for name, _ in accepted["headers"]} == {b"trace-id", b"minimax-request-id", b"alb_request_id"}
        assert (await client.hear())["event"] == "connected_success"
        yield client, serving
    finally:
        client.leave()
        client.reads.set()
        engine_may = getattr(engine, "may", None)
        if engine_may is not None:
            engine_may.set()
        await serving


async def start(client: Client) -> None:
    client.say(START)
    assert (await client.hear())["event"] == "task_started"


def status(frame: dict[str, Any]) -> tuple[str, int]:
    return frame["event"], frame["base_resp"]["status_code"]


async def closed(client: Client) -> int:
    message = await client.heard.get()
    assert message["type"] == "websocket.close"
    return message["code"]


async def test_a_listener_who_leaves_ends_the_work_at_once(engine: Watched) -> None:
    engine.may.clear()  # it would speak on for ever
    async with connected(engine) as (client, serving):
        await start(client)
        client.say(say("one"), say("two"))
        await engine.asked.wait()
        client.leave()
        await serving
        assert engine.closed == 1
    assert client.heard.empty()


async def test_one_who_reads_slowly_holds_the_work_up(engine: Watched) -> None:
    async with connected(engine) as (client, _):
        await start(client)
        client.reads.clear()
        client.say(say(LONG))
        await engine.asked.wait()
        while not engine.blocks:
            await wait_all_tasks_blocked()
        for _ in range(20):
            await asyncio.to_thread(int)  # the encoder's thread has had its turn
            await wait_all_tasks_blocked()
        assert engine.blocks < 5
        client.reads.set()
        client.say(FINISH)
        assert len(await client.hear_until("task_finished")) > 20


async def test_a_connection_that_is_idle_is_ended_and_told(engine: Watched) -> None:
    async with connected(engine, idle_seconds=0.02) as (client, serving):
        assert status(await client.hear()) == ("task_failed", 2201)
        assert await closed(client) == 1000
        await serving


async def test_a_connection_that_speaks_is_not_idle(engine: Watched) -> None:
    engine.may.clear()
    async with connected(engine, idle_seconds=0.2) as (client, serving):
        client.say(START, say("one"))
        await engine.asked.wait()
        await asyncio.sleep(0.3)  # that nothing happens can only be waited for
        engine.may.set()
        frames = await client.hear_until("task_failed")
        assert [frame.get("is_final") for frame in frames[-2:]] == [True, None]
        assert status(frames[-1]) == ("task_failed", 2201)
        await serving


async def test_too_much_that_waits_is_over_the_limit(engine: Watched) -> None:
    engine.may.clear()
    async with connected(engine) as (client, serving):
        await start(client)
        client.say(*[say("a")] * (MOST_TEXTS + 2))
        assert status(await client.hear()) == ("task_failed", 2205)
        await serving
    async with connected(engine) as (client, serving):
        engine.may.clear()
        await start(client)
        client.say(*[say("a" * 10000)] * 12)
        assert status(await client.hear()) == ("task_failed", 2205)
        await serving


async def test_an_engine_that_fails_fails_the_task(engine: Watched) -> None:
    async with connected(engine) as (client, serving):
        await start(client)
        client.say(say("one"), say("the end"), say("two"))
        frames = await client.hear_until("task_failed")
        assert sum(frame.get("is_final", False) for frame in frames) == 1
        assert status(frames[-1]) == ("task_failed", 1013)
        assert await closed(client) == 1000
        await serving


async def test_a_key_that_is_revoked_speaks_no_more(engine: Watched) -> None:
    keys = Keys()
    async with connected(engine, keys=keys) as (client, serving):
        await start(client)
        client.say(say("one"))
        await client.hear()
        while not (await client.hear())["is_final"]:
            pass
        keys.failure = UnknownKey("revoked")
        client.say(say("two"))
        assert status(await client.hear()) == ("task_failed", 2049)
        await serving


async def test_what_waits_is_spoken_while_the_server_drains_and_no_more_is_taken(engine: Watched) -> None:
    engine.may.clear()
    admission = Admission()
    async with connected(engine, admission=admission) as (client, serving):
        assert not admission.in_flight
        await start(client)
        assert not admission.in_flight  # one that waits does not hold up the end
        client.say(say("one"), say(""), say("two"))
        await engine.asked.wait()
        assert admission.in_flight == 1
        admission.drain()
        engine.may.set()
        finals = 0
        while finals < 3:
            finals += (await client.hear())["is_final"]
        await wait_all_tasks_blocked()
        assert not admission.in_flight
        client.say(say("three"))
        assert status(await client.hear()) == ("task_failed", 1001)
        await serving


async def test_work_that_is_abandoned_is_told_so(engine: Watched) -> None:
    engine.may.clear()
    admission = Admission()
    async with connected(engine, admission=admission) as (client, serving):
        await start(client)
        client.say(say("one"))
        await engine.asked.wait()
        admission.drain()
        admission.abandon()
        assert status(await client.hear()) == ("task_failed", 1001)
        await serving
        assert engine.closed == 1


async def test_a_server_that_drains_is_seen_before_the_connection_stands(engine: Watched) -> None:
    admission = Admission()
    admission.drain()
    service = SpeechService(engine=engine, open_encoder=open_encoder)
    client = Client()
    client.said.put_nowait({"type": "websocket.connect"})
    scope: dict[str, Any] = {"type": "websocket", "path": "/", "headers": [], "query_string": b""}
    await SpeechSocket(service, authority=Keys(), admission=admission, meter=meter())(
        scope, client.receive, client.send
    )
    begin, body = await client.heard.get(), await client.heard.get()
    assert (begin["type"], begin["status"]) == ("websocket.http.response.start", 503)
    assert json.loads(body["body"])["base_resp"]["status_code"] == 1001
