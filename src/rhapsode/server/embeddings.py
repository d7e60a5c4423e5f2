"""Embeddings: two dialects on one path, told apart by their fields. `texts` is the platform's, `input` OpenAI's."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from anyio import to_thread
from starlette.responses import Response

from rhapsode.core.embedding import Embeddings, EmbedRequest
from rhapsode.core.errors import InvalidField
from rhapsode.dialects.json_body import read_json
from rhapsode.dialects.minimax import embeddings as minimax
from rhapsode.dialects.minimax.status import http_status_of
from rhapsode.dialects.openai import embeddings as openai
from rhapsode.server.boundary import Answer, Call, Dialect, DialectOfBody, Handler
from rhapsode.server.openai import ERRORS as OPENAI_ERRORS
from rhapsode.service.account import Account

Embed = Callable[[EmbedRequest, Account], Awaitable[Embeddings]]
"""Lets the texts in, and turns them into vectors."""

_MINIMAX_ERRORS: Final = Dialect(
    write_error=lambda error, _trace_id, _body: minimax.write_error(error),
    http_status=http_status_of,
)


class _Fields(msgspec.Struct, frozen=True):
    texts: object = None
    input: object = None


_DECODER: Final = msgspec.json.Decoder(_Fields)


def _spoken(body: bytes) -> Dialect:
    """The platform's where the body does not say: its clients can read nothing else."""
    try:
        fields = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _MINIMAX_ERRORS
    return OPENAI_ERRORS if fields.texts is None and fields.input is not None else _MINIMAX_ERRORS


ERRORS: Final = DialectOfBody(choose=_spoken)


def handle_embeddings(embed: Embed) -> Handler:
    """The handler of `POST /v1/embeddings`."""

    async def handle(call: Call) -> Answer:
        fields = read_json(_DECODER, call.body)
        if fields.texts is not None and fields.input is not None:
            raise InvalidField("texts", "must not stand beside input: one of the two says what is to be embedded")
        if fields.texts is None and fields.input is None:
            raise InvalidField("texts", "is required, or input in OpenAI's shape")
        if fields.input is None:
            vectors = await embed(minimax.read_request(call.body), call.account)
            answer = await to_thread.run_sync(minimax.write_reply, vectors)
        else:
            asked = openai.read_request(call.body)
            vectors = await embed(asked.request, call.account)
            answer = await to_thread.run_sync(openai.write_reply, asked, vectors)
        return Response(answer, headers=call.headers, media_type="application/json")

    return handle
