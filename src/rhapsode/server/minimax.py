"""The handlers of the MiniMax dialect: a body to a request, a service, and its answer back."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from starlette.responses import Response

from rhapsode.core.chat import ChatEvent, ChatRequest, ChatText, collect
from rhapsode.core.speech import SpeechRequest
from rhapsode.dialects.minimax import chat_pro, chat_pro_reply, t2a
from rhapsode.dialects.minimax.status import http_status_of
from rhapsode.server.boundary import Answer, Call, Dialect, Handler
from rhapsode.server.streaming import EventStream

CHAT_PRO = Dialect(
    write_error=lambda error, trace_id, body: chat_pro_reply.write_error(error, trace_id=trace_id, body=body),
    http_status=http_status_of,
)
T2A = Dialect(
    write_error=lambda error, trace_id, _body: t2a.write_error(error, trace_id=trace_id),
    http_status=http_status_of,
)


def handle_chat_pro(reply: Callable[[ChatRequest], AsyncGenerator[ChatEvent]]) -> Handler:
    """The handler of `POST /v1/text/chatcompletion_pro`."""

    async def handle(call: Call) -> Answer:
        asked = chat_pro.read_request(call.body)
        request = asked.request
        headers = {"trace-id": call.trace_id}
        about = {"speaker": request.reply_as, "model": request.model, "trace_id": call.trace_id}
        if asked.stream:
            writer = chat_pro_reply.StreamWriter(**about, created=call.created)
            return EventStream(_frames(reply(request), writer), broken=writer.write_error, headers=headers)
        async with aclosing(reply(request)) as events:
            whole = await collect(events)
        body = chat_pro_reply.write_reply(whole, **about, created=call.created)
        return Response(body, headers=headers, media_type="application/json")

    return handle


def handle_t2a(speak: Callable[[SpeechRequest], AsyncGenerator[bytes]]) -> Handler:
    """The handler of `POST /v1/text_to_speech`.

    The sound is collected before the answer begins: until then an error can still be told as JSON.
    """

    async def handle(call: Call) -> Answer:
        async with aclosing(speak(t2a.read_request(call.body))) as pieces:
            sound = b"".join([piece async for piece in pieces])
        return Response(sound, headers={"trace-id": call.trace_id}, media_type=t2a.CONTENT_TYPE)

    return handle


async def _frames(events: AsyncGenerator[ChatEvent], writer: chat_pro_reply.StreamWriter) -> AsyncGenerator[bytes]:
    async with aclosing(events):
        async for event in events:
            yield writer.write_text(event.text) if isinstance(event, ChatText) else writer.write_end(event)
