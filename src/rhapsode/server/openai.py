"""The OpenAI dialect: its endpoints, as the routes name them."""

from collections.abc import Callable, Sequence
from typing import Final

from starlette.responses import Response

from rhapsode.core.errors import UnknownModel
from rhapsode.dialects.openai import chat, chat_reply, models
from rhapsode.dialects.openai.errors import headers_of, http_status_of, write_error
from rhapsode.server.boundary import Answer, Call, Dialect, Handler
from rhapsode.server.chat import ChatDialect
from rhapsode.service.account import may_ask_for

ERRORS: Final = Dialect(
    write_error=lambda error, trace_id, _body: write_error(error, trace_id=trace_id),
    http_status=http_status_of,
    headers=headers_of,
)

CHAT: Final = ChatDialect(
    read_request=chat.read_request,
    write_reply=chat_reply.write_reply,
    open_stream=chat_reply.StreamWriter,
)


def handle_models(names: Sequence[str], *, created: int) -> Handler:
    """The handler of `GET /v1/models`: those that the key is for. `created` is Unix seconds."""
    listed = models.write_models(names, created=created)

    async def handle(call: Call) -> Answer:
        shown = listed
        if call.caller.models is not None:
            theirs = [name for name in names if may_ask_for(call.caller, name)]
            shown = models.write_models(theirs, created=created)
        return Response(shown, headers=call.headers, media_type="application/json")

    return handle


def handle_model(serves: Callable[[str], bool], *, created: int) -> Handler:
    """The handler of `GET /v1/models/{model}`."""

    async def handle(call: Call) -> Answer:
        name = call.path["model"]
        if not serves(name) or not may_ask_for(call.caller, name):
            raise UnknownModel(name)
        found = models.write_model(name, created=created)
        return Response(found, headers=call.headers, media_type="application/json")

    return handle
