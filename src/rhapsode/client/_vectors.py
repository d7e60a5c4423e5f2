"""Embeddings without their transport: what is asked becomes a request, and an answer vectors or an error."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypedDict

from rhapsode.client._calls import Call, encode, read, read_failure
from rhapsode.client._errors import BadRequest
from rhapsode.client._transport import Answer
from rhapsode.core.embedding import EmbedRequest, Purpose
from rhapsode.dialects.minimax import embeddings

EMBED_PATH = "/v1/embeddings"


class EmbedOptions(TypedDict, total=False):
    """How vectors are asked for."""

    query: bool
    """Whether the texts shall find, rather than be found; some models make other vectors then. False otherwise."""
    model: str
    """`embo-01` otherwise."""


@dataclass(frozen=True, kw_only=True)
class Vectors:
    """Texts as vectors, in the order of the texts."""

    vectors: Sequence[Sequence[float]] = field(repr=False)
    total_tokens: int
    trace_id: str | None


def embed_request(
    texts: str | Sequence[str], *, query: bool = False, model: str = embeddings.PLATFORM_MODEL
) -> EmbedRequest:
    """What the options ask for. Limits are the server's to judge. Raises BadRequest for what cannot be told it."""
    given = (texts,) if isinstance(texts, str) else tuple(texts)
    if not given:
        raise BadRequest("texts: at least one is required")
    return EmbedRequest(model=model, texts=given, purpose=Purpose.QUERY if query else Purpose.STORE)


def embed_call(request: EmbedRequest) -> Call:
    """The call that asks for vectors."""
    return Call(path=EMBED_PATH, body=encode(embeddings.write_request, request))


def read_vectors(answer: Answer, request: EmbedRequest) -> Vectors:
    """The vectors that an answer holds. Raises CallError."""
    if not answer.is_success:
        raise read_failure(answer)
    found = read(partial(embeddings.read_reply, texts=len(request.texts)), answer.body, answer)
    return Vectors(vectors=found.vectors, total_tokens=found.tokens, trace_id=answer.trace_id)
