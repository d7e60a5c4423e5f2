"""Speech as a caller hears it: the engine's sound, with gain and effects, resampled and packed by one encoder."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from anyio import CancelScope, to_thread

from rhapsode.core.caller import Caller
from rhapsode.core.errors import EngineMissing, InvalidField, InvisibleText
from rhapsode.core.speech import (
    AudioSetting,
    Encoder,
    Pcm,
    SoundEffect,
    SpeechAudio,
    SpeechEngine,
    SpeechEvent,
    SpeechRequest,
)
from rhapsode.core.voice import OwnVoice, Voice, VoiceBook
from rhapsode.service.cast import Cast
from rhapsode.service.told import Told
from rhapsode.telemetry.spans import PartByPart, part
from rhapsode.text.count import MOST_INVISIBLE, count
from rhapsode.text.pieces import Piece

OpenEncoder = Callable[[AudioSetting, float, SoundEffect | None], Encoder]
"""Makes the encoder of one stream: how to pack, the gain, and what the sound goes through."""


class SpeechService:
    """Speaks with one engine."""

    def __init__(self, *, engine: SpeechEngine, open_encoder: OpenEncoder, book: VoiceBook | None = None) -> None:
        """`book`: the voices that callers made for themselves, where there are any."""
        self._engine = engine
        self._open_encoder = open_encoder
        self.cast = Cast(engine.voices(), book)
        """who can be asked to speak"""

    @property
    def speaks(self) -> bool:
        """Whether there is an engine."""
        return not isinstance(self._engine, NoSpeech)

    def voices(self) -> Sequence[Voice]:
        """Every voice that anybody may ask for."""
        return self._engine.voices()

    async def own_voices(self, caller: Caller, /) -> Sequence[OwnVoice]:
        """The voices that the caller's group has made and used, the oldest first. Raises `StorageError`."""
        return await self.cast.own(caller)

    async def prepare(self, request: SpeechRequest, caller: Caller, /) -> SpeechRequest:
        """The request with its voices looked up.

        Raises `UnknownVoice`, `InvisibleText`, `EngineMissing`, `StorageError`.
        """
        if (share := count(request.text).invisible) > MOST_INVISIBLE:
            raise InvisibleText(share, most=MOST_INVISIBLE)
        request = replace(request, voices=await self.cast.find(request.voices, caller))
        if isinstance(self._engine, NoSpeech):
            raise self._engine.reason
        return request

    async def speak(self, request: SpeechRequest, caller: Caller, /) -> AsyncGenerator[SpeechEvent]:
        """The packed sound in pieces, and `SpeechEnd` last.

        Raises `UnknownVoice` and `InvalidField` before the first, `EngineError` at any time.
        """
        request = await self.prepare(request, caller)
        async with aclosing(self.pack(request, self._sound(request))) as events:
            async for event in events:
                yield event

    async def speak_part(self, request: SpeechRequest, caller: Caller, /) -> AsyncGenerator[SpeechEvent]:
        """As `speak`, of a text that may be a part of a longer one: where it holds nothing to speak, it is silent."""
        request = await self.prepare(request, caller)
        async with aclosing(self.pack(request, self._perhaps(request))) as events:
            async for event in events:
                yield event

    async def speak_on(self, request: SpeechRequest, speech: AsyncIterable[Piece], /) -> AsyncGenerator[SpeechAudio]:
        """The packed sound of a speech that comes piece by piece; what the request itself says is not looked at.

        The request is one that `prepare` gave. There may be no sound at all. Raises as `speak`.
        """
        async with aclosing(self.pack(request, self._speak_on(request, speech))) as events:
            async for event in events:
                if isinstance(event, SpeechAudio):
                    yield event

    async def _sound(self, request: SpeechRequest) -> AsyncGenerator[Pcm]:
        silent = True
        with part("engine"):
            async with aclosing(self._engine.speak(request)) as blocks:
                async for block in blocks:
                    silent = False
                    yield block
        if silent:  # letters, but none that the engine knows a sound for
            raise InvalidField("text", "holds nothing that this engine can speak")

    async def _perhaps(self, request: SpeechRequest) -> AsyncGenerator[Pcm]:
        try:
            with part("engine"):
                async with aclosing(self._engine.speak(request)) as blocks:
                    async for block in blocks:
                        yield block
        except InvalidField as nothing:
            if nothing.field != "text":
                raise

    async def _speak_on(self, request: SpeechRequest, speech: AsyncIterable[Piece]) -> AsyncGenerator[Pcm]:
        rest: float | None = None
        async for piece in speech:
            with part("engine"):
                async with aclosing(self._engine.speak(replace(request, script=(piece.text,), follows=rest))) as blocks:
                    async for block in blocks:
                        yield block
            rest = piece.rest

    def sound(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        """The bare sound of a request that `prepare` gave, perhaps none. Raises as `speak`."""
        return self._engine.speak(request)

    async def pack(self, request: SpeechRequest, blocks: AsyncGenerator[Pcm], /) -> AsyncGenerator[SpeechEvent]:
        """The sound packed as the request says, and `SpeechEnd` last; closes `blocks`."""
        # Resampling and packing 0.4 s of sound takes milliseconds: too long for the event loop.
        setting, effect = request.audio, request.modify.effect
        encoder = await to_thread.run_sync(self._open_encoder, setting, request.volume, effect)
        told, encoding = Told(request.script), PartByPart("encode")
        try:
            async with aclosing(blocks):
                async for block in blocks:
                    told.hear(block)
                    with encoding:
                        audio = await to_thread.run_sync(encoder.feed, block)
                    if audio:
                        yield told.pack(audio)
            with encoding:
                audio = await to_thread.run_sync(encoder.finish)
            if audio:
                yield told.pack(audio)
            yield await to_thread.run_sync(told.end, encoder.seconds)  # the subtitles of a book take seconds
        finally:
            encoding.end()
            with CancelScope(shield=True):  # it may hold a process
                await to_thread.run_sync(encoder.close)


class NoSpeech:
    """Stands where no speech engine is installed: chat works, and each call for speech hears what to install."""

    def __init__(self, reason: EngineMissing, voices: Sequence[Voice]) -> None:
        self.reason = reason
        self._voices = voices

    def voices(self) -> Sequence[Voice]:
        """The voices that there would be."""
        return self._voices

    async def speak(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        """Raises the reason."""
        del request
        raise self.reason
        yield  # pyright: ignore[reportUnreachable]  # makes this a generator, as the protocol asks

    async def close(self) -> None:
        """Nothing is held."""
