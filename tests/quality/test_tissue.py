"""Means by tissue class."""

import numpy as np
import pytest

from medae.quality.tissue import THIRDS, tissue_bias
from tests.quality.conftest import Images, white


def bands() -> Images:
    """Air, lung, fat, muscle and bone side by side: (2, 40, 200)."""
    return np.broadcast_to(np.repeat([-1000, -800, -100, 50, 700], 40), (2, 40, 200)).astype(np.float32)


def test_bias_of_each_class_is_measured_under_noise() -> None:
    before = bands() + 20 * white((2, 40, 200))
    after = bands() + np.repeat([0, 0, 2.0, -1.5, 10], 40).astype(np.float32)
    found = {t.name: t for t in tissue_bias(before, after, np.ones(before.shape, bool), "CT")}
    assert list(found) == ["air", "lung", "fat", "soft tissue", "bone"]
    expected = {"air": 0, "lung": 0, "fat": 2, "soft tissue": -1.5, "bone": 10}
    for name, bias in expected.items():
        assert found[name].bias == pytest.approx(bias, abs=2.0)
        assert found[name].bias == found[name].mean_after - found[name].mean_before


def test_blurred_edges_are_no_bias() -> None:
    from scipy import ndimage

    before = bands()
    blurred = ndimage.gaussian_filter(before, (0, 1, 1))
    for tissue in tissue_bias(before, blurred, np.ones(before.shape, bool), "CT"):
        assert abs(tissue.bias) < 1


def test_thirds_where_values_mean_nothing() -> None:
    before = np.broadcast_to(np.repeat([100, 200, 300], 40), (1, 40, 120)).astype(np.float32) + white((1, 40, 120))
    found = tissue_bias(before, before * np.float32(1.1), np.ones(before.shape, bool), "MR")
    assert tuple(t.name for t in found) == THIRDS
    assert [t.bias for t in found] == pytest.approx([10, 20, 30], rel=0.05)


def test_mask_and_small_classes() -> None:
    before = bands()
    mask = np.ones(before.shape, bool)
    mask[:, :, :120] = False
    assert [t.name for t in tissue_bias(before, before, mask, "CT")] == ["soft tissue", "bone"]
    assert tissue_bias(before, before, ~mask & mask, "CT") == ()
    assert tissue_bias(before[:, :3, :4], before[:, :3, :4], mask[:, :3, :4], "CT") == ()
