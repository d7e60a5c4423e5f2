"""Speech as a caller hears it: the engine's sound, with gain, resampled and packed by one encoder."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from anyio import to_thread

from rhapsode.core.errors import EngineMissing, UnknownVoice
from rhapsode.core.speech import AudioSetting, Encoder, Pcm, SpeechEngine, SpeechRequest
from rhapsode.core.voice import Voice

OpenEncoder = Callable[[AudioSetting, float], Encoder]
"""Makes the encoder of one stream: how to pack, and the gain."""


class SpeechService:
    """Speaks with one engine."""

    def __init__(self, *, engine: SpeechEngine, open_encoder: OpenEncoder) -> None:
        self._engine = engine
        self._open_encoder = open_encoder
        self._known = frozenset(voice.id for voice in engine.voices())

    def voices(self) -> Sequence[Voice]:
        """Every voice that may be asked for."""
        return self._engine.voices()

    async def speak(self, request: SpeechRequest, /) -> AsyncGenerator[bytes]:
        """The packed sound in pieces, none empty. Raises `UnknownVoice` before the first, `EngineError` at any time."""
        for share in request.voices:
            if share.voice_id not in self._known:
                raise UnknownVoice("voice_id", share.voice_id)
        encoder = self._open_encoder(request.audio, request.volume)
        async with aclosing(self._engine.speak(request)) as blocks:
            async for block in blocks:
                # Resampling and packing 0.4 s of sound takes milliseconds: too long for the event loop.
                if piece := await to_thread.run_sync(encoder.feed, block):
                    yield piece
        if piece := await to_thread.run_sync(encoder.finish):
            yield piece


class NoSpeech:
    """Stands where no speech engine is installed: chat works, and each call for speech hears what to install."""

    def __init__(self, reason: EngineMissing, voices: Sequence[Voice]) -> None:
        self._reason = reason
        self._voices = voices

    def voices(self) -> Sequence[Voice]:
        """The voices that there would be."""
        return self._voices

    async def speak(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        """Raises the reason."""
        del request
        raise self._reason
        yield  # pyright: ignore[reportUnreachable]  # makes this a generator, as the protocol asks

    async def close(self) -> None:
        """Nothing is held."""
