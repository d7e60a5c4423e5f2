"""The shape of a voice's spectrum, as WORLD hears it."""

import numpy as np

from rhapsode.engines.speech.frames import Floats
from rhapsode.engines.speech.piece_job import RATE
from tests.engines.speech.conftest import taken_apart
from tests.listening import Samples

_FACTORS = [factor / 100 for factor in range(60, 171)]


def spectrum(sound: Samples) -> Floats:
    """dB, the mean WORLD envelope of what is voiced, in 60 bands to 6 kHz, with the level taken out."""
    frames = taken_apart(sound.astype(np.float64), RATE)
    envelope = frames.envelope[frames.pitch > 0].astype(np.float64).mean(axis=0) * 10 / np.log(10)
    bands = envelope[: 60 * 4 + 40].reshape(-1, 4).mean(axis=1)
    return bands - bands.mean()


def distance(one: Floats, other: Floats) -> float:
    """dB, root mean square."""
    return float(np.sqrt(np.mean((one - other) ** 2)))


def stretch(one: Floats, other: Floats) -> float:
    """By which factor the frequencies of `other` are to be multiplied to look most like `one`."""
    bands = np.arange(len(other))

    def stretched(factor: float) -> Floats:
        moved: Floats = np.interp(bands / factor, bands, other)
        return moved - moved.mean()

    return min(_FACTORS, key=lambda factor: distance(one, stretched(factor)))
