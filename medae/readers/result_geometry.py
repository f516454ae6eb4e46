"""Results on the grid of their scan: masks, outlines, and findings from a mask or from points."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from medae.results import Finding
from medae.volume import Volume

_SAME_GRID = 0.05
"""Voxels by which the places of two grids may differ and still count as the same."""


def onto(scan: Volume, values: NDArray[np.float32], affine: NDArray[np.float64]) -> NDArray[np.float32]:
    """Bring values from a grid of their own onto that of a scan; 0 outside.

    On the same grid, even with axes flipped or swapped, values stay as they are; otherwise they are interpolated
    linearly.

    Parameters
    ----------
    scan
        Whose grid is wanted.
    values
        (slices, rows, columns) of the other grid.
    affine
        (4, 4), maps indices (k, j, i, 1) of ``values`` to LPS millimetres.

    Returns
    -------
    NDArray
        Float32, the shape of the scan.
    """
    from scipy import ndimage

    step = np.linalg.inv(affine) @ scan.affine
    whole = np.rint(step)
    corners = np.array(list(product(*((0, size) for size in scan.shape), (1,))))
    same = bool(np.abs(corners @ (step - whole).T).max() < _SAME_GRID)
    if same:
        step = whole
    result: NDArray[np.float32] = ndimage.affine_transform(
        values, step[:3, :3], step[:3, 3], output_shape=scan.shape, output=np.float32, order=0 if same else 1
    )
    return result


def outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Voxels of a mask (slices, rows, columns) with a neighbour in their slice that is not of it."""
    inner = mask.copy()
    for axis in (1, 2):
        for shift in (1, -1):
            neighbour = np.roll(mask, shift, axis)
            edge = [slice(None)] * 3
            edge[axis] = slice(0, 1) if shift == 1 else slice(-1, None)
            neighbour[tuple(edge)] = False
            inner &= neighbour
    return mask & ~inner


def finding_of(number: int, mask: NDArray[np.bool_], scan: Volume) -> Finding:
    """Make a finding of a segment, a mask on the grid of the scan that is not empty; its scores are not known (NaN)."""
    places = np.argwhere(mask)
    center = places.mean(axis=0)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    return _finding(number, center, low, high, len(places), len(places) * scan.voxel_volume, scan)


def finding_of_points(number: int, points: NDArray[np.float64], scan: Volume) -> Finding:
    """Make a finding of points on the surface of a region, (n, 3) LPS millimetres; size and scores are not known."""
    ends = scan.to_index(points)
    low = np.clip(np.rint(ends.min(axis=0) + 0.5), 0, np.array(scan.shape) - 1).astype(int)
    high = np.clip(np.rint(ends.max(axis=0) + 0.5), low + 1, scan.shape).astype(int)
    center = np.clip((low + high - 1) / 2, 0, np.array(scan.shape) - 1)
    return _finding(number, center, low, high, 0, float("nan"), scan)


def _finding(
    number: int,
    center: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    voxels: int,
    volume_mm3: float,
    scan: Volume,
) -> Finding:
    k, j, i = (round(float(at)) for at in center)
    x, y, z = (float(at) for at in scan.to_lps(center))
    return Finding(
        number=number,
        center_index=(k, j, i),
        center_lps=(x, y, z),
        bounding_box=((int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2]))),
        volume_mm3=volume_mm3,
        voxels=voxels,
        max_score=float("nan"),
        mean_score=float("nan"),
    )
