"""A request as the steps that an engine takes: say this, rest so long; and the voices that it names."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rhapsode.core.errors import InvalidField, UnknownVoice
from rhapsode.core.speech import Pause, SpeechRequest
from rhapsode.core.voice import Timbre, Voice, VoiceShare
from rhapsode.engines.speech.manner import Manner
from rhapsode.text.language import spoken_language
from rhapsode.text.located import locate_pieces

Shares = tuple[tuple[Timbre, float], ...]
"""A blend: timbres, each once, and their weights, which make 1; always in the same order."""


@dataclass(frozen=True, kw_only=True)
class Say:
    """A piece of the request's `text`, as it is written there from `begin` to `end`; and its language, in BCP 47."""

    text: str
    language: str
    begin: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Rest:
    """Silence, in seconds of the final sound."""

    seconds: float


def read_shares(request: SpeechRequest, voices: Mapping[str, Voice]) -> Shares:
    """The blend: two requests for the same mix have the same shares, to the last bit. Raises `UnknownVoice`."""
    weights: dict[Timbre, list[float]] = {}
    for share in request.voices:
        weights.setdefault(_voice(share, voices).timbre, []).append(share.weight)
    total = math.fsum(share.weight for share in request.voices)
    return tuple((timbre, math.fsum(weights[timbre]) / total) for timbre in sorted(weights, key=repr))


def read_language(request: SpeechRequest, voices: Mapping[str, Voice]) -> str:
    """The language that most of the blend speaks. Raises `UnknownVoice`."""
    weights: dict[str, list[float]] = {}
    for share in request.voices:
        weights.setdefault(_voice(share, voices).language, []).append(share.weight)
    return min(weights, key=lambda language: (-math.fsum(weights[language]), language))


def _voice(share: VoiceShare, voices: Mapping[str, Voice]) -> Voice:
    voice = share.voice or voices.get(share.voice_id)
    if voice is None:
        raise UnknownVoice(share.field, share.voice_id)
    return voice


def read_tempo(request: SpeechRequest, shares: Shares, manner: Manner) -> float:
    """How many times quicker than the reference speaker.

    The speed, times the manner's pace, times the weighted geometric mean of the voices' paces.
    """
    pace = math.exp(math.fsum(weight * math.log(timbre.pace) for timbre, weight in shares))
    return request.speed * manner.pace * pace


def read_steps(request: SpeechRequest, tempo: float, voice: str) -> Iterator[Say | Rest]:
    """What to do, each step found out when it is asked for: the steps of a book take most of a second.

    They end with speech, and begin with it or with the rest that is due after what was spoken before. `voice` is the
    voice's language. Rests between pieces follow the tempo; a pause that the caller asked for is exact, and stands in
    for the rest there. Raises `InvalidField` at the end where there is nothing to say.
    """
    rest = (request.follows or 0.0) / tempo
    before = 0
    silent = True
    for part in request.script:
        if isinstance(part, Pause):
            yield Rest(seconds=part.milliseconds / 1000)
            rest = 0.0
            continue
        for piece, begin, end in locate_pieces(part, continued=request.follows is not None):
            if rest:
                yield Rest(seconds=rest)
            language = spoken_language(part[begin:end], language=request.language, voice=voice)
            yield Say(text=part[begin:end], language=language, begin=before + begin, end=before + end)
            silent = False
            rest = piece.rest / tempo
        before += len(part)
    if silent:
        raise InvalidField("text", "holds nothing that can be spoken: no letter and no digit")
