"""Blind noise estimates against known noise on phantoms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from medae.quality.noise import (
    SpectrumModel,
    estimate_noise,
    high_pass,
    magnitude_corrected,
    model_spectrum,
    noise_map,
    shared_detail,
)
from medae.quality.sample import take_sample
from medae.quality.spectrum import steepness
from medae.training.ct_noise import ct_low_dose
from medae.training.noise import rician
from medae.volume import Volume
from tests.quality.conftest import Images, white


def with_values(volume: Volume, values: Images) -> Volume:
    """Give the volume other values in its unit."""
    return replace(
        volume, array=values.astype(np.float32), rescale_slope=np.ones(1), rescale_intercept=np.zeros(1), padding=None
    )


@pytest.mark.parametrize("level", [0.01, 0.03, 0.1])
def test_rician_noise_within_10_percent(head: Volume, top: float, level: float) -> None:
    found = estimate_noise(with_values(head, rician(head.values(), level * top, seed=2)))
    assert found.sigma == pytest.approx(level * top, rel=0.1)
    assert found.correlation_length < 0.25
    assert found.map_low <= found.sigma <= found.map_high < 1.4 * found.map_low


def test_white_noise_on_ct_within_10_percent(chest: Volume) -> None:
    found = estimate_noise(with_values(chest, chest.values() + 20 * white(chest.shape)))
    assert found.sigma == pytest.approx(20, rel=0.1)


@pytest.mark.parametrize("width", [0.8, 1.2])
def test_blurred_noise_within_30_percent(head: Volume, top: float, width: float) -> None:
    noise = ndimage.gaussian_filter(white(head.shape), (0, width, width))
    found = estimate_noise(with_values(head, head.values() + np.float32(0.03 * top) * noise / noise.std()))
    assert found.sigma == pytest.approx(0.03 * top, rel=0.3)
    assert found.correlation_length == pytest.approx(width, rel=0.15)


def test_low_dose_ct_within_20_percent(chest: Volume) -> None:
    values = chest.values()
    draws = np.stack([ct_low_dose(values, 5e4, chest.spacing, seed=seed, views=180) - values for seed in (1, 2)])
    body = take_sample(chest).body
    truth = float(np.median(np.sqrt(ndimage.gaussian_filter((draws**2).mean(0), (0, 5, 5)))[body]))
    assert estimate_noise(with_values(chest, values + draws[0])).sigma == pytest.approx(truth, rel=0.2)


def test_noise_map_follows_the_g_factor(head: Volume, top: float) -> None:
    y, x = np.mgrid[-1:1:192j, -1:1:160j]
    truth = np.float32(0.02 * top) * (1 + 2 * np.exp(-((x - 0.1) ** 2 + (y + 0.1) ** 2) / 0.35)).astype(np.float32)
    clean, body = head.values(), take_sample(head).body
    noisy = np.hypot(clean + truth * white(head.shape, 1), truth * white(head.shape, 2))
    found = noise_map(with_values(head, noisy))
    assert found.shape == head.shape
    assert found.dtype == np.float32
    ratio = found[body] / np.broadcast_to(truth, head.shape)[body]
    assert np.corrcoef(found[body], np.broadcast_to(truth, head.shape)[body])[0, 1] > 0.9
    assert np.percentile(ratio, 5) > 0.8
    assert np.percentile(ratio, 95) < 1.3


def test_no_noise_reads_as_none(head: Volume, chest: Volume, top: float) -> None:
    assert estimate_noise(head).sigma < 0.001 * top
    assert estimate_noise(chest).sigma < 1.5  # HU


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 20, 20)])
def test_constant_volumes_read_as_none(shape: tuple[int, int, int]) -> None:
    volume = Volume(np.full(shape, 7, np.float32), np.eye(4), "MR")
    assert estimate_noise(volume).sigma == 0
    assert not noise_map(volume).any()


def test_neighbouring_slices_share_anatomy_but_no_noise(head: Volume, top: float) -> None:
    sample = take_sample(head)
    noise = np.float32(0.05 * top) * white(head.shape)
    noisy = sample.before + noise
    assert shared_detail(sample, sample.before, steepness(sample.before)) > 0.25
    assert abs(shared_detail(sample, noisy, steepness(noisy))) < 0.1


def test_high_pass_is_blind_to_planes_and_keeps_white_noise() -> None:
    k, i, j = np.mgrid[0:2, 0:64, 0:64].astype(np.float32)
    inner = np.s_[:, 4:-4, 4:-4]
    assert np.abs(high_pass(3 * i - 2 * j + k, 2)[inner]).max() < 1e-4
    assert high_pass(white((4, 128, 128)), 1).std() == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("width", [0.8, 1.0])
@pytest.mark.parametrize("step", [1, 2])
def test_share_of_the_model_is_what_the_filter_leaves(width: float, step: int) -> None:
    noise = ndimage.gaussian_filter(white((8, 256, 256)), (0, width, width))
    share = np.var(high_pass(noise, step)) / np.var(noise)
    assert SpectrumModel(1.0, width, 0, np.inf).share(step) == pytest.approx(share, rel=0.2)


def test_magnitudes_are_corrected_as_koay_and_basser_say() -> None:
    for signal in (0.0, 1.0, 3.0, 20.0):
        magnitude = np.hypot(signal + white((400_000,), 1), white((400_000,), 2))
        found = magnitude_corrected(np.array([magnitude.std()]), np.array([magnitude.mean()]))
        assert found[0] == pytest.approx(1.0, rel=0.02)


def test_spectrum_of_ct_has_a_ramp(chest: Volume) -> None:
    sample = take_sample(with_values(chest, chest.values() + 20 * white(chest.shape)))
    assert model_spectrum(sample, sample.before, steepness(sample.before)).ramp == 1
