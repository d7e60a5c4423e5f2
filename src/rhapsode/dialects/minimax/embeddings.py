"""Embeddings in the platform's shape: `texts` and their `type` to `vectors`, read and written.

Shapes: the contract's section 5.1. Clients index `vectors` and `total_tokens` before they look at anything else, so
both are there in an error too.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.embedding import Embeddings, EmbedRequest, Purpose
from rhapsode.core.errors import RhapsodeError
from rhapsode.core.usage import counted
from rhapsode.dialects.json_body import read_json, require
from rhapsode.dialects.minimax.status import SUCCESS, BaseResp, check, status_of

PLATFORM_MODEL: Final = "embo-01"

MOST_TEXTS: Final = 2048
"""of one call. The platform does not say; clients in use send up to 512, and OpenAI takes as many as this"""


class WireRequest(Struct, frozen=True):
    """The body."""

    model: Annotated[str, Meta(min_length=1)]
    texts: Annotated[list[str], Meta(min_length=1, max_length=MOST_TEXTS)]
    type: Literal["db", "query"]


class WireReply(Struct, frozen=True):
    """The answer. What another server may leave out has a default."""

    vectors: list[list[float]] | None = None
    total_tokens: int = 0
    base_resp: BaseResp | None = None


_DECODER: Final = msgspec.json.Decoder(WireRequest)
_REPLY_DECODER: Final = msgspec.json.Decoder(WireReply)
_ENCODER: Final = msgspec.json.Encoder()
_PURPOSES: Final = {"db": Purpose.STORE, "query": Purpose.QUERY}
_OK: Final = BaseResp(SUCCESS, "success")


def read_request(body: bytes) -> EmbedRequest:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`."""
    wire = read_json(_DECODER, body)
    for index, text in enumerate(wire.texts):
        require(text, f"texts[{index}]", "must not be empty")
    return EmbedRequest(model=wire.model, texts=tuple(wire.texts), purpose=_PURPOSES[wire.type])


def write_request(request: EmbedRequest) -> bytes:
    """The body that asks for it. A purpose that nobody said is `db`: the platform must be told one."""
    kind = "query" if request.purpose is Purpose.QUERY else "db"
    return _ENCODER.encode(WireRequest(request.model, list(request.texts), kind))


def write_reply(reply: Embeddings) -> bytes:
    """The answer. It is made a vector at a time: two million numbers take 0.3 s, in which other threads get on."""
    vectors = b",".join(map(_ENCODER.encode, reply.vectors))
    return b'{"vectors":[%b],"total_tokens":%d,"base_resp":%b}' % (vectors, reply.tokens, _ENCODER.encode(_OK))


def write_error(error: RhapsodeError) -> bytes:
    """The answer to a call that failed."""
    return _ENCODER.encode(WireReply(None, 0, status_of(error)))


def read_reply(body: bytes, *, texts: int, trace_id: str | None = None) -> Embeddings:
    """Another server's answer to so many `texts`.

    Raises `StatusError` when it says that it failed, `MalformedBody`, `InvalidField`.
    """
    wire = read_json(_REPLY_DECODER, body)
    check(wire.base_resp, trace_id)
    vectors = wire.vectors or []
    require(len(vectors) == texts, "vectors", f"must be {texts}, one a text, and not {len(vectors)}")
    return Embeddings(vectors=vectors, tokens=counted(wire.total_tokens))
