"""Sound effects, measured: what comes back, what is cut off, what is added, and how it ends."""

from itertools import pairwise

import numpy as np
import pytest

from rhapsode.audio.effects import Effect
from rhapsode.audio.pcm import Samples
from rhapsode.core.speech import AudioFormat, AudioSetting, Pcm, SoundEffect
from tests.audio.packing import RATE, pack
from tests.listening import Floats

EFFECTS = list(SoundEffect)


def noise(seconds: float, seed: int = 1) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(RATE * seconds))).astype(np.float32)


def tone(hertz: float, seconds: float = 1.0) -> Samples:
    return (0.2 * np.sin(2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE)).astype(np.float32)


def through(effect: SoundEffect, sound: Samples, block: int = 8820, rate: int = RATE) -> Samples:
    process = Effect(effect)
    parts = [
        process.feed(Pcm(rate=rate, samples=sound[start : start + block].tobytes()))
        for start in range(0, len(sound), block)
    ]
    rest = process.finish()
    assert rest is not None
    return np.frombuffer(b"".join((*(part.samples for part in parts), rest.samples)), "<f4")


def spectrum(sound: Samples) -> Floats:
    """Decibels of each hertz, of a second."""
    return 20 * np.log10(np.abs(np.fft.rfft(sound[:RATE] * np.hanning(RATE))) + 1e-9)


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("block", [1, 37, 1024, 30000])
def test_blocks_make_no_difference(effect: SoundEffect, block: int) -> None:
    sound = noise(0.1 if block == 1 else 1.2)
    assert np.array_equal(through(effect, sound, block), through(effect, sound))


@pytest.mark.parametrize("effect", EFFECTS)
def test_blocks_do_not_show_in_what_is_packed(effect: SoundEffect) -> None:
    setting = AudioSetting(format=AudioFormat.PCM, sample_rate=24000)
    assert pack(noise(1.0), setting, effect=effect, block=999) == pack(noise(1.0), setting, effect=effect)


@pytest.mark.parametrize(
    ("effect", "tail"),
    [
        (SoundEffect.SPACIOUS_ECHO, 1.4),
        (SoundEffect.AUDITORIUM_ECHO, 1.8),
        (SoundEffect.LOFI_TELEPHONE, 0.0),
        (SoundEffect.ROBOTIC, 0.15),
    ],
)
def test_ends_in_silence_and_no_sample_is_lost(effect: SoundEffect, tail: float) -> None:
    sound = through(effect, noise(1.0))
    assert len(sound) == pytest.approx(RATE * (1 + tail), abs=1)
    if tail:
        assert np.max(np.abs(sound[-50:])) < 1e-3


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("rate", [8000, 22050, 24000, 48000])
def test_is_bounded_at_any_rate_about_as_loud_and_not_what_went_in(effect: SoundEffect, rate: int) -> None:
    sound = noise(2.0)
    heard = through(effect, sound, rate=rate)[: len(sound)]
    assert np.all(np.isfinite(heard))
    assert np.max(np.abs(heard)) < 2
    level = 20 * np.log10(np.std(heard) / np.std(sound))
    assert -10 < level < 4  # a telephone leaves a part of white noise
    assert np.std(heard - sound) > 0.2 * np.std(sound)


@pytest.mark.parametrize("effect", EFFECTS)
def test_silence_stays_silence(effect: SoundEffect) -> None:
    assert not np.any(through(effect, np.zeros(3000, np.float32)))


