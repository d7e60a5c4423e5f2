"""Speech: what is to be said, in which blend of voices and in what manner, and the sound that comes back."""

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
    WAV = "wav"
    PCM = "pcm"
    """16-bit little-endian samples, nothing else"""
    FLAC = "flac"
    AAC = "aac"


@dataclass(frozen=True, kw_only=True)
class AudioSetting:
    """The packed sound: samples a second, bits a second (of MP3 and AAC), the format, and 1 or 2 channels.

    `streamed`: somebody hears the sound while it is made. A file of WAV or FLAC that is not comes all at the end, since
    its header says how long it is; the header of one that is says that nobody knows.
    """

    format: AudioFormat = AudioFormat.MP3
    sample_rate: int = 32000
    bitrate: int = 128000
    channels: int = 1
    streamed: bool = False


class Emotion(Enum):
    """How a text is felt by who speaks it."""

    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    FEARFUL = "fearful"
    DISGUSTED = "disgusted"
    SURPRISED = "surprised"
    CALM = "calm"
    FLUENT = "fluent"
    WHISPER = "whisper"


class SoundEffect(Enum):
    """A room or a device that the speech goes through."""

    SPACIOUS_ECHO = "spacious_echo"
    AUDITORIUM_ECHO = "auditorium_echo"
    LOFI_TELEPHONE = "lofi_telephone"
    ROBOTIC = "robotic"


@dataclass(frozen=True, kw_only=True)
class VoiceModify:
    """A voice bent by hand, each figure -100 to 100 and 0 for as it is.

    pitch: from deep to bright. intensity: from strong to soft. timbre: from full to crisp.
    """

    pitch: int = 0
    intensity: int = 0
    timbre: int = 0
    effect: SoundEffect | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How `text` is to be read wherever it stands: one pinyin syllable with its tone a character, or other words.

    Tones are 1 to 4, and 5 for the neutral one: `("dan1", "yu2")`. One of the two is empty.
    """

    text: str
    syllables: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class SpeechRequest:
    """Text to be spoken.

    `script` is text with pauses between: it begins and ends with text, and two pauses never meet. `voices` are the
    shares of a blend. `speed` is 0.5 to 2 (2 takes half the time), `volume` a gain in (0, 10], `pitch` -12 to 12
    semitones. `language` is what an ambiguous text is to be read as, in BCP 47; None for what the text and the voice
    suggest. `english_figures`: figures are read in English wherever the words around them are. `latex`: formulas
    between dollar signs are read out.

    `follows` is there where this goes on with a speech that is still being written: the sound begins with so much
    silence, in seconds at the voice's natural pace.
    """

    model: str
    script: tuple[str | Pause, ...]
    voices: tuple[VoiceShare, ...]
    speed: float = 1.0
    volume: float = 1.0
    pitch: int = 0
    emotion: Emotion | None = None
    modify: VoiceModify = VoiceModify()
    readings: tuple[Reading, ...] = ()
    language: str | None = None
    english_figures: bool = False
    latex: bool = False
    audio: AudioSetting = AudioSetting()
    follows: float | None = None

    @property
    def text(self) -> str:
        """The text alone, without the pauses."""
        return "".join(part for part in self.script if isinstance(part, str))


@dataclass(frozen=True, kw_only=True)
class Mark:
    """From sample `at` of a block on, the sound speaks the characters `begin` to `end` of the request's `text`."""

    at: int
    begin: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Pcm:
    """A block of mono sound: `samples` are little-endian float32, nominally within -1 to 1.

    `marks` say what is spoken, in order; what stands before the first one goes on with the block before.
    """

    rate: int
    samples: bytes
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SpeechAudio:
    """Packed sound, never empty; pieces joined are one stream. `spoken`: how many characters of the text are begun.

    `milliseconds`: how long the sound is that was made of the text so far.
    """

    audio: bytes
    spoken: int
    milliseconds: int = 0


@dataclass(frozen=True, kw_only=True)
class Subtitle:
    """What is spoken between two moments, in milliseconds from the beginning, in the caller's own text."""

    text: str
    begin: int
    end: int


@dataclass(frozen=True, kw_only=True)
class TextCount:
    """How much a text is.

    characters: what is billed, a Chinese character counting two. words: its words, each Chinese character being one.
    invisible: the share of its characters that nobody can see, 0 to 1.
    """

    characters: int
    words: int
    invisible: float


@dataclass(frozen=True, kw_only=True)
class SpeechEnd:
    """What the sound has come to: its length in milliseconds, its packed size in bytes, its subtitles; and the text.

    A subtitle has at most 50 characters; together they are the text, white space at their ends aside.
    """

    milliseconds: int
    size: int
    subtitles: tuple[Subtitle, ...]
    count: TextCount


SpeechEvent = SpeechAudio | SpeechEnd


class SpeechEngine(Protocol):
    """What can speak. Who opens the generator closes it (`aclosing`); closing it frees the engine at once."""

    def voices(self) -> Sequence[Voice]:
        """Every voice that `speak` accepts by its id alone; a share that brings its voice along needs no other."""
        ...

    def speak(self, request: SpeechRequest, /) -> AsyncGenerator[Pcm]:
        """The sound in order, in blocks of at most 0.4 s, all of one rate, each piece of text marked where it begins.

        Gain, sound effects and format are not applied here. Raises `UnknownVoice`, or `InvalidField` of `text` where
        there is nothing to speak, before the first block; `EngineError` at any time.
        """
        ...

    async def close(self) -> None:
        """End what runs and free what is held. Nothing may be spoken afterwards."""
        ...


class Encoder(Protocol):
    """Packs one stream of sound. One encoder a stream: an encoder a block would put silence between blocks.

    Who is given one closes it. Every method may block for milliseconds, none belongs on an event loop.
    """

    @property
    def seconds(self) -> float:
        """How long the packed sound is, the tail of an effect included, and no silence that a format adds."""
        ...

    def feed(self, block: Pcm, /) -> bytes:
        """What is ready so far; often empty."""
        ...

    def finish(self) -> bytes:
        """The rest; nothing at all where there was no sound. The encoder takes nothing afterwards."""
        ...

    def close(self) -> None:
        """Free what is held, finished or not. Calling it again does nothing."""
        ...
