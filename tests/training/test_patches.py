"""Patches: where they lie, and that their number decides all."""

import numpy as np
import pytest
import torch

from medae.training.cache import Scan, with_ct_noise
from medae.training.patches import SHOWN, TRAINING, VALIDATION, Patches, batch_of, batches
from medae.training.recipe import Recipe


def _recipe(**changes: object) -> Recipe:
    fields = {"name": "x", "title": "x", "task": "denoise", "modality": "MR", "data": [], "patch_size": 32}
    return Recipe.model_validate({**fields, **changes})


@pytest.fixture
def scan() -> Scan:
    images = np.zeros((10, 80, 96), np.float32)
    images[:, 20:60, 30:80] = np.random.default_rng(0).uniform(0.4, 0.8, (10, 40, 50)).astype(np.float32)
    return Scan(images, np.ones(images.shape, bool), images > 0, (3.0, 1.0, 1.0))


def test_shapes_in_two_and_three_dimensions(scan: Scan) -> None:
    flat = batch_of(Patches([scan], _recipe(), (3, 2)), 0, 4)
    assert flat["input"].shape == (4, 3, 32, 32)
    assert flat["target"].shape == flat["weight"].shape == (4, 1, 32, 32)
    for task in ("denoise", "anomaly", "reconstruct"):
        block = batch_of(Patches([scan], _recipe(task=task, patch_size=(8, 16, 32)), (1, 3)), 0, 2)
        assert block["input"].shape == block["target"].shape == block["weight"].shape == (2, 1, 8, 16, 32)


@pytest.mark.parametrize("task", ["denoise", "anomaly", "reconstruct"])
def test_the_number_decides_all(scan: Scan, task: str) -> None:
    one, two = (Patches([scan], _recipe(task=task), (3, 2)) for _ in range(2))
    batch_of(one, 0, 3)  # what was drawn before does not count
    for key in ("input", "target", "weight"):
        assert torch.equal(one[7, 1][key], two[7, 1][key])
    assert not torch.equal(one[7, 1]["input"], one[7, 2]["input"])
    assert not torch.equal(one[7, 1]["input"], one[8, 1]["input"])


def test_seeds_processes_and_purposes_draw_differently(scan: Scan) -> None:
    def sum_of(seed: int, rank: int, purpose: int) -> float:
        return float(Patches([scan], _recipe(seed=seed), (3, 2), rank=rank, purpose=purpose)[0, 0]["input"].sum())

    sums = {sum_of(s, r, p) for s, r, p in ((0, 0, TRAINING), (1, 0, TRAINING), (0, 1, TRAINING))}
    sums |= {sum_of(0, 0, purpose) for purpose in (VALIDATION, SHOWN)}
    assert len(sums) == 5


def test_batches_go_on_from_any_step_and_with_workers(scan: Scan) -> None:
    patches = Patches([scan], _recipe(), (3, 2))
    later = list(batches(patches, 3, 5, 2))
    assert len(later) == 2
    assert torch.equal(later[0]["input"][1], patches[3, 1]["input"])
    spread = list(batches(patches, 3, 5, 2, workers=1))
    assert all(torch.equal(a["input"], b["input"]) for a, b in zip(later, spread, strict=True))


def test_patches_avoid_air(scan: Scan) -> None:
    patches = Patches([scan], _recipe(task="reconstruct"), (1, 2), purpose=VALIDATION)
    shares = [float((patches[n, 0]["target"] > 0).float().mean()) for n in range(40)]
    assert min(shares) > 0.28
    everywhere = Scan(scan.images, scan.trusted, np.ones_like(scan.body), scan.spacing)
    careless = Patches([everywhere], _recipe(task="reconstruct"), (1, 2), purpose=VALIDATION)
    assert min(float((careless[n, 0]["target"] > 0).float().mean()) for n in range(40)) < 0.2


def test_patches_reach_every_slice_with_mirrored_neighbours() -> None:
    images = np.arange(1, 5, dtype=np.float32)[:, None, None] * np.ones((4, 32, 32), np.float32)
    scan = Scan(images, np.ones(images.shape, bool), np.ones(images.shape, bool), (3.0, 1.0, 1.0))
    patches = Patches([scan], _recipe(task="reconstruct"), (3, 2), purpose=VALIDATION)
    stacks = {tuple(patches[n, 0]["input"][:, 16, 16].tolist()) for n in range(60)}
    assert stacks == {(2.0, 1.0, 2.0), (1.0, 2.0, 3.0), (2.0, 3.0, 4.0), (3.0, 4.0, 3.0)}


@pytest.mark.parametrize(("task", "beyond"), [("anomaly", True), ("denoise", False)])
def test_what_is_at_the_edge_of_a_slice_is_shown_inside_patches_of_anomalies(task: str, *, beyond: bool) -> None:
    full = np.ones((4, 80, 80), np.float32)
    scan = Scan(full, np.ones(full.shape, bool), full > 0, (3.0, 1.0, 1.0))
    patches = Patches([scan], _recipe(task=task), (1, 2), purpose=VALIDATION)
    airy = [
        bool((patches[n, 0]["weight"][0, :, (0, -1)] < patches[n, 0]["weight"].max() / 10).any()) for n in range(40)
    ]
    assert any(airy) == beyond


def test_small_scans_are_padded_with_air(scan: Scan) -> None:
    cut = (slice(0, 1), slice(20, 40), slice(30, 50))
    small = Scan(scan.images[cut], scan.trusted[cut], scan.body[cut], scan.spacing)
    batch = batch_of(Patches([small], _recipe(task="reconstruct"), (3, 2)), 0, 4)
    assert batch["input"].shape == (4, 3, 32, 32)
    assert (batch["input"] == 0).any()


def test_images_masks_and_noise_turn_alike() -> None:
    ramp = np.broadcast_to(np.arange(1, 33, dtype=np.float32)[:, None], (3, 32, 32)).copy()
    trusted = ramp <= 16
    scan = Scan(ramp, trusted, np.ones(ramp.shape, bool), (3.0, 1.0, 1.0))
    patches = Patches([scan], _recipe(task="reconstruct"), (1, 2), purpose=VALIDATION)
    for n in range(12):
        sample = patches[n, 0]
        assert torch.equal(sample["weight"] == 1, sample["target"] <= 16)


def test_ct_patches_take_the_stored_noise(scan: Scan) -> None:
    noisy = with_ct_noise([scan], seed=0, draws=2)
    assert noisy[0].noise.shape == (2, 10, 80, 96)
    batch = batch_of(Patches(noisy, _recipe(modality="CT"), (3, 2)), 0, 8)
    assert (batch["input"] >= 0).all()
    assert not torch.equal(batch["input"][:, 1:2], batch["target"])


def test_a_scan_without_a_body_can_still_be_cut() -> None:
    empty = np.zeros((2, 40, 40), np.float32)
    scan = Scan(empty, np.ones(empty.shape, bool), empty > 0, (3.0, 1.0, 1.0))
    assert batch_of(Patches([scan], _recipe(task="anomaly"), (1, 2)), 0, 2)["input"].shape == (2, 1, 32, 32)
