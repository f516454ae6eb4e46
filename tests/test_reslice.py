"""Planes of a volume on the screen."""

import numpy as np
import pytest

from medae.reslice import Letters, PlaneName, plane_of, slice_values, voxel_value
from medae.volume import Volume

SPACING = (5.0, 2.0, 1.0)


def volume(directions: list[tuple[float, float, float]], **changes: object) -> Volume:
    """Volume of shape (3, 4, 5) whose array axes run along the given LPS directions."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(directions, dtype=float).T * SPACING
    array = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    return Volume(array, affine, **{"modality": "MR", **changes})  # type: ignore[arg-type]


AXIAL = [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
SAGITTAL = [(1, 0, 0), (0, 0, -1), (0, 1, 0)]
CORONAL = [(0, 1, 0), (0, 0, -1), (1, 0, 0)]
RAS = [(0, 0, 1), (0, -1, 0), (-1, 0, 0)]


@pytest.mark.parametrize(
    ("directions", "name", "letters"),
    [
        (AXIAL, "axial", Letters("R", "L", "A", "P")),
        (SAGITTAL, "sagittal", Letters("A", "P", "H", "F")),
        (CORONAL, "coronal", Letters("R", "L", "H", "F")),
        (RAS, "axial", Letters("R", "L", "A", "P")),
    ],
)
def test_acquisition_plane_and_letters(directions: list, name: str, letters: Letters) -> None:
    plane = plane_of(volume(directions))
    assert plane.name == name
    assert plane.normal == 0
    assert plane.letters == letters


@pytest.mark.parametrize("directions", [AXIAL, SAGITTAL, CORONAL, RAS])
@pytest.mark.parametrize(
    ("name", "right", "down"),
    [("axial", (1, 0, 0), (0, 1, 0)), ("coronal", (1, 0, 0), (0, 0, -1)), ("sagittal", (0, 1, 0), (0, 0, -1))],
)
def test_screen_directions_are_radiological(directions: list, name: PlaneName, right: tuple, down: tuple) -> None:
    scan = volume(directions)
    plane = plane_of(scan, name)
    corner, across, below = (scan.to_lps(plane.to_index(1, *at)) for at in ((1, 1), (1, 2), (2, 1)))
    np.testing.assert_allclose(across - corner, np.array(right) * plane.spacing[2])
    np.testing.assert_allclose(below - corner, np.array(down) * plane.spacing[1])


@pytest.mark.parametrize("name", ["acquisition", "axial", "coronal", "sagittal"])
def test_slices_agree_with_indices_both_ways(name: PlaneName) -> None:
    scan = volume(RAS)
    plane = plane_of(scan, name)
    image = slice_values(scan, plane, 2)
    assert image.shape == plane.shape[1:]
    index = plane.to_index(2, 0, 1)
    assert image[0, 1] == scan.array[index]
    assert plane.to_screen(index) == (2, 0, 1)


def test_an_acquisition_slice_is_a_view() -> None:
    scan = volume(AXIAL)
    assert np.shares_memory(plane_of(scan, "sagittal").take(scan.array, 1), scan.array)


@pytest.mark.parametrize("name", ["acquisition", "coronal", "sagittal"])
def test_values_use_the_rescale_of_each_slice_and_mark_padding(name: PlaneName) -> None:
    slope, intercept = np.array([1.0, 2.0, 3.0]), np.array([0.0, 10.0, 20.0])
    scan = volume(AXIAL, rescale_slope=slope, rescale_intercept=intercept, padding=(25.0, 27.0))
    expected = scan.values()
    expected[scan.padding_mask()] = np.nan
    plane = plane_of(scan, name)
    np.testing.assert_array_equal(slice_values(scan, plane, 1), plane.take(expected, 1))
    np.testing.assert_array_equal(slice_values(scan, plane, 1, step=2), plane.take(expected, 1)[::2, ::2])


def test_voxel_value() -> None:
    scan = volume(AXIAL, rescale_slope=np.array([1.0, 2.0, 3.0]), padding=(0.0, 0.0))
    assert voxel_value(scan, (2, 0, 1)) == 3.0 * 41
    assert np.isnan(voxel_value(scan, (0, 0, 0)))


def test_oblique_directions_get_two_letters() -> None:
    c, s = np.cos(np.pi / 6), 0.5
    plane = plane_of(volume([(0, 0, 1), (-s, c, 0), (c, s, 0)]))
    assert plane.name == "axial"
    assert plane.letters == Letters("RA", "LP", "AL", "PR")


def test_projections_are_shown_as_stored() -> None:
    scan = volume(RAS, modality="DX")
    plane = plane_of(scan, "coronal")
    assert plane.name == "projection"
    assert plane.letters == Letters()
    np.testing.assert_array_equal(plane.take(scan.array, 0), scan.array[0])


def test_what_lies_nowhere_in_the_patient_has_no_letters() -> None:
    plane = plane_of(volume(CORONAL, modality="US", placed=False), "axial")
    assert (plane.name, plane.letters, plane.normal) == ("projection", Letters(), 0)


def test_only_planes_across_a_tilt_are_slanted() -> None:
    lean = np.sin(np.deg2rad(20))
    tilted = volume([(0, 0, 1), (0, np.cos(np.deg2rad(20)), lean), (1, 0, 0)])
    assert [plane_of(tilted, name).slant for name in ("axial", "coronal")] == [0.0, 0.0]
    assert plane_of(tilted, "sagittal").slant == pytest.approx(-lean)
    rounded = volume([(0, 0, 1), (0, 1, 0.0004), (1, 0, 0)])
    assert plane_of(rounded, "sagittal").slant == 0.0
