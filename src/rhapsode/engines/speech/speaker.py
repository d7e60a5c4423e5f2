"""A piece of text to sound, block by block: the reference speaker, taken apart, shaped, put together."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Protocol

import numpy as np

from rhapsode.engines.speech.frames import FRAMES_A_SECOND, Floats, Sound
from rhapsode.engines.speech.piece_job import RATE, PieceJob
from rhapsode.engines.speech.script import Shares
from rhapsode.engines.speech.sound import blocks
from rhapsode.engines.speech.timbre import Blend
from rhapsode.engines.speech.vocoder import Vocoder
from rhapsode.engines.speech.world import analyse, fft_size

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

    def speak(self, text: str, stop: Stop) -> Floats:
        """Within -1 to 1."""
        ...


class Speaker:
    """Speaks in any blend of voices."""

    def __init__(self, reference: ReferenceSpeaker) -> None:
        self._reference = reference
        self._size = fft_size(RATE)
        self._blend = lru_cache(_KEPT_BLENDS)(self._compile)

    def speak(self, job: PieceJob, stop: Stop) -> Iterator[bytes]:
        """Little-endian float32 in blocks of at most 0.4 s; the same for the same job."""
        sound = audible(self._reference.speak(job.text, stop))
        if not len(sound) or stop():
            return
        blend = self._blend(job.shares, job.semitones)
        vocoder = Vocoder(rate=RATE, size=self._size, frames_a_second=FRAMES_A_SECOND * job.tempo)
        for frames in analyse(sound, RATE, frames_a_block=max(1, int(_BLOCK * min(1.0, job.tempo)))):
            yield from _packed(vocoder.push(blend.shape(frames)))
        yield from _packed(vocoder.finish())

    def _compile(self, shares: Shares, semitones: int) -> Blend:
        return Blend(shares, semitones=semitones, bands=self._size // 2 + 1, rate=RATE)


def audible(sound: Floats) -> Floats:
    """The sound without the silence at its ends."""
    windows = sound[: len(sound) // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    heard = np.flatnonzero(np.sqrt(np.mean(windows**2, axis=1)) > _AUDIBLE)
    if not len(heard):
        return sound[:0]
    return sound[heard[0] * _WINDOW : (heard[-1] + 1) * _WINDOW]


def _packed(sound: Sound) -> Iterator[bytes]:
    return blocks(sound.astype("<f4", copy=False).tobytes(), RATE)
