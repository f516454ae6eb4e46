"""Scores: what is alike scores nothing."""

import numpy as np
import pytest
from monai.metrics.regression import compute_ssim_and_cs
from torch import from_numpy

from medae.inference.scores import STABLE, WINDOW, features, smoothed, structure
from medae.networks import ResidualUNet
from medae.progress import silent

IMAGES = np.random.default_rng(0).random((2, 40, 48)).astype(np.float32)


def test_what_was_added_is_in_the_smoothed_residual_and_air_does_not_dilute_it() -> None:
    residual = np.zeros((3, 40, 40), np.float32)
    residual[:, :, :10] = 0.3
    body = np.zeros(residual.shape, bool)
    body[:, :, :20] = True
    score = smoothed(residual, body, (3.0, 1.0, 1.0))
    assert score[1, 20, 0] == pytest.approx(0.3, abs=0.01)  # the edge of the image is no air
    assert score[1, 20, 19] < 0.01
    assert not score[:, :, 20:].any()


def test_structure_is_1_minus_ssim() -> None:
    other = IMAGES[::-1].copy()
    assert np.abs(structure(IMAGES, IMAGES)).max() < 1e-5
    ssim, _ = compute_ssim_and_cs(
        from_numpy(IMAGES[:, None]),
        from_numpy(other[:, None]),
        spatial_dims=2,
        kernel_size=(9, 9),
        kernel_sigma=(WINDOW, WINDOW),
        data_range=1.0,
        k1=STABLE,
        k2=3 * STABLE,
    )
    inner = structure(IMAGES, other)[:, 4:-4, 4:-4]
    assert np.abs(1 - inner - ssim[:, 0].numpy()).max() < 0.02  # windows are cut at 4 and at 4.5 pixels


def test_features_differ_where_images_do() -> None:
    network = ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval()
    other = IMAGES.copy()
    other[0, 20:28, 20:28] += 1
    score = features(network, IMAGES, other, silent)
    assert score is not None
    assert score.shape == IMAGES.shape
    assert score[0, 24, 24] > 10 * score[1].max()
