"""A piece of text to sound, block by block: the reference speaker, taken apart, shaped, put together."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Protocol

import numpy as np

from rhapsode.engines.speech.frames import FRAMES_A_SECOND, Floats, Sound
from rhapsode.engines.speech.manner import Manner
from rhapsode.engines.speech.piece_job import RATE, PieceBlock, PieceJob
from rhapsode.engines.speech.respell import respell
from rhapsode.engines.speech.script import Shares
from rhapsode.engines.speech.sound import SAMPLE_BYTES, blocks
from rhapsode.engines.speech.timbre import Blend
from rhapsode.engines.speech.vocoder import Vocoder
from rhapsode.engines.speech.words import Following, Utterance, Word, place_words
from rhapsode.engines.speech.world import analyse, fft_size
from rhapsode.text.japanese import as_kana
from rhapsode.text.normalise import normalise
from rhapsode.text.spoken import Spoken

Stop = Callable[[], bool]

_AUDIBLE = 0.003
"""amplitude: -50 dB, below espeak-ng's weakest consonants"""
_WINDOW = int(0.005 * RATE)
_BLOCK = 72
"""frames taken apart at a time: 0.36 s of sound, and less where slow speech makes more of it"""
_KEPT_BLENDS = 8
"""of 2 MB each"""


class ReferenceSpeaker(Protocol):
    """Speaks text at `RATE`, always the same way; stops early when told to."""

    def speak(self, text: str, language: str, stop: Stop) -> Utterance:
        """`language` in BCP 47."""
        ...


class Speaker:
    """Speaks in any blend of voices."""

    def __init__(self, reference: ReferenceSpeaker) -> None:
        self._reference = reference
        self._size = fft_size(RATE)
        self._blend = lru_cache(_KEPT_BLENDS)(self._compile)

    def speak(self, job: PieceJob, stop: Stop) -> Iterator[PieceBlock]:
        """Blocks of at most 0.4 s; the same for the same job."""
        spoken = as_read(job)
        uttered = self._reference.speak(spoken.text, job.language, stop)
        first, last = audible(uttered.sound)
        if first == last or stop():
            return
        following = Following(
            Word(min(int((at - first) / job.tempo), int((last - first) / job.tempo) - 1), begin, end)
            for at, begin, end in place_words(uttered.words, spoken, text=job.text)
        )
        blend = self._blend(job.shares, job.manner)
        vocoder = Vocoder(rate=RATE, size=self._size, frames_a_second=FRAMES_A_SECOND * job.tempo)
        sound = uttered.sound[first:last]
        for frames in analyse(sound, RATE, frames_a_block=max(1, int(_BLOCK * min(1.0, job.tempo)))):
            yield from _packed(vocoder.push(blend.shape(frames)), following)
        yield from _packed(vocoder.finish(), following)

    def _compile(self, shares: Shares, manner: Manner) -> Blend:
        return Blend(shares, manner, bands=self._size // 2 + 1, rate=RATE)


def as_read(job: PieceJob) -> Spoken:
    """What espeak-ng is given for the piece."""
    read = normalise(
        job.text,
        language=job.language,
        readings=job.readings,
        english_figures=job.english_figures,
        latex=job.latex,
    )
    read = read.then(respell(read.text, job.language))
    return read.then(as_kana(read.text)) if job.language == "ja" else read


def audible(sound: Floats) -> tuple[int, int]:
    """From which sample to which there is sound: what lies outside is silence."""
    windows = np.pad(sound, (0, -len(sound) % _WINDOW)).reshape(-1, _WINDOW)
    heard = np.flatnonzero(np.sqrt(np.mean(windows**2, axis=1)) > _AUDIBLE)
    if not len(heard):
        return 0, 0
    return int(heard[0]) * _WINDOW, min(int(heard[-1] + 1) * _WINDOW, len(sound))


def _packed(sound: Sound, following: Following) -> Iterator[PieceBlock]:
    for samples in blocks(sound.astype("<f4", copy=False).tobytes(), RATE):
        yield PieceBlock(samples, tuple(following.take(len(samples) // SAMPLE_BYTES)))
