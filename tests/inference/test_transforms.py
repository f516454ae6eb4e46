"""Preparation and its way back."""

from itertools import permutations, product

import numpy as np
import pytest

from medae import phantom
from medae.inference.transforms import OrientAxiald, ResampleSlicesd, bias_field, preparation, resampled
from medae.volume import spacing_of


def test_every_orientation_becomes_axial_and_comes_back() -> None:
    image = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    axial = np.array([[0, 0, 1.0, -3], [0, 1.5, 0, 7], [2.0, 0, 0, 11], [0, 0, 0, 1]])
    for axes, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        turned, affine = image.transpose(axes)[tuple(slice(None, None, s) for s in signs)], np.eye(4)
        for n, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
            affine[:3, n] = sign * axial[:3, axis]
            affine[:3, 3] += axial[:3, axis] * (image.shape[axis] - 1) * (sign < 0)
        affine[:3, 3] += axial[:3, 3]
        step = OrientAxiald("image")
        item = step({"image": turned[None], "affine": affine})
        assert np.array_equal(item["image"][0], image)
        assert np.allclose(item["affine"], axial)
        assert np.array_equal(step.inverse(item)["image"][0], turned)


def test_resampling_keeps_the_field_of_view() -> None:
    affine = np.diag([0.5, 0.7, 0.7, 1.0])
    step = ResampleSlicesd("image", 1.4, 1.0)
    image = np.random.default_rng(0).random((1, 20, 80, 64)).astype(np.float32)
    item = step({"image": image, "affine": affine})
    assert item["image"].shape == (1, 10, 40, 32)
    assert spacing_of(item["affine"]) == pytest.approx((1.0, 1.4, 1.4))
    assert item["affine"][:3, 3] == pytest.approx((0.25, 0.35, 0.35))
    assert step.inverse(item)["image"].shape == image.shape


@pytest.mark.parametrize(("spacing", "found"), [(1.0, 2.0), (1.5, 2.0), (1.9, 1.9), (5.0, 5.0)])
def test_slices_too_close_together_are_resampled_to_the_least_distance(spacing: float, found: float) -> None:
    count = 2 * round(30 / spacing)
    item = {"image": np.ones((1, count, 8, 8), np.float32), "affine": np.diag([spacing, 1.0, 1.0, 1.0])}
    step = ResampleSlicesd("image", None, 2.0)
    resampled_item = step(item)
    assert spacing_of(resampled_item["affine"])[0] == pytest.approx(found, rel=0.02)
    assert step.inverse(resampled_item)["image"].shape == item["image"].shape
    left = ResampleSlicesd("image", None, 0.0)(item)
    assert left["image"].shape == item["image"].shape


def test_thin_slices_are_averaged_as_a_thicker_slice_would_be() -> None:
    image = np.random.default_rng(0).random((1, 12, 6, 6)).astype(np.float32)
    pairs = ResampleSlicesd("image", None, 2.0)({"image": image, "affine": np.diag([1.0, 1.0, 1.0, 1.0])})["image"]
    assert np.allclose(pairs[0], image[0].reshape(6, 2, 6, 6).mean(axis=1), atol=1e-6)
    parts = ResampleSlicesd("image", None, 2.0)({"image": image, "affine": np.diag([1.5, 1.0, 1.0, 1.0])})["image"]
    assert parts.shape[1] == 9
    assert np.allclose(parts[0, 0], image[0, 0] * 0.75 + image[0, 1] * 0.25, atol=1e-6)
    assert np.allclose(parts.mean(axis=1), image.mean(axis=1), atol=1e-6)


def test_a_brain_is_prepared_with_slices_as_far_apart_as_the_model_wants() -> None:
    head = phantom.head("T2", shape=(60, 104, 88), spacing=(2.0, 2.0, 2.0)).volume
    item = preparation("MR", None, "brain", slice_spacing=4.0)(
        {"image": head.values()[None] / 1000, "affine": head.affine}
    )
    assert item["image"].shape[1] == item["mask"].shape[1] == 30


def test_resampled_smooth_images_stay_where_they_are() -> None:
    k, j, i = np.meshgrid(*(np.linspace(0, 1, n) for n in (24, 40, 40)), indexing="ij")
    image = np.sin(3 * k + 2 * j + i).astype(np.float32)[None]
    again = resampled(resampled(image, (12, 30, 20)), (24, 40, 40))
    assert np.abs(again - image)[:, 2:-2, 2:-2, 2:-2].max() < 0.02


def test_a_known_bias_field_is_taken_away() -> None:
    head = phantom.head("T1", shape=(30, 80, 72), spacing=(5.0, 2.5, 2.5), bias_field=0).volume
    values = head.values()
    mask = values > 300
    field = np.linspace(0.7, 1.3, 80, dtype=np.float32)[None, :, None] * np.ones_like(values)
    found = bias_field(values * field, mask, head.spacing) / bias_field(values, mask, head.spacing)
    ratio = (found / field)[mask]
    assert ratio.std() / ratio.mean() < 0.35 * (field[mask].std() / field[mask].mean())


def test_what_is_not_brain_becomes_0() -> None:
    head = phantom.head("FLAIR", shape=(30, 104, 88), spacing=(5.0, 2.0, 2.0)).volume
    steps = preparation("MR", 2.0, "brain")
    item = steps({"image": head.values()[None] / 1000, "affine": head.affine})
    assert item["mask"].any()
    assert not item["image"][~item["mask"]].any()
    assert np.median(item["image"][item["mask"]]) == pytest.approx(0.5)
    assert steps.inverse(item)["image"].shape[1:] == head.shape


def test_ct_is_left_as_it_is() -> None:
    thorax = phantom.thorax(shape=(2, 96, 96), spacing=(20.0, 4.0, 4.0)).volume
    values = (thorax.values() + 1024) / 1000
    item = preparation("CT", None, bias=True)({"image": values[None], "affine": thorax.affine})
    assert np.array_equal(item["image"][0], values)
    assert item["mask"].any()
