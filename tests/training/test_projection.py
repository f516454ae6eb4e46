"""Line integrals of bodies whose integrals are known."""

import numpy as np
import pytest

from medae.errors import UnsupportedVolume
from medae.training.projection import BONE_EXCESS, WATER_PER_MM, line_integrals, radiographs
from medae.volume import HOUNSFIELD, Volume


def _ct(hu: np.ndarray, spacing: tuple[float, float, float] = (4.0, 1.0, 1.0)) -> Volume:
    affine = np.diag([*spacing[::-1], 1.0])[:, [2, 1, 0, 3]]
    return Volume(hu.astype(np.int16), affine, modality="CT", unit=HOUNSFIELD)


def _ellipse(rows: float, columns: float, inside: float = 0.0, side: int = 96) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return np.where((y / rows) ** 2 + (x / columns) ** 2 <= 1, inside, -1000.0)


def test_water_attenuates_by_the_length_of_the_way() -> None:
    volume = _ct(np.stack([_ellipse(20, 40)] * 4), (4.0, 0.5, 0.5))
    front, side = line_integrals(volume, (0, 90))
    assert front.shape == side.shape == (4, 96)
    assert front[2, 46:50].mean() == pytest.approx(WATER_PER_MM * 2 * 20 * 0.5, rel=0.03)
    assert side[2, 46:50].mean() == pytest.approx(WATER_PER_MM * 2 * 40 * 0.5, rel=0.03)
    assert front[:, 2].max() == 0  # beside the body


def test_the_total_is_the_same_from_all_sides() -> None:
    volume = _ct(np.stack([_ellipse(25, 30)] * 3))
    totals = line_integrals(volume, (0, 30, 45, 90, -60)).sum(axis=(1, 2))
    assert totals == pytest.approx([totals[0]] * 5, rel=0.01)


def test_bone_absorbs_more_than_its_density_says() -> None:
    bone = line_integrals(_ct(np.stack([_ellipse(30, 30, 1000)] * 2)), [0])
    water = line_integrals(_ct(np.stack([_ellipse(30, 30)] * 2)), [0])
    assert bone.max() / water.max() == pytest.approx(2 + BONE_EXCESS * 0.88, rel=0.01)


def test_what_lies_beside_the_patient_is_left_out() -> None:
    slices = np.stack([_ellipse(25, 30)] * 2)
    with_table = slices.copy()
    with_table[:, 85:87, 20:70] = 200
    np.testing.assert_array_equal(line_integrals(_ct(with_table), [0]), line_integrals(_ct(slices), [0]))


def test_radiographs_have_square_pixels_and_one_slice_per_direction() -> None:
    wide = np.stack([np.pad(_ellipse(20 + k, 30), ((0, 0), (8, 8)), constant_values=-1000) for k in range(6)])
    made = radiographs(_ct(wide), (0, 90, 45))
    assert made.shape == (3, 24, 112)
    assert made.modality == "DX"
    assert made.spacing[1:] == pytest.approx((1.0, 1.0))
    assert made.array.min() >= 0
    rising = made.array[0, 2:-2, 56]
    assert (np.diff(rising) > 0).all()  # the body grows from slice to slice, and so does its shadow, smoothly


def test_only_ct_of_square_pixels() -> None:
    with pytest.raises(UnsupportedVolume, match="only CT"):
        line_integrals(Volume(np.zeros((2, 8, 8)), np.eye(4), modality="MR"), [0])
    with pytest.raises(UnsupportedVolume, match="square"):
        line_integrals(_ct(np.zeros((2, 8, 8)), (1.0, 1.0, 2.0)), [0])
