"""Noise power spectra of noise whose spectrum is known."""

import numpy as np
import pytest
from scipy import ndimage

from medae.quality.spectrum import (
    BLOCK,
    cut_blocks,
    flat_blocks,
    noise_power,
    noise_spectrum,
    peak_frequency,
    radial_spectrum,
    steepness,
)
from tests.quality.conftest import white

SPACING = (0.5, 0.8)


@pytest.mark.parametrize("robust", [False, True])
def test_white_noise_has_a_flat_spectrum_of_its_variance_times_the_pixel(*, robust: bool) -> None:
    power = noise_power(3 * white((600, 16, 16)), SPACING, robust=robust)
    expected = 9 * SPACING[0] * SPACING[1]
    frequencies, values = radial_spectrum(power, SPACING)
    assert values[1:] == pytest.approx(np.full(7, expected), rel=0.15)
    assert frequencies[-1] == pytest.approx(1 / (2 * 0.8))
    # IEC 62220-1: the integral over all frequencies is the variance; the mean of each block was taken off.
    assert power.sum() / (256 * SPACING[0] * SPACING[1]) == pytest.approx(9, rel=0.05)


def test_blurred_noise_has_the_spectrum_of_the_blur() -> None:
    noise = ndimage.gaussian_filter(white((4, 256, 256)), (0, 1.0, 1.0))
    blocks = cut_blocks(noise, flat_blocks(steepness(noise), np.ones(noise.shape, bool)))
    frequencies, values = radial_spectrum(noise_power(blocks))
    expected = np.exp(-((2 * np.pi * frequencies) ** 2))
    assert values[1:5] == pytest.approx(expected[1:5], rel=0.35)


def test_flat_blocks_are_the_flat_ones() -> None:
    image = np.zeros((1, 64, 200), np.float32)
    image[:, :, 80:] = 40 * np.sin(np.arange(120) / 3)
    mask = np.ones(image.shape, bool)
    mask[:, :, :16] = False
    places = flat_blocks(steepness(image + 0.1 * white(image.shape)), mask)
    assert (places[:10, 2] + BLOCK <= 80).all()
    assert (places[:, 2] >= 16).all()
    assert steepness(image)[0, 30, 40] == 0
    assert len(flat_blocks(image[:, :8], mask[:, :8])) == 0
    assert cut_blocks(image, places[:0]).shape == (0, BLOCK, BLOCK)


def test_removed_and_peaks() -> None:
    rough = ndimage.gaussian_filter(white((2, 128, 128)), (0, 0.6, 0.6))
    rough -= ndimage.gaussian_filter(rough, (0, 1.5, 1.5))
    rough *= 10
    smooth = ndimage.gaussian_filter(rough, (0, 1.2, 1.2))
    places = flat_blocks(steepness(rough), np.ones(rough.shape, bool))
    found = noise_spectrum(rough, smooth, places, (1.0, 1.0))
    assert found is not None
    assert found.peak_after < 0.8 * found.peak_before
    assert found.removed[-2] == pytest.approx(found.before[-2], rel=0.2)
    assert found.removed[1] < 0.6 * found.before[1]
    assert noise_spectrum(rough * 0, rough * 0, places, (1.0, 1.0)) is None
    assert noise_spectrum(rough, smooth, places[:2], (1.0, 1.0)) is None


def test_peak_between_two_frequencies_is_found() -> None:
    frequencies = np.arange(1, 9) / 16
    values = 5 - (frequencies - 0.28) ** 2 * 100
    assert peak_frequency(frequencies, values) == pytest.approx(0.28, abs=1e-6)
    assert peak_frequency(frequencies, values * 0) == 0
