"""A reply that is spoken while it is written: text at once, and each sentence's sound as soon as it is made."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from rhapsode.core.caller import Caller
from rhapsode.core.chat import ChatEnd, ChatEvent, ChatRequest, ChatText
from rhapsode.core.speech import SpeechRequest
from rhapsode.service.chat import ChatService, Hear, unheard
from rhapsode.service.speech import SpeechService
from rhapsode.text.count import billed
from rhapsode.text.pieces import Piece
from rhapsode.text.sentences import Cutter

_UNSPOKEN: Final = str.maketrans("", "", "*`")
"""signs of Markdown, and of what is masked: a voice would name each one"""
_AHEAD: Final = 16
"""events that may wait for a slow listener: the model and the voice wait for him too"""


@dataclass(frozen=True, kw_only=True)
class SpokenAudio:
    """A piece of the sound: never empty, and pieces joined are one stream of the format that was asked for.

    So far, `characters` are begun, as they are billed, and the sound has so many `milliseconds`.
    """

    audio: bytes
    characters: int
    milliseconds: int


class SpokenChat:
    """Replies with text and sound in one stream."""

    def __init__(self, *, chat: ChatService, speech: SpeechService) -> None:
        self._chat = chat
        self._speech = speech

    async def reply(
        self, request: ChatRequest, voice: SpeechRequest, caller: Caller, hear: Hear = unheard, /
    ) -> AsyncGenerator[ChatEvent | SpokenAudio]:
        """The events of one reply, and between them its sound; `ChatEnd` comes last, after all of it.

        `voice` says how to speak; its own script is not looked at. Spoken is what is shown, Markdown's signs aside:
        neither thoughts nor function calls. A reply with nothing to speak has no sound.

        `hear` is called as by `ChatService.reply`. Raises as that and `SpeechService.speak`: what is wrong with `voice`
        before the reply is begun.
        """
        voice = await self._speech.prepare(voice, caller)
        send, receive = anyio.create_memory_object_stream[ChatEvent | SpokenAudio](_AHEAD)
        with send, receive:
            # A task of its own, not a task group around the loop below: a generator must not wait inside one.
            work = asyncio.create_task(self._work(request, voice, send, hear))
            try:
                async for event in receive:
                    yield event
                await work
            finally:
                work.cancel()
                with anyio.CancelScope(shield=True):
                    await asyncio.gather(work, return_exceptions=True)

    async def _work(
        self,
        request: ChatRequest,
        voice: SpeechRequest,
        send: MemoryObjectSendStream[ChatEvent | SpokenAudio],
        hear: Hear,
    ) -> None:
        """Everything into `send`, which is closed at the end. Raises the first error of either side."""
        sentences = _Sentences()
        try:
            with send:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._speak(voice, sentences, send))
                    end = await self._write(request, sentences, send, hear)
                await send.send(end)
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors.exceptions[0].__cause__

    async def _write(
        self,
        request: ChatRequest,
        sentences: "_Sentences",
        send: MemoryObjectSendStream[ChatEvent | SpokenAudio],
        hear: Hear,
    ) -> ChatEnd:
        async with aclosing(self._chat.reply(request, hear)) as events:
            async for event in events:
                if isinstance(event, ChatEnd):
                    sentences.finish()
                    return event
                await send.send(event)
                if isinstance(event, ChatText):
                    sentences.feed(event.text)
        raise AssertionError("a stream of chat events ended without ChatEnd")

    async def _speak(
        self, voice: SpeechRequest, sentences: "_Sentences", send: MemoryObjectSendStream[ChatEvent | SpokenAudio]
    ) -> None:
        async with aclosing(self._speech.speak_on(voice, sentences)) as pieces:
            async for piece in pieces:
                begun, milliseconds = sentences.characters, piece.milliseconds
                await send.send(SpokenAudio(audio=piece.audio, characters=begun, milliseconds=milliseconds))


class _Sentences:
    """The text so far as the sentences that are complete; no more of them wait than the reply is long."""

    def __init__(self) -> None:
        self._cutter = Cutter()
        self._ready: asyncio.Queue[Piece | None] = asyncio.Queue()
        self.characters = 0
        """of those that were taken, as they are billed"""

    def feed(self, text: str) -> None:
        self._take(self._cutter.feed(text.translate(_UNSPOKEN)))

    def finish(self) -> None:
        self._take(self._cutter.finish())
        self._ready.put_nowait(None)

    def _take(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self._ready.put_nowait(Piece(text=piece.text.lstrip("# "), rest=piece.rest))  # the sign of a heading

    def __aiter__(self) -> "_Sentences":
        return self

    async def __anext__(self) -> Piece:
        if (piece := await self._ready.get()) is None:
            raise StopAsyncIteration
        self.characters += billed(piece.text)
        return piece
