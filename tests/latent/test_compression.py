from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medae.errors import SettingsError
from medae.latent.codes import LatentSpace, LoadedModel, encode
from medae.latent.compression import compression


def test_rates_are_bits_over_pixels_and_errors_fall(space: LatentSpace) -> None:
    found = compression(space)
    model = {rate.bits: rate for rate in found.rates if rate.method == "model"}
    assert model[4].bits_per_pixel == pytest.approx(4 * 8 / 32**2)
    pca = [rate for rate in found.rates if rate.method == "pca"]
    assert pca[0].mse > pca[-1].mse
    assert found.slices == len(space)
    assert "2 patients or series" in found.sentence


def test_unrounded_codes_give_the_reconstruction_error(space: LatentSpace) -> None:
    exact = next(rate for rate in compression(space).rates if rate.method == "model" and rate.bits == 32)
    assert exact.mse == pytest.approx(space.error.mean(), rel=0.02)
    assert exact.psnr == pytest.approx(10 * np.log10(compression(space).peak ** 2 / exact.mse))


def test_pca_finds_what_lies_in_few_dimensions(space: LatentSpace) -> None:
    """Images of two dimensions: PCA that was fitted to others restores them."""
    random = np.random.default_rng(0)
    basis, weights = random.random((2, 32 * 32)), random.random((len(space), 2))
    images = (weights @ basis).reshape(-1, 32, 32).astype(np.float16)
    found = compression(replace(space, images=images))
    exact = next(rate for rate in found.rates if rate.method == "pca" and rate.bits == 32)
    assert exact.mse < 1e-4
    assert exact.psnr > 40


def test_one_series_is_parted_alternately_and_that_is_said(vae: LoadedModel, heads: Path) -> None:
    assert "favours PCA" in compression(encode((heads / "t1",), vae)).sentence


def test_only_where_images_come_from_codes(make_model: Callable[..., str], heads: Path) -> None:
    unet = LoadedModel.load(make_model("denoising", settings={}, features=(8, 16), blocks=1), "cpu")
    with pytest.raises(SettingsError, match="another family"):
        compression(encode((heads,), unet, "MR"))
