"""Engines that live in another process, behind the same protocols as if they lived in this one."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

import msgspec

from rhapsode.core.chat import ChatEvent, ChatRequest
from rhapsode.core.embedding import Embeddings, EmbedRequest
from rhapsode.core.errors import EngineError
from rhapsode.core.speech import Pcm, SpeechRequest
from rhapsode.core.voice import Voice
from rhapsode.engines.remote.messages import Embed, Speak, ask_for_reply, read_event, write_ask
from rhapsode.link.client import Link

EVENTS: Final = 64
"""Events of one reply that are under way: what a model decodes in a second."""

BLOCKS: Final = 8
"""Blocks of sound of one speech that are under way: three seconds."""

_CLOSED: Final = "the engine is closed"

_pcm = msgspec.msgpack.Decoder(Pcm)
_embeddings = msgspec.msgpack.Decoder(Embeddings)


class RemoteChat:
    """Implements `ChatEngine`. `name` is the engine's in the other process; the link stays open when this is closed."""

    def __init__(self, link: Link, name: str) -> None:
        self._link, self._name, self._closed = link, name, False

    async def reply(self, request: ChatRequest, /) -> AsyncGenerator[ChatEvent]:
        """Of the protocol."""
        if self._closed:
            raise EngineError(_CLOSED)
        async with aclosing(self._link.call(ask_for_reply(self._name, request), room=EVENTS)) as items:
            async for item in items:
                yield read_event(item)

    async def close(self) -> None:
        """Of the protocol."""
        self._closed = True


class RemoteSpeech:
    """Implements `SpeechEngine`. `voices` are those that the engine was opened with. Otherwise as `RemoteChat`."""

    def __init__(self, link: Link, name: str, voices: Sequence[Voice]) -> None:
        self._link, self._name, self._closed = link, name, False
        self._voices = voices

    def voices(self) -> Sequence[Voice]:
        """Of the protocol."""
        return self._voices

    async def speak(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        """Of the protocol."""
        if self._closed:
            raise EngineError(_CLOSED)
        async with aclosing(self._link.call(write_ask(Speak(self._name, request)), room=BLOCKS)) as items:
            async for item in items:
                yield _pcm.decode(item)

    async def close(self) -> None:
        """Of the protocol."""
        self._closed = True


class RemoteEmbed:
    """Implements `EmbedEngine`. Otherwise as `RemoteChat`."""

    def __init__(self, link: Link, name: str) -> None:
        self._link, self._name, self._closed = link, name, False

    async def embed(self, request: EmbedRequest, /) -> Embeddings:
        """Of the protocol."""
        if self._closed:
            raise EngineError(_CLOSED)
        return _embeddings.decode(await self._link.ask(write_ask(Embed(self._name, request))))

    async def close(self) -> None:
        """Of the protocol."""
        self._closed = True
