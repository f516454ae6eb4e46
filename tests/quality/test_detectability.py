"""The channelised Hotelling observer against closed forms."""

import numpy as np
import pytest
from scipy import ndimage, stats

from medae.quality.detectability import (
    area_under_curve,
    auc_gain,
    auc_interval,
    channelised_hotelling,
    difference_of_gaussians,
    laguerre_gauss,
)
from tests.quality.conftest import Images, white

SIZE, WIDTH = 24, 2.5


def signal(height: float) -> Images:
    """A Gaussian blob in the middle: (size, size)."""
    axis = np.arange(SIZE) - (SIZE - 1) / 2
    return (height * np.exp(-(axis[:, None] ** 2 + axis[None, :] ** 2) / (2 * WIDTH**2))).astype(np.float32)


def ensemble(height: float, count: int = 1000) -> tuple[Images, Images]:
    """Images with and without the signal in white noise of standard deviation 1."""
    return white((count, SIZE, SIZE), 1) + signal(height), white((count, SIZE, SIZE), 2)


@pytest.mark.parametrize("height", [0.15, 0.3])
def test_white_noise_gives_the_ideal_observer(height: float) -> None:
    present, absent = ensemble(height)
    found = channelised_hotelling(present, absent, laguerre_gauss(SIZE, np.sqrt(2 * np.pi) * WIDTH))
    ideal = np.linalg.norm(signal(height))  # SNR² = |s|² / σ²
    assert found.snr == pytest.approx(ideal, rel=0.12)
    assert found.low < stats.norm.cdf(ideal / np.sqrt(2)) < found.high  # AUC = Φ(SNR / √2)
    assert found.low < found.auc < found.high


def test_correlated_noise_is_whitened() -> None:
    noise = [ndimage.gaussian_filter(white((1000, SIZE, SIZE), seed), (0, 1, 1), mode="wrap") for seed in (1, 2)]
    scale = np.float32(1 / noise[0].std())
    present, absent = scale * noise[0] + signal(0.3), scale * noise[1]
    found = channelised_hotelling(present, absent, laguerre_gauss(SIZE, np.sqrt(2 * np.pi) * WIDTH))
    axis = np.fft.fftfreq(SIZE)
    power = np.exp(-((2 * np.pi) ** 2) * (axis[:, None] ** 2 + axis[None, :] ** 2))
    ideal = np.sqrt((np.abs(np.fft.fft2(signal(0.3))) ** 2 / np.maximum(power / power.mean(), 1e-6)).sum()) / SIZE
    plain = (signal(0.3) ** 2).sum() / np.sqrt(np.mean((absent.reshape(1000, -1) @ signal(0.3).ravel()) ** 2))
    assert 0.95 * plain < found.snr < 1.05 * ideal


def test_human_like_channels_lose_something() -> None:
    present, absent = ensemble(0.3)
    human = channelised_hotelling(present, absent, difference_of_gaussians(SIZE))
    ideal = np.linalg.norm(signal(0.3))
    assert 0.6 * ideal < human.snr < 1.05 * ideal


def test_no_signal_is_guessing_and_too_few_images_are_refused() -> None:
    present, absent = ensemble(0.0)
    found = channelised_hotelling(present, absent, laguerre_gauss(SIZE, 6))
    assert found.low < 0.5 < found.high
    with pytest.raises(ValueError, match="at least 24 images"):
        channelised_hotelling(present[:10], absent[:10], laguerre_gauss(SIZE, 6))


def test_channels_have_norm_one_and_laguerre_gauss_are_orthogonal() -> None:
    gauss = laguerre_gauss(64, 12, 5)
    assert gauss @ gauss.T == pytest.approx(np.eye(5), abs=1e-3)
    bands = difference_of_gaussians(33)
    assert np.linalg.norm(bands, axis=1) == pytest.approx(np.ones(10))
    assert np.abs(bands[9].reshape(33, 33)).argmax() == 16 * 33 + 16  # in the middle


def test_area_under_the_curve() -> None:
    assert area_under_curve(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1
    assert area_under_curve(np.array([1.0, 1.0]), np.array([1.0, 1.0])) == 0.5
    area, low, high = auc_interval(white((300,), 1).astype(float) + 1, white((300,), 2).astype(float))
    assert area == pytest.approx(stats.norm.cdf(1 / np.sqrt(2)), abs=0.04)
    assert high - low == pytest.approx(4 * np.sqrt(0.76 * 0.24 / 300 * 0.75), rel=0.35)


def test_gain_is_paired() -> None:
    present, absent = ensemble(0.3, 300)
    channels = laguerre_gauss(SIZE, np.sqrt(2 * np.pi) * WIDTH)
    before = channelised_hotelling(present, absent, channels)
    same = channelised_hotelling(3 * present, 3 * absent, channels)
    worse = channelised_hotelling(present + 2 * white(present.shape, 5), absent + 2 * white(absent.shape, 6), channels)
    gain, low, high = auc_gain(same, before)
    assert gain == pytest.approx(0, abs=1e-9)
    assert high - low < 1e-9
    loss, _, at_best = auc_gain(worse, before)
    assert loss < at_best < 0
