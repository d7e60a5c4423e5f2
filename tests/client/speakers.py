"""One face for both clients, so that one suite asks the same of each."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Protocol, TypedDict, Unpack

from anyio.from_thread import BlockingPortal, start_blocking_portal

from rhapsode import (
    AsyncClient,
    AsyncConversation,
    AsyncReplyStream,
    AsyncSpeechStream,
    ChatOptions,
    Client,
    EmbedOptions,
    FunctionCall,
    Reply,
    Speech,
    SpeechOptions,
    Turn,
    Vectors,
)


class Settings(TypedDict, total=False):
    """What both clients take."""

    base_url: str
    group_id: str
    api_key: str
    timeout: float
    max_retries: int
    backoff: float


class Heard(Protocol):
    """A stream, read by a program that waits."""

    def __iter__(self) -> Iterator[str]: ...
    def __next__(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def reply(self) -> Reply: ...
    @property
    def broken(self) -> bool: ...
    @property
    def function_call(self) -> FunctionCall | None: ...


class HeardSound(Protocol):
    """A stream of sound, read by a program that waits."""

    def __iter__(self) -> Iterator[bytes]: ...
    def __next__(self) -> bytes: ...
    @property
    def audio(self) -> bytes: ...
    @property
    def speech(self) -> Speech: ...
    @property
    def broken(self) -> bool: ...


class Talks(Protocol):
    """A conversation, held by a program that waits."""

    @property
    def turns(self) -> tuple[Turn, ...]: ...
    def say(self, text: str | Turn, *, user: str | None = None, reply_as: str | None = None) -> Reply: ...
    def stream(
        self, text: str | Turn, *, user: str | None = None, reply_as: str | None = None
    ) -> AbstractContextManager[Heard]: ...


class Speaks(Protocol):
    """A client, used by a program that waits."""

    def chat(self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]) -> Reply: ...
    def stream_chat(
        self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]
    ) -> AbstractContextManager[Heard]: ...
    def conversation(self, *, turns: Sequence[Turn] = (), **options: Unpack[ChatOptions]) -> Talks: ...
    def speak(self, text: str, /, **options: Unpack[SpeechOptions]) -> Speech: ...
    def stream_speak(self, text: str, /, **options: Unpack[SpeechOptions]) -> AbstractContextManager[HeardSound]: ...
    def order_speech(self, text: str, /, **options: Unpack[SpeechOptions]) -> str: ...
    def fetch_speech(self, task_id: str, /) -> Speech | None: ...
    def embed(self, texts: str | Sequence[str], /, **options: Unpack[EmbedOptions]) -> Vectors: ...


class OpenClient(Protocol):
    """Opens one of the two clients."""

    def __call__(self, **settings: Unpack[Settings]) -> Speaks: ...


class _Stream:
    def __init__(self, portal: BlockingPortal, stream: AsyncReplyStream) -> None:
        self._portal = portal
        self._stream = stream

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        piece = self._portal.call(self._next)
        if piece is None:
            raise StopIteration
        return piece

    async def _next(self) -> str | None:
        return await anext(self._stream, None)

    @property
    def text(self) -> str:
        return self._stream.text

    @property
    def reply(self) -> Reply:
        return self._stream.reply

    @property
    def broken(self) -> bool:
        return self._stream.broken

    @property
    def function_call(self) -> FunctionCall | None:
        return self._stream.function_call


class _SoundStream:
    def __init__(self, portal: BlockingPortal, stream: AsyncSpeechStream) -> None:
        self._portal = portal
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = self._portal.call(self._next)
        if piece is None:
            raise StopIteration
        return piece

    async def _next(self) -> bytes | None:
        return await anext(self._stream, None)

    @property
    def audio(self) -> bytes:
        return self._stream.audio

    @property
    def speech(self) -> Speech:
        return self._stream.speech

    @property
    def broken(self) -> bool:
        return self._stream.broken


class _Talk:
    def __init__(self, portal: BlockingPortal, conversation: AsyncConversation) -> None:
        self._portal = portal
        self._conversation = conversation

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self._conversation.turns

    def say(self, text: str | Turn, *, user: str | None = None, reply_as: str | None = None) -> Reply:
        return self._portal.call(partial(self._conversation.say, text, user=user, reply_as=reply_as))

    @contextmanager
    def stream(self, text: str | Turn, *, user: str | None = None, reply_as: str | None = None) -> Generator[Heard]:
        context = self._conversation.stream(text, user=user, reply_as=reply_as)
        with self._portal.wrap_async_context_manager(context) as stream:
            yield _Stream(self._portal, stream)


class _Blocking:
    def __init__(self, portal: BlockingPortal, client: AsyncClient) -> None:
        self._portal = portal
        self._client = client

    def chat(self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]) -> Reply:
        return self._portal.call(partial(self._client.chat, turns, **options))

    @contextmanager
    def stream_chat(self, turns: str | Sequence[Turn], /, **options: Unpack[ChatOptions]) -> Generator[Heard]:
        with self._portal.wrap_async_context_manager(self._client.stream_chat(turns, **options)) as stream:
            yield _Stream(self._portal, stream)

    def conversation(self, *, turns: Sequence[Turn] = (), **options: Unpack[ChatOptions]) -> Talks:
        return _Talk(self._portal, self._client.conversation(turns=turns, **options))

    def speak(self, text: str, /, **options: Unpack[SpeechOptions]) -> Speech:
        return self._portal.call(partial(self._client.speak, text, **options))

    @contextmanager
    def stream_speak(self, text: str, /, **options: Unpack[SpeechOptions]) -> Generator[HeardSound]:
        with self._portal.wrap_async_context_manager(self._client.stream_speak(text, **options)) as stream:
            yield _SoundStream(self._portal, stream)

    def order_speech(self, text: str, /, **options: Unpack[SpeechOptions]) -> str:
        return self._portal.call(partial(self._client.order_speech, text, **options))

    def fetch_speech(self, task_id: str, /) -> Speech | None:
        return self._portal.call(partial(self._client.fetch_speech, task_id))

    def embed(self, texts: str | Sequence[str], /, **options: Unpack[EmbedOptions]) -> Vectors:
        return self._portal.call(partial(self._client.embed, texts, **options))


@contextmanager
def open_sync(**settings: Unpack[Settings]) -> Generator[Speaks]:
    """`Client` itself."""
    with Client(**settings) as client:
        yield client


@contextmanager
def open_async(**settings: Unpack[Settings]) -> Generator[Speaks]:
    """`AsyncClient` on an event loop of its own."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(AsyncClient(**settings)) as client:
        yield _Blocking(portal, client)
