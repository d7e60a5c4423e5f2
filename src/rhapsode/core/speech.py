"""Speech: what is to be said, in which blend of voices, and the sound that comes back."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from rhapsode.core.voice import Voice, VoiceShare


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Silence between two stretches of text, in milliseconds, 10 to 99990."""

    milliseconds: int


class AudioFormat(Enum):
    """How sound is packed."""

    MP3 = "mp3"


@dataclass(frozen=True, kw_only=True)
class AudioSetting:
    """The packed sound: samples a second, bits a second, and the format."""

    format: AudioFormat = AudioFormat.MP3
    sample_rate: int = 32000
    bitrate: int = 128000


@dataclass(frozen=True, kw_only=True)
class SpeechRequest:
    """Text to be spoken.

    `script` is text with pauses between: it begins and ends with text, and two pauses never meet. `voices` is one to
    four shares of a blend. `speed` is 0.5 to 2 (2 takes half the time), `volume` a gain in (0, 10], `pitch` -12 to 12
    semitones.

    `follows` is there where this goes on with a speech that is still being written: the sound begins with so much
    silence, in seconds at the voice's natural pace.
    """

    model: str
    script: tuple[str | Pause, ...]
    voices: tuple[VoiceShare, ...]
    speed: float = 1.0
    volume: float = 1.0
    pitch: int = 0
    audio: AudioSetting = AudioSetting()
    follows: float | None = None


@dataclass(frozen=True, kw_only=True)
class Pcm:
    """A block of mono sound: `samples` are little-endian float32, nominally within -1 to 1."""

    rate: int
    samples: bytes


class SpeechEngine(Protocol):
    """What can speak. Who opens the generator closes it (`aclosing`); closing it frees the engine at once."""

    def voices(self) -> Sequence[Voice]:
        """Every voice that `speak` accepts."""
        ...

    def speak(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        """The sound in order, in blocks of at most 0.4 s, all of one rate. Gain and format are not applied here.

        Raises `UnknownVoice`, or `InvalidField` of `text` where there is nothing to speak, before the first block;
        `EngineError` at any time.
        """
        ...

    async def close(self) -> None:
        """End what runs and free what is held. Nothing may be spoken afterwards."""
        ...


class Encoder(Protocol):
    """Packs one stream of sound. One encoder a stream: an encoder a block would put silence between blocks."""

    def feed(self, block: Pcm, /) -> bytes:
        """What is ready so far; often empty."""
        ...

    def finish(self) -> bytes:
        """The rest. The encoder takes nothing afterwards."""
        ...
