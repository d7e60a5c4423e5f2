"""An answer that is heard while it is made: an iterator of its pieces over an open HTTP answer."""

from typing import Generic, Self

import httpx2

from rhapsode.client._calls import Call, SpeechCall, read_failure
from rhapsode.client._errors import CallError
from rhapsode.client._pieces import PieceReader, PieceT, WholeT
from rhapsode.client._replies import Reply, Speech
from rhapsode.client._reply_pieces import ReplyReader
from rhapsode.client._sound_pieces import SoundReader
from rhapsode.client._transport import answer_of, receiving
from rhapsode.core.function import FunctionCall


class _Stream(Generic[PieceT, WholeT]):
    """What every stream tells. Iterating gives the pieces, none empty; joined they are the whole."""

    def __init__(self, response: httpx2.Response, reader: PieceReader[PieceT, WholeT]) -> None:
        self._response = response
        self._head = answer_of(response, b"")
        self._reader = reader

    @property
    def broken(self) -> bool:
        """Whether the stream failed; the error was raised where the next piece was asked for."""
        return self._reader.broken

    def _whole(self, name: str) -> WholeT:
        if self._reader.whole is None:
            raise RuntimeError(f"the stream has not been read to its end: there is no {name} yet")
        return self._reader.whole


class _Waiting(_Stream[PieceT, WholeT]):
    """For programs that wait."""

    def __init__(self, response: httpx2.Response, reader: PieceReader[PieceT, WholeT]) -> None:
        super().__init__(response, reader)
        self._blocks = response.iter_bytes()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> PieceT:
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


class _Awaiting(_Stream[PieceT, WholeT]):
    """For programs on an event loop."""

    def __init__(self, response: httpx2.Response, reader: PieceReader[PieceT, WholeT]) -> None:
        super().__init__(response, reader)
        self._blocks = response.aiter_bytes()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> PieceT:
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


class _Told(_Stream[str, Reply]):
    """What both kinds of a reply's stream tell."""

    @property
    def text(self) -> str:
        """What was heard so far."""
        return "".join(self._reader.heard)

    @property
    def function_call(self) -> FunctionCall | None:
        """The function that was called instead of a text: it comes with the end of the stream."""
        return None if self._reader.whole is None else self._reader.whole.function_call

    @property
    def reply(self) -> Reply:
        """The whole reply. Raises RuntimeError while the stream has not been read to its end."""
        return self._whole("reply")


class _Spoken(_Stream[bytes, Speech]):
    """What both kinds of a speech's stream tell."""

    @property
    def audio(self) -> bytes:
        """What was heard so far."""
        return b"".join(self._reader.heard)

    @property
    def speech(self) -> Speech:
        """The whole file. Raises RuntimeError while the stream has not been read to its end."""
        return self._whole("speech")


class ReplyStream(_Waiting[str, Reply], _Told):
    """A reply as it comes. Leaving the `with` block early hangs up, and the server stops its work."""

    def __init__(self, response: httpx2.Response, call: Call) -> None:
        super().__init__(response, ReplyReader(answer_of(response, b""), call))


class AsyncReplyStream(_Awaiting[str, Reply], _Told):
    """A reply as it comes. Leaving the `async with` block early hangs up, and the server stops its work."""

    def __init__(self, response: httpx2.Response, call: Call) -> None:
        super().__init__(response, ReplyReader(answer_of(response, b""), call))


class SpeechStream(_Waiting[bytes, Speech], _Spoken):
    """Speech as it is made. Leaving the `with` block early hangs up, and the server stops its work."""

    def __init__(self, response: httpx2.Response, call: SpeechCall) -> None:
        super().__init__(response, SoundReader(answer_of(response, b""), call, call.audio_format))


class AsyncSpeechStream(_Awaiting[bytes, Speech], _Spoken):
    """Speech as it is made. Leaving the `async with` block early hangs up, and the server stops its work."""

    def __init__(self, response: httpx2.Response, call: SpeechCall) -> None:
        super().__init__(response, SoundReader(answer_of(response, b""), call, call.audio_format))
