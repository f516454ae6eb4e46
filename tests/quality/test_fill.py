"""What a scan was filled with."""

import numpy as np
import pytest

from medae.quality.fill import fill_value, filled


def noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape).astype(np.float32)


@pytest.mark.parametrize("value", [0.7, 0.0, -1000.0])
def test_the_fill_is_found_at_the_edge_only(value: float) -> None:
    image = noise((40, 50))
    assert fill_value(image[None]) is None
    expected = np.ones(image.shape, bool)
    expected[5:30, :45] = False  # what is shown touches one edge
    image[expected] = value
    image[10:20, 10:20] = value  # not filled: inside of what is shown
    assert fill_value(image[None]) == np.float32(value)
    assert np.array_equal(filled(image, value), expected)


def test_a_constant_slice_shows_that() -> None:
    assert not filled(np.full((8, 9), 0.5, np.float32), 0.5).any()


def test_one_value_holds_for_all_slices_of_a_turned_scan() -> None:
    images = noise((3, 64, 64))
    for k, wide in enumerate((10, 30, 40)):
        images[k][np.add.outer(np.arange(64), np.arange(64)) < wide] = 0.25
    value = fill_value(images)
    assert value == 0.25
    assert filled(images[0], value).sum() < filled(images[2], value).sum()
    assert filled(images[0], value)[0, 0]


@pytest.mark.parametrize("part", [0.5, 0.9, 0.97])
def test_noise_that_is_cut_off_at_a_value_is_no_fill(part: float) -> None:
    images = np.minimum(noise((2, 128, 128)), np.float32(1 - part))
    assert fill_value(images) is None


def test_beside_noise_that_is_cut_off_only_what_is_solid_is_filled() -> None:
    image = np.full((128, 128), 1.0, np.float32)
    image[40:90, 40:90] = np.minimum(noise((50, 50)), np.float32(0.4)) + np.float32(0.6)  # more than half at the top
    found = filled(image, 1.0)
    assert found[:38].all()
    assert not found[45:85, 45:85].any()


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 7), (2, 3, 2), (0, 8, 8)])
def test_tiny_scans_have_no_fill_that_is_wrong(shape: tuple[int, int, int]) -> None:
    images = np.full(shape, np.nan, np.float32)
    assert fill_value(images) is None
    images[:] = 7.0
    assert not any(filled(image, 7.0).any() for image in images)


def test_what_is_not_finite_is_no_fill() -> None:
    images = noise((1, 30, 30))
    images[:, :10] = np.nan
    assert fill_value(images) is None
