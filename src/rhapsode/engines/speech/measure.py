"""A recorded voice measured against the reference speaker: what the embedded engine can carry of it, and no more.

Every figure is a ratio to the same measure of the reference speaker, so that what both measures have wrong falls out:
the reference speaker, put through the same analysis and synthesis as every voice, is the timbre that changes nothing.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np

from rhapsode.core.voice import Timbre
from rhapsode.engines.speech.frames import FRAMES_A_SECOND, Floats, join
from rhapsode.engines.speech.piece_job import RATE, PieceJob
from rhapsode.engines.speech.speaker import Speaker
from rhapsode.engines.speech.timbre import REFERENCE_PITCH
from rhapsode.engines.speech.world import analyse

_BANDS: Final = 60
_HIGHEST: Final = 6000.0
"""Hz: formants are compared up to here"""
_TILT_FROM: Final = 500.0
"""Hz, as the axis is defined"""
_BREATH_FROM: Final = 4000.0
_TRACTS: Final = np.arange(0.70, 1.301, 0.005)
_SMOOTH: Final = 13
"""frames, 65 ms: syllables are slower than this"""
_VOWELS: Final = (300.0, 3000.0)
"""Hz"""
_DIP, _QUIET = 2.0, 25.0
"""dB: between two syllables, and below the loudest ones where a pause begins"""
_FEWEST: Final = 200
"""voiced frames, a second, that there must be"""
_LONGEST: Final = 40.0
"""seconds that are listened to: more changes the figures by less than they are good for"""


PASSAGES: Final = {
    "zh": (
        "今天天气很好，我们一起去公园散步吧。",
        "她买了三本书，妈妈问她去哪里了。",
        "老师说明天早上八点开会，请大家准时到。",
        "河边的柳树绿了，小鸟在枝头唱歌。",
        "这件事情我已经告诉他了，你不用担心。",
        "从这里坐车到火车站，大约需要半个小时。",
        "外面下着大雨，他还是骑自行车去上班。",
        "等到秋天来了，院子里的苹果就会变红。",
    ),
    "en": (
        "The weather is lovely today, so we are going for a walk in the park.",
        "She bought three books, and her mother asked where she had been.",
        "It takes about half an hour to reach the station from here by bus.",
        "When autumn comes, the apples in the garden will turn red.",
        "He told me not to worry, because everything had been arranged.",
    ),
}
"""What the reference speaker says, to be compared with whatever the other one says: tones take pitch further."""


class NoVoice(ValueError):
    """There is no voice in the recording, or too little of it."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What is measured of a stretch of speech.

    pitch: median of the fundamental, Hz. spread: the middle half of it, semitones. envelope: mean of the voiced, dB,
    in bands evenly up to 6 kHz. noise: mean share of the amplitude that is noise, in bands up to half the sample rate.
    syllables: a second of speech.
    """

    pitch: float
    spread: float
    envelope: Floats
    noise: Floats
    syllables: float


def measure(sound: Floats) -> Measured:
    """Of mono sound at `RATE`, within -1 to 1. Raises `NoVoice`."""
    sound = sound[: int(_LONGEST * RATE)]
    frames = reduce(join, analyse(sound, RATE, frames_a_block=400))
    power = np.exp(frames.envelope.astype(np.float64)).mean(axis=1)
    voiced = (frames.pitch > 0) & (power > np.quantile(power, 0.9) * 1e-3)
    if int(voiced.sum()) < _FEWEST:
        raise NoVoice("there is less than a second of voice in it")
    semitones = 12 * np.log2(frames.pitch[voiced])
    low, middle, high = np.quantile(semitones, (0.25, 0.5, 0.75))
    hertz = np.linspace(0, RATE / 2, frames.envelope.shape[1])
    decibels = frames.envelope[voiced].astype(np.float64).mean(axis=0) * 10 / np.log(10)
    return Measured(
        pitch=float(2 ** (middle / 12)),
        spread=float(high - low),
        envelope=_interpolated(_places(), hertz, decibels),
        noise=_interpolated(_noise_places(), hertz, frames.noise[voiced].astype(np.float64).mean(axis=0)),
        syllables=_syllables(frames.envelope.astype(np.float64), hertz),
    )


def measure_reference(speaker: Speaker, language: str) -> Measured:
    """Of the reference speaker, over the passage in `zh` or `en`."""
    plain = ((Timbre(pitch=REFERENCE_PITCH), 1.0),)
    jobs = (PieceJob(text=text, language=language, shares=plain, tempo=1.0) for text in PASSAGES[language])
    samples = b"".join(block.samples for job in jobs for block in speaker.speak(job, lambda: False))
    return measure(np.frombuffer(samples, "<f4").astype(np.float64))


def compare(voice: Measured, reference: Measured) -> Timbre:
    """The timbre that takes the reference speaker to this voice, within what a timbre can be."""
    tract, tilt = _tract_and_tilt(voice.envelope, reference.envelope)
    # A shorter tract moves the noise up too, but D4C hears it move half as far: of known voices, this is nearest.
    places = _noise_places()
    moved = places * tract**0.5
    heard = (places > _BREATH_FROM) & (moved < places[-1])
    plain = _interpolated(moved[heard], places, reference.noise)
    noise = float(np.mean(voice.noise[heard] - plain) / max(1e-3, float(np.mean(1 - plain))))
    return Timbre(
        pitch=_within(REFERENCE_PITCH * voice.pitch / reference.pitch, 60, 400),
        pitch_range=_within(voice.spread / max(reference.spread, 0.1), 0.1, 2),
        tract=_within(tract, 0.7, 1.3),
        tilt=_within(tilt, -6, 6),
        breath=_within(noise, 0, 1),
        pace=_within(voice.syllables / reference.syllables, 0.7, 1.4),
    )


def _within(figure: float, low: float, high: float) -> float:
    return round(float(min(max(figure, low), high)), 3)


def _interpolated(places: Floats, known: Floats, figures: Floats) -> Floats:
    found: Floats = np.interp(places, known, figures)
    return found


def _places() -> Floats:
    return np.linspace(100.0, _HIGHEST, _BANDS)


def _noise_places() -> Floats:
    return np.linspace(0.0, RATE / 2, _BANDS)


def _tract_and_tilt(voice: Floats, reference: Floats) -> tuple[float, float]:
    """The tract, and the slope in dB an octave, that bring the reference's envelope nearest to the voice's.

    For each tract the best level and slope follow by least squares.
    """
    hertz = _places()
    octaves = np.maximum(0.0, np.log2(hertz / _TILT_FROM))
    design = np.stack((np.ones_like(octaves), octaves), axis=1)
    best = (np.inf, 1.0, 0.0)
    for tract in _TRACTS:
        # A tract of t moves what stood at f to f / t: only what both have is compared.
        seen = hertz * tract <= _HIGHEST
        difference = voice[seen] - _interpolated(hertz[seen] * tract, hertz, reference)
        solution = np.linalg.lstsq(design[seen], difference, rcond=None)[0]
        error = float(np.mean((difference - design[seen] @ solution) ** 2))
        best = min(best, (error, float(tract), float(solution[1])))
    return best[1], best[2]


def _syllables(envelope: Floats, hertz: Floats) -> float:
    """Rises and falls of loudness a second of what is no pause, after N. H. de Jong and T. Wempe (2009).

    A syllable counts where loudness, in the band of the vowels, falls by 2 dB and has risen as much before.
    """
    band = envelope[:, (hertz > _VOWELS[0]) & (hertz < _VOWELS[1])].mean(axis=1) * 10 / np.log(10)
    loudness = np.convolve(band, np.hanning(_SMOOTH) / np.hanning(_SMOOTH).sum(), mode="same")
    loud = loudness > np.quantile(loudness, 0.95) - _QUIET
    count, rising, extreme = 0, True, -np.inf
    for level in loudness[loud]:
        if rising:
            extreme = max(extreme, level)
            if level < extreme - _DIP:
                count, rising, extreme = count + 1, False, level
        else:
            extreme = min(extreme, level)
            if level > extreme + _DIP:
                rising, extreme = True, level
    return max(1, count) / (max(1, int(loud.sum())) / FRAMES_A_SECOND)
