"""Results on the grid of their scan: masks, outlines, and findings from a mask or from points."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from medae.results import Finding
from medae.volume import Volume

_SAME_GRID = 0.05
"""Voxels by which the places of two grids may differ and still count as the same."""


def onto(
    scan: Volume, values: NDArray[np.generic], affine: NDArray[np.float64], *, nearest: bool = False
) -> NDArray[np.generic]:
    """Bring values from a grid of their own onto that of a scan; 0 outside.

    On the same grid, even with axes flipped or swapped, values stay as they are; otherwise they are interpolated
    linearly, and fade to 0 from the centres of the outermost voxels to where the next ones would be.

    Parameters
    ----------
    scan
        Whose grid is wanted.
    values
        (slices, rows, columns) of the other grid.
    affine
        (4, 4), maps indices (k, j, i, 1) of ``values`` to LPS millimetres.
    nearest
        Take the nearest value instead of interpolating: for numbers of segments.

    Returns
    -------
    NDArray
        The type of ``values``, the shape of the scan.
    """
    from scipy import ndimage

    step = np.linalg.inv(affine) @ scan.affine
    whole = np.rint(step)
    corners = np.array(list(product(*((0, size) for size in scan.shape), (1,))))
    if np.abs(corners @ (step - whole).T).max() < _SAME_GRID and _is_permutation(whole[:3, :3]):
        return _moved(values, whole.astype(int), scan.shape)
    moved: NDArray[np.generic] = ndimage.affine_transform(
        values,
        step[:3, :3],
        step[:3, 3],
        output_shape=scan.shape,
        order=0 if nearest else 1,
        mode="grid-constant",  # "constant" gives 0 where rounding puts an outermost centre a hair outside
    )
    return moved


def _is_permutation(step: NDArray[np.float64]) -> bool:
    return bool((np.abs(step).sum(axis=0) == 1).all() and (np.abs(step).sum(axis=1) == 1).all())


def _moved(values: NDArray[np.generic], step: NDArray[np.int64], shape: tuple[int, int, int]) -> NDArray[np.generic]:
    """Copy values whose axes are those of the result, swapped, flipped and shifted.

    ``step`` (4, 4) maps an index of the result to one of ``values``: along each axis of the result, the other index
    is ``sign`` times it plus ``start``.
    """
    result = np.zeros(shape, values.dtype)
    axes = [int(np.flatnonzero(step[:3, axis])[0]) for axis in range(3)]
    turned = values.transpose(axes)
    into, out_of = [], []
    for axis, (other, size) in enumerate(zip(axes, turned.shape, strict=True)):
        sign, start = int(step[other, axis]), int(step[other, 3])
        ends = sorted((-start * sign, (size - 1 - start) * sign))
        low, high = max(ends[0], 0), min(ends[1], shape[axis] - 1)
        if low > high:
            return result
        into.append(slice(low, high + 1))
        last = sign * high + start + sign
        out_of.append(slice(sign * low + start, last if last >= 0 else None, sign))
    result[tuple(into)] = turned[tuple(out_of)]
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


def finding_of(number: int, mask: NDArray[np.bool_], start: tuple[int, int, int], scan: Volume) -> Finding:
    """Make a finding of a segment; its scores are not known (NaN).

    Parameters
    ----------
    number
        Of the segment.
    mask
        (slices, rows, columns) of a box on the grid of the scan; not empty.
    start
        Index (k, j, i) at which the box begins.
    scan
        The scan.
    """
    places = np.argwhere(mask) + start
    low, high = places.min(axis=0), places.max(axis=0) + 1
    return _finding(number, places.mean(axis=0), low, high, len(places), len(places) * scan.voxel_volume, scan)


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
