"""Local means survive denoising."""

import numpy as np
import pytest

from medae.inference.local_means import hold_local_means


@pytest.fixture
def noisy() -> np.ndarray:
    return (0.5 + 0.05 * np.random.default_rng(0).standard_normal((130, 117))).astype(np.float32)


def test_a_drift_is_taken_back_and_noise_is_not(noisy: np.ndarray) -> None:
    held = hold_local_means(noisy, np.full_like(noisy, 0.47), "CT")
    assert held.mean() == pytest.approx(0.5, abs=0.001)
    assert held.std() < 0.1 * noisy.std()


def test_a_faint_wide_spot_that_was_removed_comes_back(noisy: np.ndarray) -> None:
    i, j = np.indices(noisy.shape)
    spot = 0.02 * np.exp(-((i - 60) ** 2 + (j - 60) ** 2) / (2 * 15.0**2))
    held = hold_local_means(noisy + spot.astype(np.float32), np.full_like(noisy, 0.5), "DX")
    assert held[55:65, 55:65].mean() - held[:20, :20].mean() > 0.7 * spot[55:65, 55:65].mean()


def test_magnitudes_whose_noise_moves_means_are_left_to_the_network(noisy: np.ndarray) -> None:
    restored = np.full_like(noisy, 0.47)
    assert np.array_equal(hold_local_means(noisy, restored, "MR"), restored)


def test_air_where_noise_was_cut_off_neither_moves_nor_counts(noisy: np.ndarray) -> None:
    restored = np.full_like(noisy, 0.5)
    given = noisy.copy()
    given[:, 60:], restored[:, 60:] = 0.05, 0.024
    held = hold_local_means(given, restored, "CT")
    assert np.array_equal(held[:, 60:], restored[:, 60:])
    assert held[:, 50:60].mean() == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (513, 7)])
def test_any_size(shape: tuple[int, int]) -> None:
    held = hold_local_means(np.ones(shape, np.float32), np.full(shape, 0.9, np.float32), "DX")
    assert held.shape == shape
    assert held == pytest.approx(1.0, abs=1e-4)
