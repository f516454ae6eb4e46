"""What a denoiser has seen."""

import numpy as np
import pytest

from medae import phantom
from medae.training.cache import PHANTOM, Scan
from medae.training.noise import rician
from medae.training.recipe import Recipe
from medae.training.seen import own_noise, seen


def _scan(level: float, digest: str, patient: str = "one", spacing: float = 1.0) -> Scan:
    made = phantom.head("T1", shape=(6, 128, 128), spacing=(6.0, 1.6, 1.6), seed=1).volume.values()
    images = rician(made / np.percentile(made, 99.9), level, seed=2)
    there = np.ones(images.shape, bool)
    return Scan(images, there, there, (6.0, spacing, spacing), patient=patient, digest=digest)


def _recipe(modality: str) -> Recipe:
    return Recipe.model_validate({"name": "x", "title": "x", "task": "denoise", "modality": modality})


def test_own_noise_is_the_median_of_the_scans_each_counted_once() -> None:
    scans = [_scan(0.02, "a"), _scan(0.02, "a"), _scan(0.05, "b"), _scan(0.08, "c"), _scan(0.3, "d", PHANTOM)]
    assert own_noise(scans, "MR") == pytest.approx(0.05, rel=0.2)


def test_phantoms_alone_have_none() -> None:
    assert own_noise([_scan(0.1, "d", PHANTOM)], "MR") == 0.0


def test_the_domain_is_a_little_wider_than_what_was_seen() -> None:
    settings = seen([_scan(0.02, "a", spacing=0.6), _scan(0.02, "b", spacing=1.0)], _recipe("MR"))
    assert settings["domain"] == {"pixel_spacing": [0.5, 1.2]}


def test_radiographs_state_no_spacing() -> None:
    assert "domain" not in seen([_scan(0.02, "a")], _recipe("DX"))
