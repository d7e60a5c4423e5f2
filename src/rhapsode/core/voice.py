"""A voice: an id, what a reader sees, and a point in timbre space."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class Gender(Enum):
    """What a voice sounds like."""

    MALE = "male"
    FEMALE = "female"
    NEUTRAL = "neutral"


class Age(Enum):
    """How old a voice sounds."""

    CHILD = "child"
    TEEN = "teen"
    YOUNG = "young"
    ADULT = "adult"
    MATURE = "mature"
    OLD = "old"


@dataclass(frozen=True, kw_only=True)
class Timbre:
    """Where a voice stands. Every axis is one that a source-filter vocoder can move by itself.

    pitch: median fundamental frequency, Hz, 60 to 400.
    pitch_range: how far the melody strays from the median, as a factor on log pitch, 0.1 (monotone) to 2; 1 leaves it.
    tract: vocal tract length against the reference speaker's, 0.7 to 1.3; below 1 formants rise, as in smaller people.
    tilt: spectral tilt, dB an octave above 500 Hz, -6 to 6; below 0 is darker.
    breath: share of noise in what is voiced, 0 to 1; 0 leaves it.
    pace: tempo against the reference speaker's, 0.7 to 1.4; above 1 is quicker.
    """

    pitch: float
    pitch_range: float = 1.0
    tract: float = 1.0
    tilt: float = 0.0
    breath: float = 0.0
    pace: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Voice:
    """A voice that can be asked for by `id`, compared as an exact string."""

    id: str
    name_zh: str
    name_en: str
    language: str
    """BCP 47, for example `zh`."""
    gender: Gender
    age: Age
    style: str
    timbre: Timbre


@dataclass(frozen=True, kw_only=True)
class VoiceShare:
    """One voice of a blend. `weight` is above 0 and relative to the other weights: 1, 1 equals 50, 50.

    `field` is where the caller named the voice, for the error when there is none of that id. `voice` is there once the
    id was looked up.
    """

    voice_id: str
    weight: float = 1
    field: str = field(default="voice_id", compare=False, repr=False)
    voice: Voice | None = None


@dataclass(frozen=True, kw_only=True)
class SavedBlend:
    """A mix of one to four voices under an id of its own, to be asked for as if it were a voice."""

    id: str
    shares: tuple[VoiceShare, ...]


class OwnKind(Enum):
    """How a caller came by a voice."""

    CLONED = "voice_cloning"
    DESIGNED = "voice_generation"
    BLENDED = "voice_blend"


@dataclass(frozen=True, kw_only=True)
class OwnVoice:
    """A voice that a caller made, as a list shows it. `created` is in seconds since 1970, UTC."""

    id: str
    kind: OwnKind
    description: str
    created: int


class VoiceBook(Protocol):
    """The voices and blends that callers made for themselves."""

    async def find(self, group_id: str, voice_id: str, /) -> Voice | SavedBlend | None:
        """What the group calls by this id, which counts as a use of it. Raises `StorageError`."""
        ...

    async def list(self, group_id: str, /) -> Sequence[OwnVoice]:
        """What the group has made and used, the oldest first. Raises `StorageError`."""
        ...
