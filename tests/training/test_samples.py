"""Patches: corrupted inputs, clean targets, weights."""

import numpy as np
import pytest
import torch

from medae.training.recipe import Recipe
from medae.training.samples import AnomalySamples, DenoisingSamples, Scan, bright_regions, with_ct_noise


def _recipe(**changes: object) -> Recipe:
    fields = {
        "name": "x",
        "title": "x",
        "task": "denoise",
        "modality": "MR",
        "data": [],
        "batch_size": 24,
        "patch_size": 32,
    }
    return Recipe.model_validate({**fields, **changes})


@pytest.fixture
def scan() -> Scan:
    images = np.zeros((4, 40, 48), np.float32)
    images[:, 4:36, 4:44] = np.random.default_rng(0).uniform(0.4, 0.8, (4, 32, 40))
    return Scan(images, np.ones(images.shape, bool), images > 0, (3.0, 1.0, 1.0))


def test_mr_patches_are_noisy_inputs_with_clean_targets(scan: Scan) -> None:
    batch = DenoisingSamples([scan], _recipe(), 3).batch()
    assert batch["input"].shape == (24, 3, 32, 32)
    assert batch["target"].shape == batch["weight"].shape == (24, 1, 32, 32)
    added = (batch["input"][:, 1:2] - batch["target"]).abs().mean(dim=(1, 2, 3))
    assert (added > 0).sum() > 12
    assert ((added * batch["weight"].mean(dim=(1, 2, 3))) <= 0.05).all()  # mild and strong noise count alike


def test_ct_patches_take_the_stored_noise(scan: Scan) -> None:
    noisy = with_ct_noise([scan], seed=0, draws=2)
    assert noisy[0].noise.shape == (4, 2, 40, 48)
    batch = DenoisingSamples(noisy, _recipe(modality="CT"), 3).batch()
    assert (batch["input"] >= 0).all()
    assert not torch.equal(batch["input"][:, 1:2], batch["target"])


def test_anomaly_patches_differ_from_their_targets_only_inside_the_body(scan: Scan) -> None:
    batch = AnomalySamples([scan], _recipe(task="anomaly"), 1).batch()
    difference = (batch["input"] - batch["target"]).abs()
    outside = batch["weight"] < 0.1
    assert difference[outside].max() == pytest.approx(0.0, abs=1e-6)
    assert difference.max() > 0.05


def test_what_is_not_trusted_has_no_weight(scan: Scan) -> None:
    blind = Scan(scan.images, np.zeros(scan.images.shape, bool), scan.body, scan.spacing)
    assert AnomalySamples([blind], _recipe(task="anomaly"), 1).batch()["weight"].max() == 0


def test_small_scans_are_padded(scan: Scan) -> None:
    small = Scan(scan.images[:, :20, :20], scan.trusted[:, :20, :20], scan.body[:, :20, :20], scan.spacing)
    assert DenoisingSamples([small], _recipe(), 3).batch()["input"].shape == (24, 3, 32, 32)


def test_bright_regions_are_found_and_grown() -> None:
    images = np.random.default_rng(0).normal(0.5, 0.02, (2, 40, 40)).astype(np.float32)
    images[1, 18:22, 18:22] = 0.9
    found = bright_regions(images, np.ones(images.shape, bool), 6.0)
    assert found[1, 20, 20]
    assert found[1, 16, 20]
    assert found.mean() < 0.1
