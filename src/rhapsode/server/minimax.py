"""The chat dialects of the platform, as the routes name them."""

from typing import Final, Protocol

from rhapsode.core.errors import RhapsodeError
from rhapsode.dialects.minimax import chat, chat_pro, chat_pro_reply, chat_reply, chat_v2, chat_v2_reply
from rhapsode.dialects.minimax.status import http_status_of
from rhapsode.dialects.sse import CONTENT_TYPE
from rhapsode.server.boundary import Dialect, DialectOfBody
from rhapsode.server.chat import ChatDialect


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
