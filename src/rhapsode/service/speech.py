"""Speech as a caller hears it: the engine's sound, with gain, resampled and packed by one encoder."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from anyio import to_thread

from rhapsode.core.errors import EngineMissing, InvalidField, UnknownVoice
from rhapsode.core.speech import AudioSetting, Encoder, Pcm, SpeechEngine, SpeechRequest
from rhapsode.core.voice import Voice, VoiceShare
from rhapsode.text.pieces import Piece

OpenEncoder = Callable[[AudioSetting, float], Encoder]
"""Makes the encoder of one stream: how to pack, and the gain."""


class SpeechService:
    """Speaks with one engine."""

    def __init__(self, *, engine: SpeechEngine, open_encoder: OpenEncoder) -> None:
        self._engine = engine
        self._open_encoder = open_encoder
        ids = [voice.id for voice in engine.voices()]
        self._ids = {voice_id.rstrip(): voice_id for voice_id in ids} | {voice_id: voice_id for voice_id in ids}

    def voices(self) -> Sequence[Voice]:
        """Every voice that may be asked for."""
        return self._engine.voices()

    def prepare(self, request: SpeechRequest, /) -> SpeechRequest:
        """The request with its voices under their own ids. Raises `UnknownVoice`, and `EngineMissing`."""
        request = replace(request, voices=tuple(map(self._known, request.voices)))
        if isinstance(self._engine, NoSpeech):
            raise self._engine.reason
        return request

    async def speak(self, request: SpeechRequest, /) -> AsyncGenerator[bytes]:
        """The packed sound in pieces, none empty.

        Raises `UnknownVoice` and `InvalidField` before the first, `EngineError` at any time.
        """
        request = self.prepare(request)
        async with aclosing(self._pack(request, self._sound(request))) as pieces:
            async for piece in pieces:
                yield piece

    async def speak_on(self, request: SpeechRequest, speech: AsyncIterable[Piece], /) -> AsyncGenerator[bytes]:
        """As `speak`, but of a speech that comes piece by piece; the request's own script is not looked at.

        There may be no sound at all.
        """
        request = self.prepare(request)
        async with aclosing(self._pack(request, self._speak_on(request, speech))) as pieces:
            async for piece in pieces:
                yield piece

    async def _sound(self, request: SpeechRequest) -> AsyncGenerator[Pcm]:
        silent = True
        async with aclosing(self._engine.speak(request)) as blocks:
            async for block in blocks:
                silent = False
                yield block
        if silent:  # letters, but none that the engine knows a sound for
            raise InvalidField("text", "holds nothing that this engine can speak")

    async def _speak_on(self, request: SpeechRequest, speech: AsyncIterable[Piece]) -> AsyncGenerator[Pcm]:
        rest: float | None = None
        async for piece in speech:
            async with aclosing(self._engine.speak(replace(request, script=(piece.text,), follows=rest))) as blocks:
                async for block in blocks:
                    yield block
            rest = piece.rest

    async def _pack(self, request: SpeechRequest, blocks: AsyncGenerator[Pcm]) -> AsyncGenerator[bytes]:
        # Resampling and packing 0.4 s of sound takes milliseconds: too long for the event loop.
        encoder = self._open_encoder(request.audio, request.volume)
        async with aclosing(blocks):
            async for block in blocks:
                if piece := await to_thread.run_sync(encoder.feed, block):
                    yield piece
        if piece := await to_thread.run_sync(encoder.finish):
            yield piece

    def _known(self, share: VoiceShare) -> VoiceShare:
        """The share under the voice's own id: exact strings, but for a blank at the end, which vendors' lists have."""
        voice_id = self._ids.get(share.voice_id) or self._ids.get(share.voice_id.rstrip())
        if voice_id is None:
            raise UnknownVoice(share.field, share.voice_id)
        return replace(share, voice_id=voice_id)


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
