"""Volumes: geometry, rescale, padding, immutability."""

import pickle

import numpy as np
import pytest

from medae.provenance import Provenance
from medae.volume import Volume


def oblique() -> np.ndarray:
    """Axes turned by 0.3 rad, spacing 3 × 0.5 × 0.7 mm."""
    c, s = np.cos(0.3), np.sin(0.3)
    directions = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T
    affine = np.eye(4)
    affine[:3, :3] = directions * (3.0, 0.5, 0.7)
    affine[:3, 3] = (-100.0, 20.0, 7.5)
    return affine


def volume(array: np.ndarray, **fields: object) -> Volume:
    return Volume(array, oblique(), **fields)  # type: ignore[arg-type]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_geometry() -> None:
    scan = volume(np.zeros((4, 5, 6), np.int16))
    assert scan.shape == (4, 5, 6)
    assert scan.spacing == pytest.approx((3.0, 0.5, 0.7))
    assert scan.origin == (-100.0, 20.0, 7.5)
    assert scan.voxel_volume == pytest.approx(3 * 0.5 * 0.7)
    np.testing.assert_allclose(scan.direction.T @ scan.direction, np.eye(3), atol=1e-12)


def test_index_and_patient_coordinates_are_inverse(rng: np.random.Generator) -> None:
    scan = volume(np.zeros((4, 5, 6), np.int16))
    np.testing.assert_allclose(scan.to_lps((0, 0, 0)), scan.origin)
    np.testing.assert_allclose(scan.to_lps((1, 0, 0)) - scan.origin, oblique()[:3, 0])
    points = rng.uniform(-50, 50, (7, 2, 3))
    np.testing.assert_allclose(scan.to_index(scan.to_lps(points)), points, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32])
def test_rescale_round_trip_is_exact(dtype: type, rng: np.random.Generator) -> None:
    low, high = max(-2000, np.iinfo(dtype).min), min(4000, np.iinfo(dtype).max)
    array = rng.integers(low, high, (5, 8, 8)).astype(dtype)
    scan = volume(array, rescale_slope=np.linspace(0.5, 3, 5), rescale_intercept=np.linspace(-1024, 10, 5))
    values = scan.values()
    assert values.dtype == np.float32
    np.testing.assert_allclose(values[2], array[2] * scan.rescale_slope[2] + scan.rescale_intercept[2], rtol=1e-5)
    stored, clipped = scan.to_stored(values)
    assert clipped == 0
    assert stored.dtype == dtype
    np.testing.assert_array_equal(stored, array)
    part, _ = scan.to_stored(scan.values(1, 3), start=1)
    np.testing.assert_array_equal(part, array[1:3])


def test_float_volumes_round_trip(rng: np.random.Generator) -> None:
    array = rng.normal(0, 100, (3, 4, 4)).astype(np.float32)
    stored, clipped = volume(array).to_stored(volume(array).values())
    assert clipped == 0
    np.testing.assert_array_equal(stored, array)


def test_a_slope_of_zero_stays_finite() -> None:
    scan = volume(np.ones((2, 3, 3), np.int16), rescale_slope=np.array([0.0]))
    stored, _ = scan.to_stored(scan.values())
    assert np.isfinite(stored).all()


def test_values_beyond_the_range_are_clipped_and_counted() -> None:
    scan = volume(np.full((1, 2, 3), 100, np.int16), stored_range=(0, 4095))
    values = np.array([[[-5, 0, 4095], [4096, 9000, 7.4]]], np.float32)
    stored, clipped = scan.to_stored(values)
    assert clipped == 3
    np.testing.assert_array_equal(stored, [[[0, 0, 4095], [4095, 4095, 7]]])


def test_the_range_of_the_type_where_the_file_names_none() -> None:
    assert volume(np.zeros((1, 1, 1), np.uint8)).stored_range == (0, 255)
    stored, clipped = volume(np.zeros((1, 1, 2), np.uint8)).to_stored(np.array([[[300.0, -1]]], np.float32))
    assert clipped == 2
    np.testing.assert_array_equal(stored, [[[255, 0]]])


@pytest.mark.parametrize(("padding", "low"), [((-2000, -2000), -1000), ((0, 0), 0), ((0, 5), 0)])
def test_padding_stays_bit_for_bit_and_nothing_becomes_padding(
    padding: tuple[float, float], low: int, rng: np.random.Generator
) -> None:
    array = rng.integers(low + 6, 3000, (2, 10, 10)).astype(np.int16)
    array[:, :3] = padding[1]
    scan = volume(array, padding=padding, stored_range=(padding[0], 4095))
    changed = np.full(array.shape, -99999.0, np.float32)
    stored, clipped = scan.to_stored(changed)
    np.testing.assert_array_equal(stored[:, :3], array[:, :3])
    others = stored[:, 3:]
    assert not ((others >= padding[0]) & (others <= padding[1])).any()
    assert clipped == others.size


def test_not_a_number_counts_as_padding() -> None:
    array = np.array([[[np.nan, np.inf, 2.0]]], np.float32)
    scan = volume(array)
    np.testing.assert_array_equal(scan.padding_mask(), [[[True, True, False]]])
    stored, _ = scan.to_stored(np.zeros((1, 1, 3), np.float32))
    np.testing.assert_array_equal(stored, [[[np.nan, np.inf, 0.0]]])


def test_volumes_do_not_change() -> None:
    array = np.zeros((2, 3, 4), np.int16)
    scan = volume(array)
    with pytest.raises(ValueError, match="read-only"):
        scan.array[0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        scan.affine[0, 0] = 1
    with pytest.raises(AttributeError):
        scan.modality = "CT"  # type: ignore[misc]
    assert array.flags.writeable, "the caller's own array is left alone"


def test_with_array_keeps_the_rest() -> None:
    scan = volume(np.zeros((2, 3, 4), np.int16), modality="MR", padding=(0, 0))
    other = scan.with_array(np.ones((2, 3, 4), np.int16))
    assert (other.modality, other.padding, other.provenance) == ("MR", (0, 0), ())
    with pytest.raises(ValueError, match="expected shape"):
        scan.with_array(np.ones((2, 3, 5), np.int16))


def test_with_array_adds_provenance() -> None:
    from datetime import UTC, datetime

    step = Provenance("denoise", "none", "", "", {}, "0", "CPU", datetime(2026, 1, 1, tzinfo=UTC), 0.0)
    scan = volume(np.zeros((2, 3, 4), np.int16))
    twice = scan.with_array(scan.array, step).with_array(scan.array, step)
    assert twice.provenance == (step, step)


@pytest.mark.parametrize(
    ("array", "affine"),
    [
        (np.zeros((3, 4)), np.eye(4)),
        (np.zeros((3, 4, 5)), np.eye(3)),
        (np.zeros((3, 4, 5)), np.full((4, 4), np.nan)),
    ],
)
def test_nonsense_is_refused(array: np.ndarray, affine: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"volume|affine"):
        Volume(array, affine)


def test_a_volume_pickles() -> None:
    scan = volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4), modality="CT", padding=(-5, -5))
    again = pickle.loads(pickle.dumps(scan))
    np.testing.assert_array_equal(again.array, scan.array)
    np.testing.assert_array_equal(again.affine, scan.affine)
    assert again.padding == scan.padding
