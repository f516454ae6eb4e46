"""Calibrated z-scores of residuals."""

import numpy as np
import pytest
import torch

from medae.inference.device import Device
from medae.inference.residual import Calibration, inner_body, restore, smoothed_residual
from medae.networks import ResidualUNet
from medae.progress import silent


@pytest.fixture
def normal() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Residuals whose spread doubles with intensity, restored images, mask."""
    random = np.random.default_rng(0)
    restored = random.uniform(0, 1, (4, 64, 64)).astype(np.float32)
    residual = (random.normal(size=restored.shape) * (0.01 + 0.02 * (restored > 0.5))).astype(np.float32)
    return residual, restored, np.ones(restored.shape, bool)


def test_normal_scans_have_unit_spread_at_every_intensity(normal) -> None:
    residual, restored, mask = normal
    calibration = Calibration.fit([residual], [restored], [mask])
    z = calibration.z_scores(residual, restored)
    for part in (restored < 0.4, restored > 0.6):
        assert z[part].std() == pytest.approx(1.0, rel=0.1)
        assert abs(z[part].mean()) < 0.1


def test_a_calibration_survives_json(normal) -> None:
    residual, restored, mask = normal
    calibration = Calibration.fit([residual], [restored], [mask])
    again = Calibration.model_validate_json(calibration.model_dump_json())
    assert np.array_equal(again.z_scores(residual, restored), calibration.z_scores(residual, restored))


def test_what_was_added_to_the_scan_is_in_the_residual() -> None:
    restored = np.full((3, 40, 40), 0.5, np.float32)
    images = restored.copy()
    images[:, 10:30, 10:30] += 0.3
    residual = smoothed_residual(images, restored, np.ones(images.shape, bool), (3.0, 1.0, 1.0))
    assert residual[1, 20, 20] == pytest.approx(0.3, abs=0.05)
    assert abs(residual[1, 2, 2]) < 1e-3


def test_the_rim_of_the_body_is_left_out() -> None:
    body = np.zeros((1, 40, 40), bool)
    body[0, 10:30, 10:30] = True
    inner = inner_body(body, 1.0)
    assert inner[0, 20, 20]
    assert not inner[0, 10, 20]
    assert inner.sum() < body.sum()


def test_restoring_is_repeatable_and_gives_one_slice_for_each() -> None:
    images = np.random.default_rng(0).random((3, 32, 32)).astype(np.float32)
    network = ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval()
    once, twice = (restore(network, images, images > 0, 1.0, Device("cpu", "test"), silent) for _ in range(2))
    assert once.shape == images.shape
    assert np.array_equal(once, twice)


def test_no_noise_is_added_outside_the_body() -> None:
    images = np.full((1, 32, 32), 0.5, np.float32)
    network = ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    restored = restore(network, images, np.zeros(images.shape, bool), 1.0, Device("cpu", "test"), silent)
    assert np.allclose(restored, images)
