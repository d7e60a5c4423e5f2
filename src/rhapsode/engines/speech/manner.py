"""In which manner a text is spoken: what emotion, the caller's semitones and the bends of a voice do to any voice.

A manner is laid over a blend: each axis adds to the timbre's own, so it does to every voice what it does to one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rhapsode.core.speech import Emotion, SpeechRequest, VoiceModify


@dataclass(frozen=True, kw_only=True)
class Manner:
    """Nothing but what the voice is by itself, unless an axis says otherwise.

    pace: factor on the tempo. semitones: on the pitch alone. pitch_range: factor on the melody, around its middle.
    tract: factor on the vocal tract's length; below 1 formants rise. tilt: dB an octave above 500 Hz. breath: share of
    noise, 0 to 1, in what is left of the voice. level: dB. whispered: no voice at all, noise in its place.
    """

    pace: float = 1.0
    semitones: float = 0.0
    pitch_range: float = 1.0
    tract: float = 1.0
    tilt: float = 0.0
    breath: float = 0.0
    level: float = 0.0
    whispered: bool = False

    def over(self, other: "Manner") -> "Manner":
        """Both at once; in which order makes no difference."""
        return Manner(
            pace=self.pace * other.pace,
            semitones=self.semitones + other.semitones,
            pitch_range=self.pitch_range * other.pitch_range,
            tract=self.tract * other.tract,
            tilt=self.tilt + other.tilt,
            breath=1 - (1 - self.breath) * (1 - other.breath),
            level=self.level + other.level,
            whispered=self.whispered or other.whispered,
        )


EMOTIONS: Final[Mapping[Emotion, Manner]] = {
    Emotion.HAPPY: Manner(pace=1.08, semitones=1.5, pitch_range=1.4, tilt=0.8, level=2),
    Emotion.SAD: Manner(pace=0.84, semitones=-1.5, pitch_range=0.6, tilt=-1.5, breath=0.12, level=-4),
    Emotion.ANGRY: Manner(pace=1.1, semitones=1, pitch_range=1.3, tilt=2, level=4),
    Emotion.FEARFUL: Manner(pace=1.16, semitones=3.5, pitch_range=0.8, breath=0.25, level=-1),
    Emotion.DISGUSTED: Manner(pace=0.88, semitones=-1, pitch_range=1.15, tract=1.04, tilt=1),
    Emotion.SURPRISED: Manner(pace=1.02, semitones=2.5, pitch_range=1.75, tilt=0.6, level=1.5),
    Emotion.CALM: Manner(pace=0.92, semitones=-0.5, pitch_range=0.8, tilt=-0.7, level=-2),
    Emotion.FLUENT: Manner(pace=1.06, pitch_range=1.15, tilt=0.4, level=0.5),
    Emotion.WHISPER: Manner(pace=0.92, tract=0.96, tilt=1.5, level=-10, whispered=True),
}
"""The directions are those that listeners agree on (I. Murray and J. Arnott, 1993; P. Juslin and P. Laukka, 2003, table
7): quick and high for joy, anger and fear, slow and low for sadness; loud and bright for joy and anger. A whisper's
formants lie higher than a voice's (S. Jovicic, 1998). The figures are ours, chosen so that each emotion can be told
from every other by what is measured of it."""

_PITCH_SEMITONES, _PITCH_TRACT = 5.0, 0.08
"""at 100: so many semitones higher, and a tract shorter by this share"""
_SOFT_LEVEL, _SOFT_TILT, _SOFT_BREATH = -6.0, -2.0, 0.4
"""at 100, dB and dB an octave; at -100 the other way, but that a strong voice has no less breath than its own"""
_CRISP_TILT = 4.0
"""at 100, dB an octave"""


def bend(modify: VoiceModify) -> Manner:
    """A voice bent by hand, in proportion to each figure.

    pitch: deep (a lower pitch and a longer tract) to bright. intensity: strong (louder, brighter) to soft (fainter,
    darker, breathier). timbre: full (darker) to crisp (brighter).
    """
    pitch, soft, crisp = modify.pitch / 100, modify.intensity / 100, modify.timbre / 100
    return Manner(
        semitones=pitch * _PITCH_SEMITONES,
        tract=(1 - _PITCH_TRACT) ** pitch,
        tilt=soft * _SOFT_TILT + crisp * _CRISP_TILT,
        breath=max(0.0, soft) * _SOFT_BREATH,
        level=soft * _SOFT_LEVEL,
    )


def read_manner(request: SpeechRequest) -> Manner:
    """All of it. The request's speed is no part of it."""
    felt = EMOTIONS[request.emotion] if request.emotion else Manner()
    return felt.over(bend(request.modify)).over(Manner(semitones=request.pitch))