def test_the_open_repeats_every_028_seconds_at_04() -> None:
    heard = through(SoundEffect.SPACIOUS_ECHO, noise(3.0))[: 3 * RATE].astype(np.float64)
    likeness = np.fft.irfft(np.abs(np.fft.rfft(heard, 8 * RATE)) ** 2)[: 2 * RATE]
    likeness /= likeness[0]
    later = likeness[RATE // 20 :]
    assert (np.argmax(later) + RATE // 20) / RATE == pytest.approx(0.28, abs=0.001)
    assert np.max(later) == pytest.approx(0.4, abs=0.05)
    click = np.zeros(RATE * 2, np.float32)
    click[0] = 0.5
    heard = through(SoundEffect.SPACIOUS_ECHO, click)
    echoes = np.flatnonzero(heard)
    assert (echoes[:5] / RATE).tolist() == pytest.approx([0, 0.28, 0.56, 0.84, 1.12], abs=0.001)
    assert [heard[b] / heard[a] for a, b in pairwise(echoes[:5])] == pytest.approx([0.4] * 4, rel=1e-4)


def test_the_hall_takes_18_seconds_to_sink_by_60_decibels_and_rings_densely() -> None:
    click = np.zeros(RATE * 2, np.float32)
    click[0] = 1.0
    hall = through(SoundEffect.AUDITORIUM_ECHO, click).astype(np.float64)
    assert not np.any(hall[1 : round(0.02 * RATE)])  # the voice itself, then the first wall
    left = 10 * np.log10(np.cumsum(hall[:1:-1] ** 2)[::-1] + 1e-12)  # M. R. Schroeder's integrated decay
    at = np.arange(round(0.1 * RATE), round(1.1 * RATE))
    slope = np.polyfit(at / RATE, left[at], 1)[0]
    assert -60 / slope == pytest.approx(1.8, rel=0.1)
    late = hall[round(0.5 * RATE) : round(0.6 * RATE)]
    assert np.count_nonzero(np.abs(late) > 1e-5) > 500


def test_a_telephone_passes_its_band_alone() -> None:
    def gain(hertz: int) -> float:
        return float(
            np.max(spectrum(through(SoundEffect.LOFI_TELEPHONE, tone(hertz)))[hertz - 3 : hertz + 4])
            - np.max(spectrum(tone(hertz)))
        )

    for hertz in (500, 1000, 2000, 3200):
        assert gain(hertz) == pytest.approx(0, abs=1)
    for hertz in (60, 120, 3700, 5000, 8000):
        assert gain(hertz) < -30
    # A telephone hisses: eight bits, 38 dB below the voice.
    heard = through(SoundEffect.LOFI_TELEPHONE, tone(1000))[2000:-2000]
    turns = 2 * np.pi * 1000 * np.arange(len(heard)) / RATE
    parts = np.stack([np.sin(turns), np.cos(turns)], axis=1)
    pure = parts @ np.linalg.lstsq(parts, heard.astype(np.float64), rcond=None)[0]
    hiss = 20 * np.log10(np.std(heard - pure) / np.std(pure))
    assert -48 < hiss < -30


def test_a_robot_has_one_pitch_whoever_speaks_and_beats_at_50_hertz() -> None:
    power = np.mean(
        [10 ** (spectrum(through(SoundEffect.ROBOTIC, noise(1.0, seed))) / 10) for seed in range(40)], axis=0
    )
    pipe = RATE / round(RATE / 110)
    peaks = [10 * np.log10(power[round(k * pipe)]) for k in range(3, 20)]
    troughs = [10 * np.log10(power[round((k + 0.5) * pipe)]) for k in range(3, 20)]
    assert np.mean(peaks) - np.mean(troughs) == pytest.approx(13.5, abs=2)
    heard = spectrum(through(SoundEffect.ROBOTIC, tone(1000)))
    beside = [950, 1000, 1050]
    others = np.delete(heard[900:1100], [hertz - 900 + near for hertz in beside for near in (-3, -2, -1, 0, 1, 2, 3)])
    assert min(heard[beside]) > np.max(others) + 20


def test_a_rate_that_changes_within_a_stream_is_refused() -> None:
    effect = Effect(SoundEffect.ROBOTIC)
    assert effect.finish() is None
    effect.feed(Pcm(rate=22050, samples=bytes(400)))
    with pytest.raises(ValueError, match="22050 samples a second went on with 24000"):
        effect.feed(Pcm(rate=24000, samples=bytes(400)))
