"""Embeddings in OpenAI's shape: `input` to `data`, read and written.

Shapes: https://platform.openai.com/docs/api-reference/embeddings. Its own client asks for base64 unless told otherwise.
"""

import struct
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from rhapsode.core.embedding import Embeddings, EmbedRequest
from rhapsode.core.errors import InvalidField, NotSupported
from rhapsode.core.usage import counted
from rhapsode.dialects.json_body import read_json, require

MOST_TEXTS: Final = 2048
"""of one call, as OpenAI has it"""

Encoding = Literal["float", "base64"]


class WireRequest(Struct, frozen=True, omit_defaults=True):
    """The body."""

    model: Annotated[str, Meta(min_length=1)]
    input: str | Annotated[list[str | int | list[int]], Meta(min_length=1, max_length=MOST_TEXTS)]
    encoding_format: Encoding | None = None
    dimensions: Annotated[int, Meta(gt=0)] | None = None


class Item(Struct, frozen=True, kw_only=True):
    """One vector: its numbers, or they as 32-bit floats, little end first, in base64."""

    object: str = "embedding"
    index: int = 0
    embedding: list[float] | str


class Usage(Struct, frozen=True):
    """Tokens. There is no reply to count."""

    prompt_tokens: int = 0
    total_tokens: int = 0


class WireReply(Struct, frozen=True):
    """The answer of another server. What it may leave out has a default."""

    data: list[Item]
    usage: Usage | None = None


@dataclass(frozen=True, kw_only=True)
class EmbedCall:
    """What a call asks for, and how its vectors are to be written."""

    request: EmbedRequest
    encoding: Encoding = "float"


_DECODER: Final = msgspec.json.Decoder(WireRequest)
_REPLY_DECODER: Final = msgspec.json.Decoder(WireReply)
_ENCODER: Final = msgspec.json.Encoder()


def read_request(body: bytes) -> EmbedCall:
    """What the body asks for. Raises `MalformedBody`, `InvalidField`, `NotSupported`."""
    wire = read_json(_DECODER, body)
    if wire.dimensions is not None:
        raise NotSupported("dimensions", "is not supported: vectors have as many places as the model gives them")
    if isinstance(wire.input, str):
        field, given = "input", [wire.input]
    else:
        field, given = "input[{}]", wire.input
    texts: list[str] = []
    for index, text in enumerate(given):
        name = field.format(index)
        if not isinstance(text, str):
            raise NotSupported(name, "must be text: tokens are of a vocabulary that only their model has")
        require(text, name, "must not be empty")
        texts.append(text)
    request = EmbedRequest(model=wire.model, texts=tuple(texts), field=field)
    return EmbedCall(request=request, encoding=wire.encoding_format or "float")


def write_request(request: EmbedRequest) -> bytes:
    """The body that asks for it, in numbers. Its purpose has no field here."""
    return _ENCODER.encode(WireRequest(request.model, list(request.texts), "float"))


def write_reply(call: EmbedCall, reply: Embeddings) -> bytes:
    """The answer. It is made a vector at a time: two million numbers take 0.3 s, in which other threads get on."""
    packed = call.encoding == "base64"
    items = b",".join(
        _ENCODER.encode(Item(index=index, embedding=_pack(vector) if packed else list(vector)))
        for index, vector in enumerate(reply.vectors)
    )
    model, usage = _ENCODER.encode(call.request.model), _ENCODER.encode(Usage(reply.tokens, reply.tokens))
    return b'{"object":"list","data":[%b],"model":%b,"usage":%b}' % (items, model, usage)


def read_reply(body: bytes, *, texts: int) -> Embeddings:
    """Another server's answer to so many `texts`, in either encoding. Raises `MalformedBody`, `InvalidField`."""
    wire = read_json(_REPLY_DECODER, body)
    items = sorted(wire.data, key=lambda item: item.index)
    whole = [item.index for item in items] == list(range(texts))
    require(whole, "data", f"must hold {texts} vectors, one a text, with their indices")
    return Embeddings(
        vectors=[_unpack(item) for item in items],
        tokens=counted(wire.usage.prompt_tokens) if wire.usage is not None else 0,
    )


def _pack(vector: Sequence[float]) -> str:
    return b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _unpack(item: Item) -> list[float]:
    if not isinstance(item.embedding, str):
        return item.embedding
    try:
        packed = b64decode(item.embedding, validate=True)
        return [number for (number,) in struct.iter_unpack("<f", packed)]
    except (NotBase64, struct.error) as error:
        raise InvalidField(f"data[{item.index}].embedding", "must be 32-bit floats in base64") from error
