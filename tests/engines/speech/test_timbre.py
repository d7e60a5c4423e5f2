"""A blend is the weighted mean of its voices' frames, each axis moves what it names, and loudness stays."""

import numpy as np
import pytest

from rhapsode.core.voice import Timbre
from rhapsode.engines.speech.frames import Floats, Frames
from rhapsode.engines.speech.manner import Manner
from rhapsode.engines.speech.script import Shares
from rhapsode.engines.speech.timbre import Blend

RATE, BANDS = 22050, 513
PLAIN = Manner()
LOW, HIGH = Timbre(pitch=100, tract=1.1, tilt=-1, breath=0.1), Timbre(pitch=260, tract=0.8, tilt=1.5, breath=0.4)


def shaped(frames: Frames, shares: Shares, manner: Manner = PLAIN) -> Frames:
    return Blend(shares, manner, bands=BANDS, rate=RATE).shape(frames)


def without_level(frames: Frames) -> Floats:
    return frames.envelope.astype(np.float64) - frames.envelope.mean(axis=1, keepdims=True, dtype=np.float64)


def test_a_blend_is_exactly_the_mean_of_log_pitch_log_spectrum_and_noise(frames: Frames) -> None:
    low, high = shaped(frames, ((LOW, 1),)), shaped(frames, ((HIGH, 1),))
    blend = shaped(frames, ((LOW, 0.75), (HIGH, 0.25)))
    voiced = frames.pitch > 0
    log_pitch = 0.75 * np.log(low.pitch[voiced]) + 0.25 * np.log(high.pitch[voiced])
    assert np.log(blend.pitch[voiced]) == pytest.approx(log_pitch, abs=1e-9)
    mean = 0.75 * without_level(low) + 0.25 * without_level(high)
    assert np.allclose(without_level(blend), mean, atol=1e-3)
    assert np.allclose(blend.noise, 0.75 * low.noise + 0.25 * high.noise, atol=1e-5)


def test_loudness_is_the_reference_speakers_whatever_the_timbre(frames: Frames) -> None:
    def power(part: Frames) -> Floats:
        return np.exp(part.envelope.astype(np.float64)).sum(axis=1)

    audible = power(frames) > 1e-4
    for shares in (((LOW, 1),), ((HIGH, 1),), ((LOW, 0.5), (HIGH, 0.5))):
        change = 10 * np.log10(power(shaped(frames, shares))[audible] / power(frames)[audible])
        assert abs(float(np.median(change))) < 3  # the ear's weighting moves up to 4 dB between dark and bright


def test_pitch_range_spreads_the_melody_around_its_middle(frames: Frames) -> None:
    def spread(pitch_range: float) -> float:
        pitch = shaped(frames, ((Timbre(pitch=165, pitch_range=pitch_range), 1),)).pitch
        return float(np.std(np.log(pitch[pitch > 0])))

    assert spread(1.5) / spread(1.0) == pytest.approx(1.5)
    assert spread(0.5) / spread(1.0) == pytest.approx(0.5)


def test_semitones_move_the_pitch_and_not_the_spectrum(frames: Frames) -> None:
    plain, raised = shaped(frames, ((LOW, 1),)), shaped(frames, ((LOW, 1),), Manner(semitones=7))
    voiced = plain.pitch > 0
    assert raised.pitch[voiced] / plain.pitch[voiced] == pytest.approx(2 ** (7 / 12))
    assert np.array_equal(raised.envelope, plain.envelope)


def peak(tract: float) -> float:
    """Hz: where a formant at 1500 Hz comes to stand."""
    frequencies = np.arange(BANDS) * RATE / 2 / (BANDS - 1)
    hill = (-(((frequencies - 1500) / 200) ** 2)).astype(np.float32)[None, :]
    vowel = Frames(pitch=np.array([165.0]), envelope=hill, noise=np.zeros((1, BANDS), np.float32))
    return float(frequencies[shaped(vowel, ((Timbre(pitch=165, tract=tract), 1),)).envelope[0].argmax()])


@pytest.mark.parametrize("tract", [0.7, 0.85, 1.0, 1.3])
def test_a_short_tract_raises_the_formants(tract: float) -> None:
    assert peak(tract) == pytest.approx(1500 / tract, abs=25)


def test_tilt_is_decibels_an_octave(frames: Frames) -> None:
    flat, bright = (shaped(frames, ((Timbre(pitch=165, tilt=tilt), 1),)).envelope for tilt in (0.0, 3.0))
    decibels = (bright - flat).astype(np.float64) * 10 / np.log(10)
    at = [round(hertz / (RATE / 2) * (BANDS - 1)) for hertz in (300, 1000, 2000, 4000)]
    assert np.allclose(decibels[:, at[2]] - decibels[:, at[1]], 3, atol=0.1)
    assert np.allclose(decibels[:, at[3]] - decibels[:, at[2]], 3, atol=0.1)
    assert np.allclose(decibels[:, 0], decibels[:, at[0]], atol=1e-3)


def test_breath_adds_noise_and_never_more_than_all(frames: Frames) -> None:
    none, some, all_of_it = (
        shaped(frames, ((Timbre(pitch=165, breath=breath), 1),)).noise for breath in (0.0, 0.4, 1.0)
    )
    assert np.allclose(none, frames.noise, atol=1e-6)
    assert np.all(some >= none - 1e-6)
    assert np.all(all_of_it <= 1.0)
    assert np.allclose(all_of_it[:, 200:], 1.0)
