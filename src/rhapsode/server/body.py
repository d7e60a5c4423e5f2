"""The request's body, read within bounds of size and time."""

import asyncio
from contextlib import suppress

from starlette.types import Receive, Scope

from rhapsode.core.errors import BodyTooLarge, MalformedBody

SECONDS = 60.0
"""How long a body may take to arrive."""

DISCARD_SECONDS = 1.0


class CallerLeft(Exception):
    """The caller hung up."""


async def read_body(scope: Scope, receive: Receive, *, limit: int, seconds: float = SECONDS) -> bytes:
    """The whole body, at most `limit` bytes.

    A length announced above the limit is refused before a byte is read. Raises `BodyTooLarge`, `MalformedBody`,
    `CallerLeft`.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise BodyTooLarge(limit)
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(seconds):
            while more:
                part, more = await _read_part(receive)
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise BodyTooLarge(limit)
    except TimeoutError as error:
        raise MalformedBody(f"the body did not arrive within {seconds:g} seconds") from error
    return b"".join(parts)


async def discard_body(receive: Receive) -> None:
    """Take what the caller still sends, for a moment.

    Closing at once would reset a connection that is being written to: the caller would see that, and not the answer.
    """
    with suppress(TimeoutError, CallerLeft):
        async with asyncio.timeout(DISCARD_SECONDS):
            while (await _read_part(receive))[1]:
                pass


async def _read_part(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise CallerLeft
    return message.get("body", b""), message.get("more_body", False)
