"""How far voices are from each other, in what can be measured of their sound whatever they say."""

import itertools
import math
from collections.abc import Mapping, Sequence

from rhapsode.core.voice import Timbre, Voice


def apart(one: Timbre, other: Timbre) -> float:
    """1 is a semitone of pitch, or 3 % of vocal tract, or 0.8 dB an octave of tilt: each is more than just noticed."""
    return math.hypot(
        12 * math.log2(one.pitch / other.pitch),
        math.log(one.tract / other.tract) / 0.03,
        (one.tilt - other.tilt) / 0.8,
    )


def nearest_pairs(voices: Sequence[Voice], *, of_each: int) -> Mapping[str, list[tuple[str, str]]]:
    """For every language with two voices or more, the pairs that are nearest to each other, the nearest first."""
    languages: dict[str, list[Voice]] = {}
    for voice in voices:
        languages.setdefault(voice.language, []).append(voice)
    return {
        language: [
            (one.id, other.id)
            for one, other in sorted(
                itertools.combinations(speakers, 2), key=lambda pair: apart(pair[0].timbre, pair[1].timbre)
            )[:of_each]
        ]
        for language, speakers in languages.items()
        if len(speakers) > 1
    }
