"""The request's body, read within bounds of size and time."""

import anyio
from starlette.types import Receive, Scope

from rhapsode.core.errors import BodyTooLarge, MalformedBody

SECONDS = 60.0
"""How long a body may take to arrive."""


class CallerLeft(Exception):
    """The caller hung up."""


async def read_body(scope: Scope, receive: Receive, *, limit: int) -> bytes:
    """The whole body, at most `limit` bytes.

    A length announced above the limit is refused before a byte is read. Raises `BodyTooLarge`, `MalformedBody`,
    `CallerLeft`.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise BodyTooLarge(limit)
    body, more = await _read_part(receive)
    if not more:
        if len(body) > limit:
            raise BodyTooLarge(limit)
        return body
    return await _read_rest(receive, body, limit)


async def _read_rest(receive: Receive, first: bytes, limit: int) -> bytes:
    parts, size, more = [first], len(first), True
    try:
        with anyio.fail_after(SECONDS):
            while more:
                if size > limit:
                    raise BodyTooLarge(limit)
                part, more = await _read_part(receive)
                parts.append(part)
                size += len(part)
    except TimeoutError as error:
        raise MalformedBody(f"the body did not arrive within {SECONDS:.0f} seconds") from error
    if size > limit:
        raise BodyTooLarge(limit)
    return b"".join(parts)


async def _read_part(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise CallerLeft
    return message.get("body", b""), message.get("more_body", False)
