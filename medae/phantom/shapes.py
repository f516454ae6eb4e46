"""Shapes as depth fields (mm inside, negative outside) and smooth noise tied to millimetres, not to voxels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Point = tuple[float, float, float]

LATTICE = 64
"""Cells after which noise repeats."""


def coverage(depth: Array, edge: float) -> Array:
    """Fraction in [0, 1] of a voxel that lies inside, for a soft edge ``edge`` mm wide."""
    part = depth * np.float32(1 / edge)
    part += np.float32(0.5)
    return np.clip(part, 0, 1, out=part)


def ellipsoid(x: Array, y: Array, z: Array, center: Point, radii: tuple[float, float, float]) -> Array:
    """Depth inside an ellipsoid, mm, exact to first order at its surface."""
    u = (x - np.float32(center[0])) * np.float32(1 / radii[0])
    v = (y - np.float32(center[1])) * np.float32(1 / radii[1])
    w = (z - np.float32(center[2])) * np.float32(1 / radii[2])
    k0 = np.sqrt(u * u + v * v + w * w)
    u *= np.float32(1 / radii[0])
    v *= np.float32(1 / radii[1])
    w *= np.float32(1 / radii[2])
    k1 = np.sqrt(u * u + v * v + w * w)
    return k0 * (1 - k0) / np.maximum(k1, np.float32(1e-4))


def capsule(x: Array, y: Array, z: Array, start: Point, stop: Point, radii: tuple[float, float]) -> Array:
    """Depth inside a rod with round ends whose radius goes linearly from start to stop, mm."""
    a = np.asarray(start, dtype=np.float32)
    along = np.asarray(stop, dtype=np.float32) - a
    dx, dy, dz = x - a[0], y - a[1], z - a[2]
    t = (dx * along[0] + dy * along[1] + dz * along[2]) / np.float32(max(float(along @ along), 1e-6))
    t = np.clip(t, 0, 1)
    dx, dy, dz = dx - t * along[0], dy - t * along[1], dz - t * along[2]
    radius = np.float32(radii[0]) + t * np.float32(radii[1] - radii[0])
    return radius - np.sqrt(dx * dx + dy * dy + dz * dz)


def tube(x: Array, y: Array, z: Array, points: list[Point], radii: list[float]) -> Array:
    """Depth inside a chain of capsules through ``points``, mm."""
    depth = capsule(x, y, z, points[0], points[1], (radii[0], radii[1]))
    for n in range(1, len(points) - 1):
        np.maximum(depth, capsule(x, y, z, points[n], points[n + 1], (radii[n], radii[n + 1])), out=depth)
    return depth


def smooth_min(a: Array, b: Array, width: float) -> Array:
    """Minimum of two depths whose crease is rounded over about ``width`` mm."""
    gap = np.maximum(np.float32(width) - np.abs(a - b), 0)
    return np.minimum(a, b) - gap * gap * np.float32(0.25 / width)


def _spline_weights(positions: Array, cell: float) -> Array:
    """(points, LATTICE) cubic B-spline weights of a periodic lattice."""
    u = np.asarray(positions, dtype=np.float64) / cell
    base = np.floor(u).astype(int)
    t = u - base
    weights = (
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    )
    matrix = np.zeros((len(u), LATTICE), dtype=np.float32)
    rows = np.arange(len(u))
    for offset, weight in enumerate(weights):
        np.add.at(matrix, (rows, (base + offset - 1) % LATTICE), weight.astype(np.float32))
    return matrix


class SmoothNoise:
    """Smooth random field with about unit standard deviation, a function of position alone.

    Cubic B-splines over white noise on a lattice, so that any grid can be filled by three small matrix products.

    Parameters
    ----------
    rng
        Source of randomness.
    cell
        Lattice spacing in mm: about half the size of a blob.
    """

    def __init__(self, rng: np.random.Generator, cell: float) -> None:
        self.cell = cell
        # A cubic B-spline lattice of white noise has variance (151/315)³ on average.
        self.lattice = (rng.standard_normal((LATTICE,) * 3) / (151 / 315) ** 1.5).astype(np.float32)

    def on_grid(self, z: Array, y: Array, x: Array) -> Array:
        """Values on the grid of three 1-D axes (mm): (slices, rows, columns)."""
        along_z = np.tensordot(_spline_weights(z, self.cell), self.lattice, axes=(1, 0))
        along_y = np.tensordot(along_z, _spline_weights(y, self.cell), axes=(1, 1))
        return np.tensordot(along_y, _spline_weights(x, self.cell), axes=(1, 1))
