"""Grids through slices."""

from pathlib import Path

import numpy as np
import pytest

from medae.readers.geometry import grid, position_along_normal, unit_orientation
from medae.readers.series import Header

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def slices(zs: list[float], **changes: object) -> list[Header]:
    given = {"orientation": AXIAL, "pixel_spacing": (0.5, 0.75), "slice_spacing": 3.0, **changes}
    return [Header(Path(f"{n}.dcm"), position=(1.0, 2.0, z), **given) for n, z in enumerate(zs)]  # type: ignore[arg-type]


def test_affine() -> None:
    found = grid(slices([0.0, 2.0, 4.0]))
    expected = [[0, 0, 0.75, 1], [0, 0.5, 0, 2], [2, 0, 0, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(found.affine, expected)
    assert found.warnings == ()


def test_one_slice_uses_its_thickness() -> None:
    assert grid(slices([5.0])).affine[2, 0] == 3.0


@pytest.mark.parametrize("zs", [[0.0, 0.62, 1.25, 1.87, 2.5], [0.0, 2.505, 5.0, 7.5]])
def test_rounded_positions_are_even(zs: list[float]) -> None:
    assert grid(slices(zs)).warnings == ()


def test_uneven_and_gap() -> None:
    assert "Uneven spacing: 2.20 mm between 1.dcm and 2.dcm" in grid(slices([0, 2, 4.2, 6.2])).warnings[0]
    gap = grid(slices([0, 2, 4, 10, 12]))
    assert "Gap of 6.00 mm between 2.dcm and 3.dcm" in gap.warnings[0]
    assert gap.affine[2, 0] == 2.0


def test_orientation() -> None:
    assert unit_orientation((2.0, 0, 0, 0, 1, 0)) == AXIAL
    assert unit_orientation((0.0, 0, 0, 0, 1, 0)) is None
    assert unit_orientation((1.0, 0, 0, 1, 0, 0)) is None


def test_along_normal_is_the_cross_product() -> None:
    generator = np.random.default_rng(0)
    q, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    orientation, position = (*q[:, 0], *q[:, 1]), generator.normal(size=3)
    assert position_along_normal(position, orientation) == pytest.approx(np.cross(q[:, 0], q[:, 1]) @ position)
    assert position_along_normal(None, orientation) == 0.0
