"""The one handler of all chat dialects: a body to a request, a reply, and its answer, whole or streamed."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from starlette.responses import Response

from rhapsode.core.chat import ChatEnd, ChatEvent, ChatReply, ChatRequest
from rhapsode.core.errors import RhapsodeError
from rhapsode.dialects.stamp import Stamp
from rhapsode.server.boundary import Answer, Call, Handler
from rhapsode.server.streaming import EventStream
from rhapsode.service.account import Account
from rhapsode.service.chat import ChatService
from rhapsode.service.metered import admit_chat, usage_of


class Asked(Protocol):
    """What every dialect reads from a body; most read more."""

    @property
    def request(self) -> ChatRequest:
        """What the engine is asked for."""
        ...

    @property
    def stream(self) -> bool:
        """Whether the answer is a stream."""
        ...


class StreamWriter(Protocol):
    """Makes the frames of one streamed answer."""

    def write_event(self, event: ChatEvent) -> bytes:
        """What goes to the socket for an event; empty when the dialect says nothing of it."""
        ...

    def write_error(self, error: RhapsodeError) -> bytes:
        """The last frame of a stream that broke."""
        ...


AskedT = TypeVar("AskedT", bound=Asked)


@dataclass(frozen=True, kw_only=True)
class ChatDialect(Generic[AskedT]):
    """How a dialect reads a call and writes its answer."""

    read_request: Callable[[bytes], AskedT]
    write_reply: Callable[[AskedT, ChatReply, Stamp], bytes]
    open_stream: Callable[[AskedT, Stamp], StreamWriter]


def handle_chat(dialect: ChatDialect[AskedT], chat: ChatService) -> Handler:
    """The handler of a chat endpoint."""

    async def handle(call: Call) -> Answer:
        return await answer_chat(dialect, dialect.read_request(call.body), call, chat)

    return handle


async def answer_chat(dialect: ChatDialect[AskedT], asked: AskedT, call: Call, chat: ChatService) -> Answer:
    """The answer to what was asked, whole or as a stream."""
    hear = await admit_chat(call.account, chat, asked.request)
    stamp = Stamp(trace_id=call.trace_id, created=call.created)
    if asked.stream:
        writer = dialect.open_stream(asked, stamp)
        frames = _frames(chat.reply(asked.request, hear), writer, call.account)
        return EventStream(frames, broken=writer.write_error, headers=call.headers)
    reply = await chat.whole(asked.request, hear)
    call.account.use(usage_of(reply.end.usage))
    body = dialect.write_reply(asked, reply, stamp)
    return Response(body, headers=call.headers, media_type="application/json")


async def _frames(events: AsyncGenerator[ChatEvent], writer: StreamWriter, account: Account) -> AsyncGenerator[bytes]:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, ChatEnd):
                await account.complete(usage_of(event.usage))
            if frame := writer.write_event(event):
                yield frame
