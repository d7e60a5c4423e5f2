"""A request as the steps that an engine takes: say this, rest so long; and the voices that it names."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rhapsode.core.errors import InvalidField, UnknownVoice
from rhapsode.core.speech import Pause, SpeechRequest
from rhapsode.core.voice import Timbre, Voice, VoiceShare
from rhapsode.text.pieces import Piece
from rhapsode.text.sentences import cut
from rhapsode.text.speakable import clean

Shares = tuple[tuple[Timbre, float], ...]
"""A blend: timbres and their weights."""


@dataclass(frozen=True, kw_only=True)
class Say:
    """A piece of text, free of what no engine may see; and where it stands in the request's `text`."""

    text: str
    begin: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Rest:
    """Silence, in seconds of the final sound."""

    seconds: float


def read_shares(request: SpeechRequest, voices: Mapping[str, Voice]) -> Shares:
    """The blend. Raises `UnknownVoice`."""
    return tuple((_voice(share, voices).timbre, share.weight) for share in request.voices)


def _voice(share: VoiceShare, voices: Mapping[str, Voice]) -> Voice:
    voice = share.voice or voices.get(share.voice_id)
    if voice is None:
        raise UnknownVoice(share.field, share.voice_id)
    return voice


def read_tempo(request: SpeechRequest, shares: Shares) -> float:
    """How many times quicker than the reference speaker: the speed, times the weighted geometric mean of the paces."""
    total = sum(weight for _, weight in shares)
    return request.speed * math.exp(
        sum(weight * math.log(timbre.pace) for timbre, weight in sorted_shares(shares)) / total
    )


def sorted_shares(shares: Shares) -> Shares:
    """The shares in one order, so that theirs cannot change a rounding."""
    return tuple(sorted(shares, key=repr))


def read_steps(request: SpeechRequest, tempo: float) -> list[Say | Rest]:
    """What to do: it ends with speech, and begins with it or with the rest that is due after what was spoken before.

    Rests between pieces follow the tempo; a pause that the caller asked for is exact, and stands in for the rest
    there. Raises `InvalidField` where there is nothing to say.
    """
    steps: list[Say | Rest] = []
    rest = (request.follows or 0.0) / tempo
    before = 0
    for part in request.script:
        if isinstance(part, Pause):
            steps.append(Rest(seconds=part.milliseconds / 1000))
            rest = 0.0
            continue
        for piece, (begin, end) in _located(part, cut(part, continued=request.follows is not None)):
            if rest:
                steps.append(Rest(seconds=rest))
            steps.append(Say(text=clean(piece.text), begin=before + begin, end=before + end))
            rest = piece.rest / tempo
        before += len(part)
    if not any(isinstance(step, Say) for step in steps):
        raise InvalidField("text", "holds nothing that can be spoken: no letter and no digit")
    return steps


def _located(text: str, pieces: Iterable[Piece]) -> Iterator[tuple[Piece, tuple[int, int]]]:
    """Each piece, and where it stands: joined, the pieces are the text, white space aside."""
    place = 0
    for piece in pieces:
        while text[place].isspace():
            place += 1
        begin = place
        for character in piece.text:
            if not character.isspace():
                place = text.index(character, place) + 1
        yield piece, (begin, place)
