"""Frames put together to sound again, as they come: the streaming half of WORLD, vectorised.

What is voiced is a train of pulses, each through the minimum-phase filter of its moment, placed between samples by a
linear phase; the rest is noise through the same kind of filter, in half-overlapping windows. All state (phase, noise,
the tails of both) is carried along, so cutting the frames into other blocks gives the same sound; `pyworld.synthesize`
block by block starts its pulses anew and clicks at every seam.
"""

import numpy as np
from numpy.typing import NDArray

from rhapsode.engines.speech.frames import Floats, Frames, Sound, between, join, no_frames

_HOP_SECONDS = 0.005
"""between two windows of noise"""
_LOW_CUT = 55.0
"""Hz: below, nothing is voice, and an offset would build up under a train of pulses that all point one way."""
_NOISE_LOW_CUT = 300.0
"""Hz: neither breath nor a consonant hisses below; where a vowel ends, its last frames would rumble."""
_SEED = 20_231_115
"""Any number: the same words shall sound the same every time."""
_QUIETEST = 1e-5
"""amplitude: -100 dB"""
_SILENT = -18.0
"""log power: -78 dB"""


class Vocoder:
    """One stretch of speech, made to sound at `frames_a_second`: the more frames a second, the quicker the speech."""

    def __init__(self, *, rate: int, size: int, frames_a_second: float) -> None:
        """`rate` is samples a second, `size` the samples of a filter's response: twice the frames' frequencies."""
        self._rate, self._size = rate, size
        self._step = frames_a_second / rate
        self._hop = round(rate * _HOP_SECONDS)
        self._window = (0.5 - 0.5 * np.cos(np.pi * np.arange(2 * self._hop) / self._hop)).astype(np.float32)
        self._radians = (2 * np.pi * np.arange(size // 2 + 1) / size).astype(np.float32)
        frequencies = np.arange(size // 2 + 1) * rate / size
        self._low_cut = _cut_below(_LOW_CUT, frequencies)
        self._noise_low_cut = _cut_below(_NOISE_LOW_CUT, frequencies)
        self._random = np.random.Generator(np.random.PCG64(_SEED))
        self._grain = self._random.standard_normal(self._hop, np.float32)
        self._frames = no_frames(size // 2 + 1)
        self._first_frame = 0
        self._done = 0
        self._phase = np.nextafter(1.0, 0.0)  # the first pulse falls where the voice begins
        self._tail = np.zeros(size + 2 * self._hop, np.float32)

    def push(self, frames: Frames) -> Sound:
        """The sound that no later frame changes."""
        self._frames = join(self._frames, frames)
        last = self._first_frame + len(self._frames) - 1
        # A hop is safe when the frame at its window's middle, one hop on, has a right neighbour.
        hops = int(last / self._step) // self._hop - 1
        return self._render(hops * self._hop) if hops * self._hop > self._done else np.zeros(0, np.float32)

    def finish(self) -> Sound:
        """The rest. Nothing may be pushed afterwards."""
        total = round((self._first_frame + len(self._frames)) / self._step)
        if not total:
            return np.zeros(0, np.float32)
        hops = -(-total // self._hop)
        rest = total - self._done
        sound = self._render(hops * self._hop)[:rest]
        # What still rings is cut off here: softly.
        fade = min(len(sound), 2 * self._hop)
        sound[len(sound) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
        return sound

    def _render(self, end: int) -> Sound:
        """Samples from what is done to `end`, a multiple of the hop."""
        start = self._done
        sound = np.zeros(end - start + len(self._tail), np.float32)
        sound[: len(self._tail)] = self._tail
        self._add_voice(sound, start, end)
        self._add_noise(sound, start, end)
        self._tail = sound[end - start :].copy()
        self._hush(sound, start, end)
        self._done = end
        self._forget(int(end * self._step) - 1)
        return sound[: end - start]

    def _add_voice(self, sound: Sound, start: int, end: int) -> None:
        pitch = self._pitch_at(np.arange(start, end))
        phase = np.cumsum(np.concatenate(([self._phase], pitch / self._rate)))
        self._phase = float(phase[-1])
        beats = np.flatnonzero(np.floor(phase[1:]) > np.floor(phase[:-1]))
        if not len(beats):
            return
        period = self._rate / pitch[beats]
        ago = (phase[1:][beats] % 1.0) * period
        envelope, noise = self._at(start + beats - ago)
        voiced = 0.5 * np.log(np.maximum(1 - noise * noise, _QUIETEST**2))
        response = self._filter(envelope / 2 + voiced + (0.5 * np.log(period))[:, None] + self._low_cut)
        # The pulse fell `ago` samples before its beat. All are one sample late, so that none begins before its block.
        response *= np.exp(-1j * (1 - ago).astype(np.float32)[:, None] * self._radians)
        for beat, pulse in zip(beats.tolist(), np.fft.irfft(response, self._size), strict=True):
            sound[beat : beat + self._size] += pulse

    def _add_noise(self, sound: Sound, start: int, end: int) -> None:
        hop = self._hop
        fresh = self._random.standard_normal(end - start, np.float32)
        grain = np.concatenate((self._grain, fresh))
        self._grain = grain[-hop:]
        windows = np.lib.stride_tricks.sliding_window_view(grain, 2 * hop)[::hop] * self._window
        envelope, noise = self._at(np.arange(start, end, hop) + hop)
        response = self._filter(envelope / 2 + np.log(np.maximum(noise, _QUIETEST)) + self._noise_low_cut)
        bursts = np.fft.irfft(np.fft.rfft(windows, self._size) * response, self._size)
        for number, burst in enumerate(bursts):
            sound[number * hop : number * hop + self._size] += burst

    def _hush(self, sound: Sound, start: int, end: int) -> None:
        """Fade what still rings where a frame is silent, as in a mouth that has closed."""
        heard = np.max(self._frames.envelope, axis=1) > _SILENT
        if not heard.all():
            left, right, share = self._neighbours(np.arange(start, end))
            sound[: end - start] *= heard[left] + (heard[right].astype(np.float32) - heard[left]) * share

    def _filter(self, log_amplitude: Floats | Sound) -> NDArray[np.complex64]:
        """The minimum-phase spectrum of each row, by folding its cepstrum."""
        cepstrum = np.fft.irfft(log_amplitude.astype(np.float32), self._size)
        half = self._size // 2
        cepstrum[:, 1:half] *= 2
        cepstrum[:, half + 1 :] = 0
        return np.exp(np.fft.rfft(cepstrum, self._size))

    def _pitch_at(self, samples: NDArray[np.int64]) -> Floats:
        """Hz at each sample, 0 where there is no voice; between a voiced and an unvoiced frame the nearer decides."""
        left, right, share = self._neighbours(samples)
        before, after = self._frames.pitch[left], self._frames.pitch[right]
        both = (before > 0) & (after > 0)
        return np.where(both, before + (after - before) * share, np.where(np.rint(share) == 0, before, after))

    def _at(self, samples: NDArray[np.int64] | Floats) -> tuple[Sound, Sound]:
        """Envelope and noise at each sample, one row each."""
        left, right, exact = self._neighbours(samples)
        share = exact.astype(np.float32)[:, None]
        envelope, noise = self._frames.envelope, self._frames.noise
        return between(envelope[left], envelope[right], share), between(noise[left], noise[right], share)

    def _neighbours(self, samples: NDArray[np.int64] | Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        place: Floats = np.clip(samples.astype(np.float64) * self._step - self._first_frame, 0, len(self._frames) - 1)
        left = place.astype(np.int64)
        return left, np.minimum(left + 1, len(self._frames) - 1), place - left

    def _forget(self, frame: int) -> None:
        """Drop the frames before `frame`: nothing will look at them again."""
        drop = min(max(0, frame - self._first_frame), len(self._frames) - 1)
        self._frames = self._frames[drop:]
        self._first_frame += drop


def _cut_below(hertz: float, frequencies: Floats) -> Sound:
    """Log amplitude of a high-pass, 12 dB an octave."""
    power = (frequencies / hertz) ** 4
    return (0.5 * np.log(power / (1 + power) + _QUIETEST**2)).astype(np.float32)
