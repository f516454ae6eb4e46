"""Noise of low-dose CT against its theory."""

import math

import numpy as np
import pytest
import torch

from medae.training.ct_noise import apodise, ct_low_dose, ct_noise_images


def _disc(size: int = 96, radius: float = 38.0) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.where(np.hypot(y, x) < radius, 0.0, -1000.0).astype(np.float32)


def test_ct_noise_falls_with_the_square_root_of_the_dose() -> None:
    generator = torch.Generator().manual_seed(0)
    low, high = (
        ct_noise_images(_disc(), 1.0, photons, draws=6, views=180, electronic=0, generator=generator)
        for photons in (1e4, 4e4)
    )
    assert low.std() / high.std() == pytest.approx(2.0, rel=0.06)
    assert abs(low.mean()) < 0.05 * low.std()


def test_each_draw_can_have_its_own_dose() -> None:
    low, high = ct_noise_images(_disc(), 1.0, (1e4, 4e4), draws=2, views=180, electronic=0)
    assert low.std() / high.std() == pytest.approx(2.0, rel=0.1)


def test_ct_noise_is_largest_where_rays_are_longest() -> None:
    noise = ct_noise_images(_disc(), 2.0, 1e4, draws=12, views=180, generator=torch.Generator().manual_seed(0))
    center, rim = noise[:, 40:56, 40:56].std(), noise[:, 40:56, 10:16].std()
    assert center > 1.1 * rim


def test_ct_noise_follows_the_theory_of_filtered_back_projection() -> None:
    views, photons, pitch = 360, 1e5, 1.0
    noise = ct_noise_images(
        _disc(), pitch, photons, draws=8, views=views, electronic=0, generator=torch.Generator().manual_seed(3)
    )
    path = 76 * 0.0193
    ideal = math.sqrt(math.exp(path) / photons * math.pi**2 / (12 * views)) / pitch * 1000 / 0.0193
    measured = noise[:, 40:56, 40:56].std()
    assert 0.6 * ideal < measured < ideal  # linear interpolation smooths by sinc² (Kak & Slaney 1988, ch. 3)


def test_low_dose_ct_keeps_shape_and_mean() -> None:
    hu = _disc()[None]
    noisy = ct_low_dose(hu, 1e5, (1.0, 1.0, 1.0), views=90)
    assert noisy.shape == hu.shape
    assert noisy.dtype == np.float32
    assert abs((noisy - hu)[hu > -500].mean()) < 1.0


def test_apodise_takes_away_high_frequencies_only() -> None:
    ones = torch.ones(1, 1, 16, 16)
    assert torch.allclose(apodise(ones, 0.5), ones, atol=1e-5)
    noise = torch.randn(1, 1, 64, 64)
    assert apodise(noise, 0.5).std() < 0.5 * noise.std()


def test_the_noise_power_spectrum_is_a_ramp_times_the_square_of_the_kernel() -> None:
    generator = torch.Generator().manual_seed(1)
    noise = torch.from_numpy(
        ct_noise_images(_disc(128, 500.0), 1.0, 1e5, draws=40, views=360, electronic=0, generator=generator)
    )
    measured = _radial_power(apodise(noise, 1.0)[:, 32:96, 32:96])
    frequency = np.arange(1, 25) / 64
    hann = 0.5 + 0.5 * np.cos(math.pi * frequency / 0.5)
    interpolation = np.sinc(frequency) ** 4  # linear, squared for power (Kak & Slaney 1988, ch. 3)
    theory = frequency * hann**2 * interpolation
    band = slice(2, 20)
    ratio = measured[band] / theory[band] * theory[band].sum() / measured[band].sum()
    assert np.abs(ratio - 1).max() < 0.35
    assert int(np.argmax(measured)) == pytest.approx(int(np.argmax(theory)), abs=3)


def _radial_power(images: torch.Tensor) -> np.ndarray:
    """Mean power of (draws, 64, 64) at whole frequencies 1 to 24 of 64."""
    window = torch.hann_window(64)[:, None] * torch.hann_window(64)
    power = (torch.fft.fft2((images - images.mean()) * window).abs() ** 2).mean(0).numpy()
    radius = np.rint(np.hypot(*np.meshgrid(np.fft.fftfreq(64) * 64, np.fft.fftfreq(64) * 64))).astype(int)
    return np.array([power[radius == r].mean() for r in range(1, 25)])


def test_electronic_noise_counts_at_low_doses_only() -> None:
    ratio = {}
    for photons in (1e3, 1e6):
        with_it, without = (
            ct_noise_images(
                _disc(), 3.0, photons, draws=4, views=90, electronic=each, generator=torch.Generator().manual_seed(0)
            ).std()
            for each in (10.0, 0.0)
        )
        ratio[photons] = with_it / without
    assert ratio[1e3] > 1.2
    assert ratio[1e6] == pytest.approx(1.0, abs=0.01)


def test_the_views_are_projected_back_to_where_they_came_from() -> None:
    hu = np.full((65, 65), -1000.0, np.float32)
    hu[20:24, 40:44] = 20000.0  # rays through this square are noisy, all others are not
    noise = ct_noise_images(hu, 3.0, 1e6, draws=8, views=180, electronic=0, generator=torch.Generator().manual_seed(0))
    spread = noise.std(axis=0)
    row, column = np.unravel_index(int(np.argmax(spread)), spread.shape)
    assert abs(row - 21.5) <= 3
    assert abs(column - 41.5) <= 3


def test_sharp_kernels_enhance_high_frequencies() -> None:
    noise = torch.randn(1, 64, 64, generator=torch.Generator().manual_seed(0))
    assert apodise(noise, 1.6, boost=3.0).std() > 1.5 * apodise(noise, 1.6).std()
    assert torch.allclose(apodise(torch.ones(1, 16, 16), 1.6, 3.0), torch.ones(1, 16, 16), atol=1e-5)
