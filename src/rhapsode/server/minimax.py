"""The MiniMax dialect: its endpoints, as the routes name them."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final, Protocol

from starlette.responses import Response

from rhapsode.core.caller import Caller
from rhapsode.core.errors import RhapsodeError
from rhapsode.core.speech import SpeechAudio, SpeechEvent, SpeechRequest
from rhapsode.dialects.minimax import chat, chat_pro, chat_pro_reply, chat_reply, chat_v2, chat_v2_reply, t2a
from rhapsode.dialects.minimax.status import http_status_of
from rhapsode.dialects.sse import CONTENT_TYPE
from rhapsode.server.boundary import Answer, Call, Dialect, DialectOfBody, Handler
from rhapsode.server.chat import ChatDialect

Speak = Callable[[SpeechRequest, Caller], AsyncGenerator[SpeechEvent]]


class _WriteError(Protocol):
    def __call__(self, error: RhapsodeError, *, trace_id: str, body: bytes) -> bytes: ...


def _chat_errors(whole: _WriteError, streamed: _WriteError) -> DialectOfBody:
    """An event for a caller that waits for events, who would not see anything else, and JSON for any other."""

    def dialect(write: _WriteError, content_type: str) -> Dialect:
        return Dialect(
            write_error=lambda error, trace_id, body: write(error, trace_id=trace_id, body=body),
            http_status=http_status_of,
            content_type=content_type,
        )

    events, json = dialect(streamed, CONTENT_TYPE), dialect(whole, "application/json")
    return DialectOfBody(choose=lambda body: events if chat_pro_reply.asks_for_stream(body) else json)


CHAT_ERRORS: Final = _chat_errors(chat_pro_reply.write_error, chat_pro_reply.write_streamed_error)
CHAT_V2_ERRORS: Final = _chat_errors(chat_v2_reply.write_error, chat_v2_reply.write_streamed_error)
T2A_ERRORS: Final = Dialect(
    write_error=lambda error, trace_id, _body: t2a.write_error(error, trace_id=trace_id),
    http_status=http_status_of,
)

CHAT: Final = ChatDialect(
    read_request=chat.read_request,
    write_reply=chat_reply.write_reply,
    open_stream=chat_reply.StreamWriter,
)
CHAT_PRO: Final = ChatDialect(
    read_request=chat_pro.read_request,
    write_reply=chat_pro_reply.write_reply,
    open_stream=chat_pro_reply.StreamWriter,
)
CHAT_V2: Final = ChatDialect(
    read_request=chat_v2.read_request,
    write_reply=chat_v2_reply.write_reply,
    open_stream=chat_v2_reply.StreamWriter,
)


def handle_t2a(speak: Speak) -> Handler:
    """The handler of `POST /v1/text_to_speech`.

    The sound is collected before the answer begins: until then an error can still be told as JSON.
    """

    async def handle(call: Call) -> Answer:
        async with aclosing(speak(t2a.read_request(call.body), call.caller)) as events:
            sound = b"".join([event.audio async for event in events if isinstance(event, SpeechAudio)])
        return Response(sound, headers=call.headers, media_type=t2a.CONTENT_TYPE)

    return handle
