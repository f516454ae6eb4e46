"""From other grids onto that of the scan; outlines and findings."""

import numpy as np
import pytest

from medae.readers.result_geometry import finding_of, finding_of_points, onto, outline
from medae.volume import Volume

SHAPE = (4, 6, 8)
AFFINE = np.array([[0, 0.1, 0.9, -10], [0, 0.8, -0.1, 5], [2.5, 0, 0, 100], [0, 0, 0, 1.0]])
SCAN = Volume(np.zeros(SHAPE, np.int16), AFFINE)
VALUES = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)


def test_the_same_grid_in_another_order_keeps_values_bit_for_bit() -> None:
    turned = AFFINE[:, [2, 0, 1, 3]]  # axes of the other: columns, slices, rows
    flipped = AFFINE @ np.array([[-1, 0, 0, SHAPE[0] - 1], [0, 1, 0, 0], [0, 0, -1, SHAPE[2] - 1], [0, 0, 0, 1.0]])
    np.testing.assert_array_equal(onto(SCAN, VALUES, AFFINE), VALUES)
    np.testing.assert_array_equal(onto(SCAN, VALUES[::-1, :, ::-1], flipped), VALUES)
    np.testing.assert_array_equal(onto(SCAN, VALUES.transpose(2, 0, 1), turned), VALUES)


def test_a_part_of_the_grid_is_put_in_its_place() -> None:
    part = AFFINE.copy()
    part[:3, 3] = (AFFINE @ [1, 2, 3, 1])[:3]
    found = onto(SCAN, VALUES[1:3, 2:5, 3:7], part)
    np.testing.assert_array_equal(found[1:3, 2:5, 3:7], VALUES[1:3, 2:5, 3:7])
    assert np.count_nonzero(found) == 2 * 3 * 4


def test_a_grid_that_reaches_beyond_is_cut_and_one_elsewhere_gives_nothing() -> None:
    wide = AFFINE.copy()
    wide[:3, 3] = (AFFINE @ [-2, 1, -3, 1])[:3]
    found = onto(SCAN, np.ones((20, 20, 20), np.float32), wide)
    assert found[:, 1:].all()
    assert not found[:, 0].any()
    elsewhere = AFFINE.copy()
    elsewhere[:3, 3] = (AFFINE @ [10, 0, 0, 1])[:3]
    assert not onto(SCAN, VALUES, elsewhere).any()


def test_numbers_of_segments_are_not_mixed() -> None:
    labels = np.zeros((4, 6, 4), np.uint8)
    labels[..., 0], labels[..., 2] = 8, 2
    assert set(np.unique(onto(SCAN, labels, AFFINE @ np.diag([1, 1, 2, 1.0]), nearest=True))) == {0, 2, 8}


def test_a_coarser_grid_is_interpolated() -> None:
    ramp = np.broadcast_to(np.arange(4, dtype=np.float32), (4, 6, 4))
    coarse = AFFINE @ np.diag([1, 1, 2, 1.0])
    np.testing.assert_allclose(onto(SCAN, ramp, coarse)[0, 0, :7], np.arange(7) / 2, atol=1e-6)


@pytest.mark.parametrize("hair", [-1e-9, 1e-9])
def test_outermost_voxels_are_kept_where_rounding_puts_them_outside(hair: float) -> None:
    coarse = AFFINE @ np.diag([1, 1, 2, 1.0])
    coarse[:3, 3] += coarse[:3, :3] @ np.full(3, hair)
    found = onto(SCAN, np.full((4, 6, 4), 5, np.float32), coarse)
    np.testing.assert_allclose(found[..., :7], 5, atol=1e-6)
    numbers = onto(SCAN, np.full((4, 6, 4), 5, np.uint8), coarse, nearest=True)
    assert (numbers[..., :7] == 5).all()


def test_outlines_stay_in_their_slice() -> None:
    mask = np.zeros((3, 5, 5), bool)
    mask[:, :4, 1:4] = True
    drawn = outline(mask)
    assert drawn[1].astype(int).tolist() == [
        [0, 1, 1, 1, 0],
        [0, 1, 0, 1, 0],
        [0, 1, 0, 1, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 0, 0, 0],
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])


def test_a_finding_of_a_mask() -> None:
    mask = np.zeros((3, 4, 4), bool)
    mask[1:, 1:, :] = True
    found = finding_of(7, mask, (0, 1, 3), SCAN)
    assert found.number == 7
    assert found.bounding_box == ((1, 2, 3), (3, 5, 7))
    assert found.voxels == 24
    assert found.volume_mm3 == pytest.approx(24 * SCAN.voxel_volume)
    np.testing.assert_allclose(found.center_lps, SCAN.to_lps((1.5, 3, 4.5)))


def test_a_finding_of_points_is_within_the_scan() -> None:
    ends = SCAN.to_lps(np.array([(0.5, 3, 4), (2.5, 3, 4), (1.5, 1.5, 4), (1.5, 4.5, 4), (1.5, 3, 2.5), (1.5, 3, 6.5)]))
    assert finding_of_points(1, ends, SCAN).bounding_box == ((1, 2, 3), (3, 5, 7))
    outside = finding_of_points(1, SCAN.to_lps(np.array([(50.0, 50, 50), (60, 60, 60)])), SCAN)
    assert outside.bounding_box == ((3, 5, 7), (4, 6, 8))
    assert outside.center_index == (3, 5, 7)
