"""Scales, masks, neighbours."""

from dataclasses import replace

import numpy as np
import pytest

from medae import phantom
from medae.errors import UnsupportedVolume
from medae.inference.prepare import (
    Frame,
    IntensityScale,
    body_mask,
    intensity_scale,
    neighbours,
    network_values,
    refuse_colour,
    standardised,
    to_pixel_spacing,
)
from medae.volume import Volume


def test_ct_is_scaled_by_hounsfield_units_whatever_the_scan() -> None:
    stored = np.full((1, 4, 4), 24, np.int16)
    volume = Volume(array=stored, affine=np.eye(4), modality="CT", rescale_intercept=np.array([-1024.0]))
    assert network_values(volume, intensity_scale(volume)) == pytest.approx(0.024)


def test_mr_scale_ignores_padding_and_infinity() -> None:
    values = np.linspace(1, 100, 400, dtype=np.float32).reshape(1, 20, 20)
    plain = intensity_scale(Volume(array=values, affine=np.eye(4), modality="MR")).scale
    spoilt = values.copy()
    spoilt[0, 0, :5] = 1e9
    spoilt[0, 0, 5] = np.inf
    scale = intensity_scale(Volume(array=spoilt, affine=np.eye(4), modality="MR", padding=(1e9, 1e9))).scale
    assert scale == pytest.approx(plain, rel=0.02)


def test_what_is_not_finite_or_negative_becomes_zero() -> None:
    scaled = IntensityScale(0.0, 2.0).apply(np.array([np.nan, np.inf, -3.0, 4.0], np.float32))
    assert scaled.tolist() == [0.0, 0.0, 0.0, 2.0]


@pytest.mark.parametrize(
    ("index", "slices", "expected"), [(0, 5, [1, 0, 1]), (4, 5, [3, 4, 3]), (2, 5, [1, 2, 3]), (0, 1, [0, 0, 0])]
)
def test_neighbours_are_mirrored(index: int, slices: int, expected: list[int]) -> None:
    assert neighbours(index, 3, slices) == expected


@pytest.mark.parametrize("part", ["thorax", "head"])
def test_body_mask_keeps_the_patient_and_leaves_air(part: str) -> None:
    if part == "thorax":
        volume = phantom.thorax(shape=(3, 96, 96), spacing=(40, 4, 4)).volume
    else:
        volume = phantom.head("T1", shape=(3, 96, 80), spacing=(20, 2.4, 2.4)).volume
    images = network_values(volume, intensity_scale(volume))
    mask = body_mask(images, volume.modality)
    assert mask[1, mask.shape[1] // 2, mask.shape[2] // 2]
    assert not mask[:, :2, :2].any()
    assert 0.15 < mask.mean() < 0.85


def test_mr_is_standardised_to_its_median() -> None:
    images = np.full((1, 8, 8), 3.0, np.float32)
    assert standardised(images, np.ones(images.shape, bool), "MR") == pytest.approx(0.5)
    assert np.array_equal(standardised(images, np.ones(images.shape, bool), "CT"), images)


def test_resampling_keeps_the_field_of_view() -> None:
    resampled = to_pixel_spacing(np.ones((2, 100, 80), np.float32), (5.0, 0.5, 0.5), 1.0)
    assert resampled.shape == (2, 50, 40)


@pytest.mark.parametrize("size", [(8, 8), (40, 12), (64, 80)])
def test_a_frame_is_centred_on_the_body_and_can_be_put_back(size: tuple[int, int]) -> None:
    body = np.zeros((3, 40, 50), bool)
    body[1, 10:20, 30:44] = True
    images = np.random.default_rng(0).random(body.shape).astype(np.float32)
    frame = Frame.around(body, size)
    cut = frame.cut(images)
    assert cut.shape == (3, *size)
    assert (frame.top + size[0] / 2, frame.left + size[1] / 2) == (15, 37)
    back = frame.put_back(cut, (40, 50))
    seen = frame.put_back(np.ones_like(cut), (40, 50)) > 0
    assert np.array_equal(back, np.where(seen, images, 0))
    assert seen[:, 15, 37].all()


def test_without_a_body_the_frame_is_in_the_middle() -> None:
    assert Frame.around(np.zeros((1, 30, 20), bool), (10, 10)) == Frame(10, 5, 10, 10)


def test_colour_is_refused_and_its_brightness_is_not() -> None:
    colour = Volume(np.zeros((1, 4, 4), np.uint8), np.eye(4), colour=np.zeros((1, 4, 4, 3), np.uint8))
    with pytest.raises(UnsupportedVolume, match="colour"):
        refuse_colour(colour)
    refuse_colour(replace(colour, colour=None))
