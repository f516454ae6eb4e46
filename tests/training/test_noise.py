"""Noise models against their theoretical statistics."""

import math

import numpy as np
import pytest
import torch

from medae.training.noise import apodise, ct_low_dose, ct_noise_images, gaussian_blur, mr_noise, rician, smooth_field


def test_rician_noise_without_signal_is_rayleigh() -> None:
    noisy = rician(np.zeros((4, 200, 200), np.float32), 2.0, seed=1)
    assert noisy.mean() == pytest.approx(2.0 * math.sqrt(math.pi / 2), rel=0.01)
    assert noisy.var() == pytest.approx((2 - math.pi / 2) * 4.0, rel=0.02)


def test_rician_noise_has_the_second_moment_of_theory() -> None:
    signal = np.full((4, 200, 200), 3.0, np.float32)
    noisy = rician(signal, 1.5, seed=2).astype(np.float64)
    assert (noisy**2).mean() == pytest.approx(3.0**2 + 2 * 1.5**2, rel=0.01)


def test_same_seed_same_noise() -> None:
    signal = np.ones((1, 8, 8), np.float32)
    assert np.array_equal(rician(signal, 0.1, seed=5), rician(signal, 0.1, seed=5))
    assert not np.array_equal(rician(signal, 0.1, seed=5), rician(signal, 0.1, seed=6))


def test_mr_noise_of_level_zero_changes_nothing() -> None:
    clean = torch.rand(1, 3, 32, 32)
    generator = torch.Generator().manual_seed(0)
    for _ in range(8):
        assert torch.allclose(mr_noise(clean, 0.0, generator), clean, atol=1e-6)


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


def test_blur_keeps_the_mean_and_smooth_fields_stay_in_range() -> None:
    generator = torch.Generator().manual_seed(0)
    field = smooth_field((32, 32), 3, generator)
    assert field.shape == (1, 1, 32, 32)
    assert 0 <= float(field.min()) <= float(field.max()) <= 1
    assert gaussian_blur(torch.ones(1, 2, 16, 16), 1.0).mean() == pytest.approx(1.0, abs=1e-5)
