"""The grid of a stack of slices: affine, and everything about it that is not as it should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

TOLERANCE_MM = 0.01
"""Positions and spacings that differ by less are equal."""

UNEVEN = ("Gap of ", "Uneven spacing: ")
"""How the warnings about missing and unevenly spaced slices begin."""

Vector = NDArray[np.float64]


class Slice(Protocol):
    """What of a header matters here; see `medae.readers.series.Header`."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def position(self) -> tuple[float, ...] | None:
        """ImagePositionPatient, or None."""
        ...

    @property
    def orientation(self) -> tuple[float, ...] | None:
        """Six direction cosines, or None."""
        ...

    @property
    def pixel_spacing(self) -> tuple[float, float]:
        """Millimetres between (rows, columns)."""
        ...

    @property
    def slice_spacing(self) -> float:
        """Millimetres, for a single slice."""
        ...


@dataclass(frozen=True, slots=True)
class Grid:
    """Affine (4, 4) from (k, j, i, 1) to LPS mm, sentences about uneven slices, and whether the place is known."""

    affine: NDArray[np.float64]
    warnings: tuple[str, ...] = ()
    placed: bool = True


@lru_cache(maxsize=256)  # the slices of a series share it
def unit_orientation(values: tuple[float, ...]) -> tuple[float, ...] | None:
    """Give six direction cosines with unit length, None where they are no two perpendicular directions."""
    vectors = np.asarray(values, dtype=np.float64).reshape(2, 3)
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.isfinite(vectors).all() or (lengths < 0.5).any() or (lengths > 2.0).any():
        return None
    vectors = vectors / lengths[:, None]
    if abs(vectors[0] @ vectors[1]) > 0.01:
        return None
    return tuple(float(value) for value in vectors.ravel())


def _normal(orientation: Sequence[float]) -> Vector:
    return np.cross(np.asarray(orientation[:3]), np.asarray(orientation[3:]))


def position_along_normal(position: Sequence[float] | None, orientation: Sequence[float] | None) -> float:
    """Millimetres along the slice normal; 0 where the place is unknown."""
    if position is None or orientation is None:
        return 0.0
    a, b, c, d, e, f = orientation
    x, y, z = position
    return (b * f - c * e) * x + (c * d - a * f) * y + (a * e - b * d) * z


def grid(slices: Sequence[Slice]) -> Grid:
    """Lay a grid through slices that are in order and share orientation and pixel spacing.

    The step between slices is measured from their positions; a gantry tilt stays in the affine as a
    shear. With gaps or uneven steps the usual step is taken, and a warning names the files.
    """
    first = slices[0]
    row_mm, column_mm = first.pixel_spacing
    orientation = first.orientation or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    normal = _normal(orientation)
    affine = np.eye(4)
    affine[:3, 1] = np.asarray(orientation[3:]) * row_mm
    affine[:3, 2] = np.asarray(orientation[:3]) * column_mm
    affine[:3, 0] = normal * first.slice_spacing
    if first.position is None or first.orientation is None:
        unknown = ("Slices have no position: sorted by InstanceNumber, their spacing is a guess.",)
        return Grid(affine, unknown if len(slices) > 1 else (), placed=False)
    affine[:3, 3] = first.position
    if len(slices) == 1:
        return Grid(affine)
    places = np.array([item.position for item in slices], dtype=np.float64)
    steps = np.diff(places, axis=0)
    along = steps @ normal
    usual = float(np.median(along))
    warnings = _spacing_warnings(slices, along, usual)
    step = (places[-1] - places[0]) / (len(slices) - 1) if not warnings else np.median(steps, axis=0)
    sideways = step - (step @ normal) * normal
    count = np.arange(len(slices))[:, None]
    offsets = places - places[0] - count * ((step @ normal) * normal)
    if np.abs(offsets).max() <= TOLERANCE_MM:
        step = (step @ normal) * normal
    elif np.linalg.norm(sideways) > max(0.005 * abs(usual), 1e-4):
        warnings += _sideways_warnings(float(np.degrees(np.arctan2(np.linalg.norm(sideways), usual))))
    elif not warnings:
        across = np.abs(offsets - (offsets @ normal)[:, None] * normal).max()
        if across > 0.1 * min(row_mm, column_mm):
            warnings += (f"Slices are shifted sideways against each other by up to {across:.2f} mm.",)
    affine[:3, 0] = step
    return Grid(affine, warnings)


def even_runs(slices: Sequence[Slice]) -> list[range]:
    """Cut placed slices, which are in order, where the step is not the usual one: runs of slice numbers."""
    places = np.array([item.position for item in slices], dtype=np.float64)
    assert slices[0].orientation is not None
    along = np.diff(places, axis=0) @ _normal(slices[0].orientation)
    uneven = _uneven(along, float(np.median(along))) if along.size else np.zeros(0, dtype=np.intp)
    ends = [0, *(int(k) + 1 for k in uneven), len(slices)]
    return [range(start, stop) for start, stop in pairwise(ends)]


def _uneven(along: Vector, usual: float) -> NDArray[np.intp]:
    """Give the numbers of the steps (mm) that differ from the usual one."""
    return np.flatnonzero(np.abs(along - usual) > max(TOLERANCE_MM * 1.01, 0.002 * usual))


def _sideways_warnings(degrees: float) -> tuple[str, ...]:
    return (f"Gantry tilt of {degrees:.1f}°: slices are stacked at a slant, and other planes are drawn at that slant.",)


def _spacing_warnings(slices: Sequence[Slice], along: Vector, usual: float) -> tuple[str, ...]:
    uneven = _uneven(along, usual)
    if uneven.size == 0:
        return ()
    worst = int(uneven[np.argmax(np.abs(along[uneven] - usual))])
    where = f"between {slices[worst].path.name} and {slices[worst + 1].path.name}"
    more = f" ({uneven.size} such places)" if uneven.size > 1 else ""
    if along[worst] > 1.5 * usual:
        missing = round(float(along[worst]) / usual) - 1
        return (
            f"Gap of {along[worst]:.2f} mm {where} where {usual:.2f} mm is usual{more}: "
            f"about {missing} slice(s) are missing, and the slices behind it are drawn too near.",
        )
    return (
        f"Uneven spacing: {along[worst]:.2f} mm {where} where {usual:.2f} mm is usual{more}; "
        "distances across slices are not exact.",
    )
