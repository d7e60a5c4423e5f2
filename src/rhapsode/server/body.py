"""The request's body, read within bounds of size and time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from starlette.types import Receive, Scope

from rhapsode.core.errors import BodyTooLarge, MalformedBody

SECONDS = 60.0
"""How long a body may take to arrive."""

UPLOAD_SECONDS = 3600.0
"""How long an upload may, of which something arrives every `SECONDS`."""

DISCARD_SECONDS = 1.0


class CallerLeft(Exception):
    """The caller hung up."""


class LateBody(MalformedBody):
    """The body did not arrive in its time. No more of it is read."""


async def read_body(scope: Scope, receive: Receive, *, limit: int, seconds: float = SECONDS) -> bytes:
    """The whole body, at most `limit` bytes.

    A length announced above the limit is refused before a byte is read, and so is a packed body: what would come out of
    it is not known before. Raises `BodyTooLarge`, `LateBody`, `MalformedBody`, `CallerLeft`.
    """
    _refuse_announced(scope, limit)
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
        raise LateBody(f"the body did not arrive within {seconds:g} seconds") from error
    return b"".join(parts)


async def read_parts(scope: Scope, receive: Receive, *, limit: int) -> AsyncGenerator[bytes]:
    """The body as it comes, at most `limit` bytes. Raises as `read_body`."""
    _refuse_announced(scope, limit)
    loop = asyncio.get_running_loop()
    end = loop.time() + UPLOAD_SECONDS
    size, more = 0, True
    while more:
        try:
            async with asyncio.timeout_at(min(end, loop.time() + SECONDS)):
                part, more = await _read_part(receive)
        except TimeoutError as error:
            raise LateBody(f"nothing of the body arrived for {SECONDS:g} seconds, or not all in an hour") from error
        size += len(part)
        if size > limit:
            raise BodyTooLarge(limit)
        yield part


async def discard_body(receive: Receive) -> None:
    """Take what the caller still sends, for a moment.

    Closing at once would reset a connection that is being written to: the caller would see that, and not the answer.
    """
    with suppress(TimeoutError, CallerLeft):
        async with asyncio.timeout(DISCARD_SECONDS):
            while (await _read_part(receive))[1]:
                pass


def _refuse_announced(scope: Scope, limit: int) -> None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            if value.isdigit() and int(value) > limit:
                raise BodyTooLarge(limit)
        elif name == b"content-encoding" and value.strip().lower() != b"identity":
            raise MalformedBody("a body with a Content-Encoding is not taken: send it as it is")


async def _read_part(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise CallerLeft
    return message.get("body", b""), message.get("more_body", False)
