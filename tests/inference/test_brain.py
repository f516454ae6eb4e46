"""The brain in a head."""

import numpy as np
import pytest

from medae import phantom
from medae.inference.brain import brain_mask

SHAPE, SPACING = (44, 104, 88), (3.5, 2.0, 2.0)


@pytest.mark.parametrize("contrast", ["T1", "T2", "FLAIR"])
def test_most_of_the_brain_and_little_else_is_found(contrast: str) -> None:
    head = phantom.head(contrast, shape=SHAPE, spacing=SPACING, seed=3)
    mask = brain_mask(head.volume.values(), head.volume.spacing)
    litres = mask.sum() * head.volume.voxel_volume / 1e6
    assert 0.9 < litres < 2.2
    truth = phantom.head("T1", shape=SHAPE, spacing=SPACING, seed=3, bias_field=0).volume.values()
    white = (truth > 800) & (truth < 900)  # white matter, and a little of the scalp's blur
    inner = white.copy()
    inner[:, :25] = inner[:, 80:] = False
    assert mask[inner].mean() > 0.85
    corner = np.zeros(SHAPE, bool)
    corner[:, :8] = corner[:, -4:] = True
    assert not mask[corner].any()


def test_a_brain_without_skull_is_kept() -> None:
    head = phantom.head("FLAIR", shape=SHAPE, spacing=SPACING, seed=3).volume
    values = head.values()
    alone = values * brain_mask(values, head.spacing)
    again = brain_mask(alone, head.spacing)
    overlap = 2 * (again & (alone > 0)).sum() / (again.sum() + (alone > 0).sum())
    assert overlap > 0.9


def test_an_empty_scan_has_no_brain() -> None:
    assert not brain_mask(np.zeros((10, 40, 40), np.float32), (3.0, 2.0, 2.0)).any()
    assert not brain_mask(np.zeros((1, 8, 8), np.float32), (1.0, 1.0, 1.0)).any()


def test_of_a_thin_slab_the_head_without_its_rim_is_taken() -> None:
    head = phantom.head("T1", shape=(3, 104, 88), spacing=(5.0, 2.0, 2.0)).volume
    values = head.values()
    mask = brain_mask(values, head.spacing)
    shown = values > 0.1 * np.percentile(values, 98)
    assert 0.3 < mask.sum() / shown.sum() < 0.95
    assert not mask[:, :6].any()


def test_a_skull_thinner_than_the_grid_keeps_the_neck_out() -> None:
    side = 0.9
    k, j, i = (np.arange(n) * side - c for n, c in ((250, 125.0), (240, 108.0), (190, 85.0)))
    away = np.sqrt(((k[:, None, None]) / 0.85) ** 2 + (j[None, :, None]) ** 2 + (i[None, None, :] / 0.8) ** 2)
    head = np.where(away < 76, 165.0, np.where(away < 77.5, 20.0, np.where(away < 85, 240.0, 0.0)))
    neck = np.hypot(j[None, :, None], i[None, None, :]) < 55
    head = np.where((away >= 77.5) & (k[:, None, None] < 0) & neck, 200.0, head)
    noisy = np.abs(head + np.random.default_rng(0).normal(0, 4, head.shape)).astype(np.float32)
    mask, brain = brain_mask(noisy, (side, side, side)), away < 76
    assert mask[brain].mean() > 0.9
    assert (mask & ~brain).sum() < 0.1 * brain.sum()
