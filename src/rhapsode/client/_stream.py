"""A reply that is heard while it is made: an iterator of pieces of text over an open HTTP answer."""

from typing import Self

import httpx2

from rhapsode.client._calls import Call, read_failure
from rhapsode.client._errors import CallError
from rhapsode.client._pieces import PieceReader
from rhapsode.client._replies import Reply
from rhapsode.client._transport import answer_of, receiving
from rhapsode.core.function import FunctionCall


class _Stream:
    """What both kinds of stream tell. Iterating gives the pieces, none empty; joined they are `reply.text`."""

    def __init__(self, response: httpx2.Response, call: Call) -> None:
        self._response = response
        self._head = answer_of(response, b"")
        self._reader = PieceReader(self._head, call)

    @property
    def text(self) -> str:
        """What was heard so far."""
        return self._reader.heard

    @property
    def function_call(self) -> FunctionCall | None:
        """The function that was called instead of a text: it comes with the end of the stream."""
        return None if self._reader.reply is None else self._reader.reply.function_call

    @property
    def broken(self) -> bool:
        """Whether the stream failed; the error was raised where the next piece was asked for."""
        return self._reader.broken

    @property
    def reply(self) -> Reply:
        """The whole reply. Raises RuntimeError while the stream has not been read to its end."""
        if self._reader.reply is None:
            raise RuntimeError("the stream has not been read to its end: there is no reply yet")
        return self._reader.reply


class ReplyStream(_Stream):
    """A reply as it comes. Leaving the `with` block early hangs up, and the server stops its work."""

    def __init__(self, response: httpx2.Response, call: Call) -> None:
        super().__init__(response, call)
        self._blocks = response.iter_bytes()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        while self._reader.needs_bytes:
            self._read_block()
        piece = self._reader.next_piece()
        if piece is None:
            raise StopIteration
        return piece

    def start(self) -> None:
        """Wait until the first piece, the end or a failure is there. Raises CallError when it is a failure."""
        if not self._head.is_success:
            with receiving(self._head.trace_id):
                raise read_failure(answer_of(self._response, self._response.read()))
        while self._reader.needs_bytes:
            self._read_block()
        self._reader.check()

    def close(self) -> None:
        """Hang up."""
        self._response.close()

    def _read_block(self) -> None:
        try:
            with receiving(self._head.trace_id):
                block = next(self._blocks, None)
        except CallError as error:
            self._reader.fail(error)
        else:
            self._reader.feed(block)


class AsyncReplyStream(_Stream):
    """A reply as it comes. Leaving the `async with` block early hangs up, and the server stops its work."""

    def __init__(self, response: httpx2.Response, call: Call) -> None:
        super().__init__(response, call)
        self._blocks = response.aiter_bytes()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while self._reader.needs_bytes:
            await self._read_block()
        piece = self._reader.next_piece()
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def start(self) -> None:
        """Wait until the first piece, the end or a failure is there. Raises CallError when it is a failure."""
        if not self._head.is_success:
            with receiving(self._head.trace_id):
                raise read_failure(answer_of(self._response, await self._response.aread()))
        while self._reader.needs_bytes:
            await self._read_block()
        self._reader.check()

    async def close(self) -> None:
        """Hang up."""
        await self._response.aclose()

    async def _read_block(self) -> None:
        try:
            with receiving(self._head.trace_id):
                block = await anext(self._blocks, None)
        except CallError as error:
            self._reader.fail(error)
        else:
            self._reader.feed(block)
