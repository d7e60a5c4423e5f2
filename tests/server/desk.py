"""One endpoint with all that stands around it, where a test can look at who came in and what was written down."""

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import anyio

from rhapsode.core.caller import Caller
from rhapsode.core.chat import ChatEnd, ChatEvent, ChatRequest, ChatText, ChatUsage, Finish
from rhapsode.core.errors import (
    LimitError,
)
from rhapsode.core.limiter import Permit, Unit
from rhapsode.dialects.minimax.chat_models import base_model
from rhapsode.server import openai
from rhapsode.server.boundary import Dialect, DialectOfBody, Endpoint, Handler
from rhapsode.server.chat import handle_chat
from rhapsode.service.admission import Admission
from rhapsode.service.chat import ChatService
from tests.server.kept import Kept, meter
from tests.server.test_boundary import CALLER, Keys, Socket

PATH = "/v1/chat/completions"


class Knows(Keys):
    """Lets the one key in, as this caller."""

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self.caller = caller

    async def authorise(self, api_key: str | None, group_id: str | None, address: str | None) -> Caller:
        await super().authorise(api_key, group_id, address)
        return self.caller


@dataclass
class Doorkeeper:
    """Implements `Limiter` and `Permit`: refuses as it is told, and remembers who went in and out."""

    refusal: LimitError | None = None
    seen: list[tuple[str, Unit, int]] = field(default_factory=list[tuple[str, Unit, int]])
    settled: list[int] = field(default_factory=list[int])
    out: anyio.Event = field(default_factory=anyio.Event)

    async def admit(
        self, caller: Caller, /, *, model: str, unit: Unit, amount: int, counted_for: Sequence[str] | None = None
    ) -> Permit:
        del counted_for
        assert caller == CALLER
        if self.refusal:
            raise self.refusal
        self.seen.append((model, unit, amount))
        return self

    async def settle(self, amount: int, /) -> None:
        self.settled.append(amount)
        self.out.set()


class Engine:
    """Says `said`, token by token; then it fails, or waits for ever, or ends."""

    def __init__(self, *said: str, failure: Exception | None = None, waits: bool = False) -> None:
        self.said = said
        self.failure = failure
        self.waits = waits
        self.spoke = anyio.Event()

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        del request
        for text in self.said:
            yield ChatText(text=text)
        self.spoke.set()
        if self.failure:
            raise self.failure
        if self.waits:
            await anyio.sleep_forever()
        yield ChatEnd(finish=Finish.STOP, usage=ChatUsage(prompt_tokens=20, reply_tokens=3, cached_tokens=5))

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class Desk:
    """One endpoint with all that stands around it."""

    kept: Kept = field(default_factory=Kept)
    door: Doorkeeper = field(default_factory=Doorkeeper)
    admission: Admission = field(default_factory=Admission)
    caller: Caller = CALLER

    def __post_init__(self) -> None:
        self.meter = meter(self.kept, self.door)

    async def ask(
        self, handler: Handler, socket: Socket, dialect: Dialect | DialectOfBody = openai.ERRORS, *, works: bool = True
    ) -> Socket:
        keys = Keys() if self.caller is CALLER else Knows(self.caller)
        endpoint = Endpoint(
            handler,
            dialect,
            admission=self.admission,
            authority=keys,
            meter=self.meter,
            operation=PATH,
            works=works,
        )
        with anyio.fail_after(10):
            await endpoint(socket.scope, socket.receive, socket.send)
            await self.meter.finish()
        return socket

    async def chat(self, engine: Engine, *, stream: bool = False, model: str = "m", said: str = "hi") -> Socket:
        return await self.ask(chatting(engine), Socket(body(stream=stream, model=model, said=said)))


def chatting(engine: Engine) -> Handler:
    return handle_chat(openai.CHAT, ChatService(routes={"m": [engine]}, base_model=base_model))


def body(*, stream: bool = False, model: str = "m", said: str = "hi") -> bytes:
    asked = {"model": model, "stream": stream, "messages": [{"role": "user", "content": said}]}
    return json.dumps(asked).encode()
