"""The client for programs that wait."""

import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar, Unpack

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
from rhapsode.client._conversation import Conversation
from rhapsode.client._errors import CallError
from rhapsode.client._orders import order_call, read_order, read_progress, read_result, status_call
from rhapsode.client._replies import Reply, Speech
from rhapsode.client._retry import Retries
from rhapsode.client._stream import ReplyStream, SpeechStream
from rhapsode.client._transport import Answer, answer_of, headers_for, patience, query_for, receiving, sending
from rhapsode.client._vectors import EmbedOptions, Vectors, embed_call, embed_request, read_vectors
from rhapsode.core.chat import Turn

ResultT = TypeVar("ResultT")
StreamT = TypeVar("StreamT", ReplyStream, SpeechStream)


class Client:
    """Calls a server of the platform's kind: this project's, or the cloud's. Safe to share between threads.

    `base_url` is without `/v1`. What is not given comes from the environment: `RHAPSODE_BASE_URL`, `RHAPSODE_GROUP_ID`,
    `RHAPSODE_API_KEY`, then `MINIMAX_API_HOST`, `MINIMAX_GROUP_ID`, `MINIMAX_API_KEY`; without an address there, it
    calls the server on this machine. `timeout` is the longest silence of the server, in seconds. What may be tried
    again is, up to `max_retries` times, after `backoff` seconds and then ever longer. Raises SettingsError.
    """

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
        self._http = httpx2.Client(
            base_url=self._address.base_url,
            headers=headers_for(self._address),
            params=query_for(self._address),
            timeout=patience(timeout),
            trust_env=not self._address.is_loopback,  # no proxy can reach what is on this machine
        )

    def __repr__(self) -> str:
        return f"Client({self._address})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back. The client cannot be used afterwards."""
        self._http.close()

    def chat(self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]) -> Reply:
        """One reply to `turns`, which are a whole conversation or the one thing that was said. Raises CallError."""
        call = chat_call(chat_request(turns, **options), stream=False)
        return self._persist(lambda: read_reply(self._answer(call), call))

    @contextmanager
    def stream_chat(self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]) -> Generator[ReplyStream]:
        """One reply as it comes; the block begins when its first piece is there. Raises CallError."""
        call = chat_call(chat_request(turns, **options), stream=True)
        stream = self._persist(lambda: self._stream(call))
        try:
            yield stream
        finally:
            stream.close()

    def conversation(self, *, turns: Sequence[Turn] = (), **options: Unpack[ChatOptions]) -> Conversation:
        """A conversation that keeps its turns, and begins with those of an earlier one."""
        return Conversation(self, turns, options)

    def speak(self, text: str, /, **options: Unpack[SpeechOptions]) -> Speech:
        """The text as sound. `<#0.5#>` in it is half a second of silence. Raises CallError."""
        call = speech_call(speech_request(text, **options))
        return self._persist(lambda: read_speech(self._answer(call), call))

    @contextmanager
    def stream_speak(self, text: str, /, **options: Unpack[SpeechOptions]) -> Generator[SpeechStream]:
        """The text as sound while it is made; the block begins when its first piece is there. Raises CallError."""
        call = stream_speech_call(speech_request(text, **options))
        stream = self._persist(lambda: self._stream_sound(call))
        try:
            yield stream
        finally:
            stream.close()

    def order_speech(self, text: str, /, **options: Unpack[SpeechOptions]) -> str:
        """Have a long text spoken by and by; the answer is the task's id, for `fetch_speech`. Raises CallError."""
        call = order_call(speech_request(text, **options))
        return self._persist(lambda: read_order(self._answer(call)))

    def fetch_speech(self, task_id: str, /) -> Speech | None:
        """The speech that was ordered; None while it is not done. Raises CallError, also where the task failed."""
        asked = status_call(task_id)
        call = self._persist(lambda: read_progress(self._answer(asked)))
        return None if call is None else self._persist(lambda: read_result(self._answer(call)))

    def embed(self, texts: str | Sequence[str], /, **options: Unpack[EmbedOptions]) -> Vectors:
        """One text or several as vectors. Raises CallError."""
        request = embed_request(texts, **options)
        call = embed_call(request)
        return self._persist(lambda: read_vectors(self._answer(call), request))

    def _persist(self, attempt: Callable[[], ResultT]) -> ResultT:
        attempts = 0
        while True:
            attempts += 1
            try:
                return attempt()
            except CallError as error:
                pause = self._retries.pause(error, attempts)
                if pause is None:
                    raise
            time.sleep(pause)

    def _answer(self, call: Call) -> Answer:
        response = self._send(call)
        try:
            head = answer_of(response, b"")
            with receiving(head.trace_id):
                return answer_of(response, response.read())
        finally:
            response.close()

    def _stream(self, call: Call) -> ReplyStream:
        return _started(ReplyStream(self._send(call), call))

    def _stream_sound(self, call: SpeechCall) -> SpeechStream:
        return _started(SpeechStream(self._send(call), call))

    def _send(self, call: Call) -> httpx2.Response:
        request = self._http.build_request(call.method, call.path, content=call.body or None, params=call.query or None)
        with sending(self._address):
            return self._http.send(request, stream=True)


def _started(stream: StreamT) -> StreamT:
    try:
        stream.start()
    except BaseException:
        stream.close()
        raise
    return stream
