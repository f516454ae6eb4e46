"""Noise models of MR against their theoretical statistics."""

import math

import numpy as np
import pytest
import torch

from medae.training.noise import (
    g_factor_map,
    gaussian_blur,
    mr_noise,
    non_central_chi,
    rician,
    rician_tensor,
    smooth_field,
    zero_filled,
)


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


def test_blur_keeps_the_mean_and_smooth_fields_stay_in_range() -> None:
    generator = torch.Generator().manual_seed(0)
    field = smooth_field((32, 32), 3, generator)
    assert field.shape == (1, 1, 32, 32)
    assert 0 <= float(field.min()) <= float(field.max()) <= 1
    assert gaussian_blur(torch.ones(1, 2, 16, 16), 1.0).mean() == pytest.approx(1.0, abs=1e-5)


def test_rician_bias_is_that_of_theory() -> None:
    noisy = rician(np.full((4, 300, 300), 2.0, np.float32), 1.0, seed=3).astype(np.float64)
    assert noisy.mean() == pytest.approx(2.2724, rel=0.003)  # √(π/2) · L₁/₂(−2): +14 % at a signal-to-noise ratio of 2


def test_one_coil_is_rician() -> None:
    signal = torch.full((4, 300, 300), 2.0)
    one, rice = non_central_chi(signal, 1.0, 1, _generator(0)), rician_tensor(signal, 1.0, _generator(1))
    assert float(one.mean()) == pytest.approx(float(rice.mean()), rel=0.005)
    assert float(one.std()) == pytest.approx(float(rice.std()), rel=0.01)


@pytest.mark.parametrize("coils", [1, 2, 8])
def test_several_coils_have_the_moments_of_the_non_central_chi_distribution(coils: int) -> None:
    squared = non_central_chi(torch.full((4, 300, 300), 3.0), 1.5, coils, _generator(2)).double() ** 2
    assert float(squared.mean()) == pytest.approx(3.0**2 + 2 * coils * 1.5**2, rel=0.01)
    assert float(squared.var()) == pytest.approx(4 * coils * 1.5**4 + 4 * 3.0**2 * 1.5**2, rel=0.03)


def test_the_background_of_several_coils_is_a_central_chi() -> None:
    noisy = non_central_chi(torch.zeros(4, 300, 300), 1.0, 4, _generator(3))
    expected = math.sqrt(2) * math.gamma(4.5) / math.gamma(4)
    assert float(noisy.mean()) == pytest.approx(expected, rel=0.005)


def test_zero_filled_noise_has_an_empty_outer_k_space_and_alike_neighbours() -> None:
    noise = zero_filled((1, 2, 128, 128), 0.5, _generator(4))
    assert float(noise.std()) == pytest.approx(1.0, abs=1e-3)
    power = torch.fft.fft2(noise).abs() ** 2
    outer = torch.fft.fftfreq(128).abs() > 0.26
    assert float(power[..., outer].sum() / power.sum()) < 1e-6
    beside = float((noise[..., 1:] * noise[..., :-1]).mean())
    assert beside == pytest.approx(2 / math.pi, rel=0.05)  # sinc(½), the transform of a box of half the width


def test_the_level_of_g_factor_noise_is_that_of_the_map() -> None:
    gain = g_factor_map((64, 64), _generator(5))
    assert float(gain.max()) == pytest.approx(1.0)
    assert float(gain.min()) >= 1 / 3 - 1e-6
    signal = torch.full((400, 1, 64, 64), 50.0)
    measured = rician_tensor(signal, gain, _generator(6)).std(dim=0)
    assert float((measured / gain[0] - 1).abs().mean()) < 0.05


def test_every_kind_of_mr_noise_keeps_the_level_it_is_given() -> None:
    clean = torch.full((1, 1, 96, 96), 10.0)
    levels = [float((mr_noise(clean, 0.2, _generator(seed)) - clean).std()) for seed in range(40)]
    assert max(levels) < 0.23
    assert sum(level > 0.18 for level in levels) > 20  # all but those with a g-factor map


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
