"""The client for programs that run on an event loop."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar, Unpack

import anyio
import httpx2

from rhapsode.client._address import find_address
from rhapsode.client._calls import (
    Call,
    ChatOptions,
    SpeechCall,
    SpeechOptions,
    chat_call,
    chat_request,
    read_reply,
    read_speech,
    speech_call,
    speech_request,
    stream_speech_call,
)
from rhapsode.client._conversation import AsyncConversation
from rhapsode.client._errors import CallError
from rhapsode.client._orders import order_call, read_order, read_progress, read_result, status_call
from rhapsode.client._replies import Reply, Speech
from rhapsode.client._retry import Retries
from rhapsode.client._stream import AsyncReplyStream, AsyncSpeechStream
from rhapsode.client._transport import Answer, answer_of, headers_for, patience, query_for, receiving, sending
from rhapsode.client._vectors import EmbedOptions, Vectors, embed_call, embed_request, read_vectors
from rhapsode.core.chat import Turn

ResultT = TypeVar("ResultT")
StreamT = TypeVar("StreamT", AsyncReplyStream, AsyncSpeechStream)


class AsyncClient:
    """As `Client`, whose docstring holds for this one too. One event loop, any number of tasks."""

    def __init__(
        self,
        base_url: str | None = None,
        group_id: str | None = None,
        api_key: str | None = None,
        *,
        timeout: float = 120.0,
        max_retries: int = 2,
        backoff: float = 0.5,
    ) -> None:
        self._address = find_address(base_url, group_id, api_key, os.environ)
        self._retries = Retries(most=max_retries, first_pause=backoff)
        self._http = httpx2.AsyncClient(
            base_url=self._address.base_url,
            headers=headers_for(self._address),
            params=query_for(self._address),
            timeout=patience(timeout),
            trust_env=not self._address.is_loopback,  # no proxy can reach what is on this machine
        )

    def __repr__(self) -> str:
        return f"AsyncClient({self._address})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Give the connections back. The client cannot be used afterwards."""
        await self._http.aclose()

    async def chat(self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]) -> Reply:
        """One reply to `turns`, which are a whole conversation or the one thing that was said. Raises CallError."""
        call = chat_call(chat_request(turns, **options), stream=False)

        async def attempt() -> Reply:
            return read_reply(await self._answer(call), call)

        return await self._persist(attempt)

    @asynccontextmanager
    async def stream_chat(
        self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]
    ) -> AsyncGenerator[AsyncReplyStream]:
        """One reply as it comes; the block begins when its first piece is there. Raises CallError."""
        call = chat_call(chat_request(turns, **options), stream=True)
        stream = await self._persist(lambda: self._stream(call))
        try:
            yield stream
        finally:
            await stream.close()

    def conversation(self, *, turns: Sequence[Turn] = (), **options: Unpack[ChatOptions]) -> AsyncConversation:
        """A conversation that keeps its turns, and begins with those of an earlier one."""
        return AsyncConversation(self, turns, options)

    async def speak(self, text: str, /, **options: Unpack[SpeechOptions]) -> Speech:
        """The text as sound. `<#0.5#>` in it is half a second of silence. Raises CallError."""
        call = speech_call(speech_request(text, **options))

        async def attempt() -> Speech:
            return read_speech(await self._answer(call), call)

        return await self._persist(attempt)

    @asynccontextmanager
    async def stream_speak(self, text: str, /, **options: Unpack[SpeechOptions]) -> AsyncGenerator[AsyncSpeechStream]:
        """The text as sound while it is made; the block begins when its first piece is there. Raises CallError."""
        call = stream_speech_call(speech_request(text, **options))
        stream = await self._persist(lambda: self._stream_sound(call))
        try:
            yield stream
        finally:
            await stream.close()

    async def order_speech(self, text: str, /, **options: Unpack[SpeechOptions]) -> str:
        """Have a long text spoken by and by; the answer is the task's id, for `fetch_speech`. Raises CallError."""
        call = order_call(speech_request(text, **options))

        async def attempt() -> str:
            return read_order(await self._answer(call))

        return await self._persist(attempt)

    async def fetch_speech(self, task_id: str, /) -> Speech | None:
        """The speech that was ordered; None while it is not done. Raises CallError, also where the task failed."""

        async def ask() -> Call | None:
            return read_progress(await self._answer(status_call(task_id)))

        call = await self._persist(ask)
        if call is None:
            return None

        async def fetch() -> Speech:
            return read_result(await self._answer(call))

        return await self._persist(fetch)

    async def embed(self, texts: str | Sequence[str], /, **options: Unpack[EmbedOptions]) -> Vectors:
        """One text or several as vectors. Raises CallError."""
        request = embed_request(texts, **options)
        call = embed_call(request)

        async def attempt() -> Vectors:
            return read_vectors(await self._answer(call), request)

        return await self._persist(attempt)

    async def _persist(self, attempt: Callable[[], Awaitable[ResultT]]) -> ResultT:
        attempts = 0
        while True:
            attempts += 1
            try:
                return await attempt()
            except CallError as error:
                pause = self._retries.pause(error, attempts)
                if pause is None:
                    raise
            await anyio.sleep(pause)

    async def _answer(self, call: Call) -> Answer:
        response = await self._send(call)
        try:
            head = answer_of(response, b"")
            with receiving(head.trace_id):
                return answer_of(response, await response.aread())
        finally:
            await response.aclose()

    async def _stream(self, call: Call) -> AsyncReplyStream:
        return await _started(AsyncReplyStream(await self._send(call), call))

    async def _stream_sound(self, call: SpeechCall) -> AsyncSpeechStream:
        return await _started(AsyncSpeechStream(await self._send(call), call))

    async def _send(self, call: Call) -> httpx2.Response:
        request = self._http.build_request(call.method, call.path, content=call.body or None, params=call.query or None)
        with sending(self._address):
            return await self._http.send(request, stream=True)


async def _started(stream: StreamT) -> StreamT:
    try:
        await stream.start()
    except BaseException:
        await stream.close()
        raise
    return stream
