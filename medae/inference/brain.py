"""Where the brain is in an MR scan of the head, without any trained model.

A surface grows inside the head until it meets the dark rim of skull or fluid: the Brain Extraction Tool of Smith,
"Fast robust automated brain extraction", Human Brain Mapping 17:143–155, 2002, whose constants are used.
Where it reaches into the neck, a thin skull was blurred away on the coarse grid: it grows again and heeds the darkest
fine voxel in each coarse one.

Limits: it was made for adult heads whose cortex is in view. Cropped scans are taken as if air began at the border; eyes
and neck muscles may be kept where no dark rim parts them from the brain; of strongly thinned skulls, post-operative
heads and small children parts may be missing. Of slabs thinner than `THINNEST_MM` the head without its rim is taken.
A scan that shows the brain alone is taken as it is.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GRID_MM = 2.0
"""Voxel side of the grid that the surface grows in."""
HEIGHT_MM = 150.0
"""A brain does not reach further down from the top of the head."""
DEEP = 1.0
"""Part of the head's radius within which the brightness of the brain is taken."""
THINNEST_MM = 40.0
"""A thinner slab has no surface that could grow; the head without its rim is taken for the brain."""
SMALLEST_MM3 = 20_000.0
"""A smaller brain is none, and the inner head is taken; so much of it below `HEIGHT_MM` is neck."""
RIM_MM = 12.0
"""Scalp and skull."""
PASSES = 2
"""Growths, the later ones with the brightness of what the one before took for brain: fat of the scalp is brighter."""
STEPS = 500
"""Moves of the surface."""
BRIGHT_SHARE = 0.6
"""How far from the darkest to the brightest value near a vertex the brain begins: Smith's fractional threshold."""
SEARCH_MM = 20.0, 10.0
"""How far inwards of a vertex the darkest and the brightest value are looked for (d1, d2)."""
RADII_MM = 3.33, 10.0
"""Radii of curvature between which the surface is smoothed fully and hardly (r_min, r_max)."""


_Values = tuple[NDArray[np.float32], NDArray[np.float32]]
"""(slices, rows, columns) each: what is taken for bright, and for dark."""


class _Levels(NamedTuple):
    dark: float
    head: float
    bright: float
    median: float


def brain_mask(images: NDArray[np.float32], spacing: tuple[float, float, float]) -> NDArray[np.bool_]:
    """Find the brain.

    Parameters
    ----------
    images
        (slices, rows, columns) MR magnitudes in any unit; axial slices from the neck to the top of the head, air 0.
    spacing
        (slices, rows, columns) in mm.

    Returns
    -------
    NDArray
        (slices, rows, columns) bool; empty where there is nothing above the noise.
    """
    from scipy import ndimage

    sides = np.asarray(spacing, float)
    factors = sides / GRID_MM
    coarse = ndimage.zoom(ndimage.gaussian_filter(images, 0.5 / factors * (factors < 1)), factors, order=1)
    levels = _levels(coarse, coarse > 0)
    if levels is None:
        return np.zeros(images.shape, bool)
    if min(coarse.shape) * GRID_MM < THINNEST_MM:
        inside = _within_head(coarse, levels)
    else:
        inside = _brain(images, sides, coarse, levels)
    inside &= coarse > levels.head
    inside = ndimage.binary_closing(np.pad(inside, 3), iterations=3)[3:-3, 3:-3, 3:-3]
    inside = ndimage.binary_fill_holes(inside)
    grid = [np.linspace(0, n - 1, m) for n, m in zip(coarse.shape, images.shape, strict=True)]
    fine = inside.astype(np.float32)
    for axis, points in enumerate(grid):
        fine = _interpolated(fine, points, axis)
    return fine > 0.5


def _brain(
    images: NDArray[np.float32], sides: Array, coarse: NDArray[np.float32], levels: _Levels
) -> NDArray[np.bool_]:
    """Give what the surface encloses; if that is neck, too, what it encloses where no thin dark rim is overlooked."""
    above = _below_top(coarse > levels.head)
    inside = _enclosed((coarse, coarse), levels, above)
    if np.count_nonzero(inside & ~above) * GRID_MM**3 > SMALLEST_MM3:
        again = _enclosed((coarse, _rims(images, sides, coarse.shape)), levels, above)
        if 2 * np.count_nonzero(again & above) > np.count_nonzero(inside & above):  # else noise stopped it
            inside = again
    return inside & above


def _rims(images: NDArray[np.float32], sides: Array, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Give the darkest value in each voxel of the coarse grid, noise lessened a little."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(images, 0.5 / sides * (sides < 1))
    cell = np.maximum(1, np.rint(GRID_MM / sides)).astype(int)
    darkest = ndimage.minimum_filter(smooth, size=tuple(cell))
    return np.asarray(ndimage.zoom(darkest, np.divide(shape, images.shape), order=0))


def _enclosed(values: _Values, levels: _Levels, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Grow the surface, beginning in the middle of ``inside``; where it collapses, the inner head is given."""
    coarse, (directions, neighbours) = values[0], _sphere()
    for _ in range(PASSES):
        if np.count_nonzero(inside & (coarse > levels.head)) * GRID_MM**3 < SMALLEST_MM3:
            return _within_head(coarse, levels)
        center, radius = _centre(coarse * inside, levels)
        levels = _levels(coarse, inside & _ball(coarse.shape, center, DEEP * radius)) or levels
        vertices = _grown(values, levels, center + 0.5 * radius * directions, neighbours)
        inside = _inside(vertices, coarse.shape)
    return inside


def _within_head(coarse: NDArray[np.float32], levels: _Levels) -> NDArray[np.bool_]:
    """Give the head without its outer `RIM_MM` in each slice."""
    from scipy import ndimage

    inside = np.zeros(coarse.shape, bool)
    for k, image in enumerate(coarse):
        head = ndimage.binary_fill_holes(ndimage.binary_closing(np.pad(image > levels.head, 4), iterations=4))
        inside[k] = ndimage.binary_erosion(head, iterations=round(RIM_MM / GRID_MM))[4:-4, 4:-4]
    return inside


def _interpolated(array: NDArray[np.float32], points: Array, axis: int) -> NDArray[np.float32]:
    """Sample an array linearly at fractional indices along one axis."""
    low = np.minimum(points.astype(int), array.shape[axis] - 1)
    high = np.minimum(low + 1, array.shape[axis] - 1)
    share = (points - low).astype(np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
    return np.take(array, low, axis) * (1 - share) + np.take(array, high, axis) * share


def _levels(values: NDArray[np.float32], inside: NDArray[np.bool_]) -> _Levels | None:
    seen = values[inside & (values > 0)]
    if seen.size < 1000:
        return None
    dark, bright = np.percentile(values, 2), np.percentile(seen, 98)
    head = dark + 0.1 * (bright - dark)
    middle = seen[(seen > head)]
    return _Levels(float(dark), float(head), float(bright), float(np.median(middle))) if middle.size else None


def _below_top(head: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Leave out what is too far below the top of the head to be brain; without a top in view, nothing."""
    filled = np.flatnonzero(head.mean(axis=(1, 2)) > 0.01)
    kept = np.ones(head.shape, bool)
    if filled.size:
        kept[: max(0, int(filled[-1]) - round(HEIGHT_MM / GRID_MM))] = False
    return kept


def _ball(shape: tuple[int, ...], center: Array, radius: float) -> NDArray[np.bool_]:
    axes: list[Array] = [np.arange(n) - c for n, c in zip(shape, center, strict=True)]
    squares = axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None, :] ** 2
    return np.asarray(squares < radius**2)


def _centre(values: NDArray[np.float32], levels: _Levels) -> tuple[Array, float]:
    """Centre of gravity of the head, and the radius of a ball of its volume, in voxels."""
    head = np.clip(values, 0, levels.bright) * (values > levels.head)
    weight = head.sum()
    axes: tuple[NDArray[np.intp], ...] = tuple(np.indices(values.shape, sparse=True))
    center = np.array([float((head * axis).sum() / weight) for axis in axes])
    return center, float((3 * np.count_nonzero(head) / (4 * np.pi)) ** (1 / 3))


def _sphere(subdivisions: int = 3) -> tuple[Array, NDArray[np.intp]]:
    """Give unit vertices (n, 3) of a subdivided icosahedron, and (n, 6) neighbours of each (twelve have one twice)."""
    from scipy.spatial import ConvexHull, cKDTree

    golden = (1 + 5**0.5) / 2
    points = np.array([p for a in (-1, 1) for b in (-golden, golden) for p in ((0, a, b), (a, b, 0), (b, 0, a))])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for _ in range(subdivisions):
        faces = ConvexHull(points).simplices
        edges = np.unique(np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1), axis=0)
        middles = points[edges].mean(axis=1)
        points = np.concatenate([points, middles / np.linalg.norm(middles, axis=1, keepdims=True)])
    _, nearest = cKDTree(points).query(points, 7)
    neighbours = np.asarray(nearest)[:, 1:]
    neighbours[:12, 5] = neighbours[:12, 4]
    ordered = np.empty_like(neighbours)
    for n, around in enumerate(neighbours):  # counter-clockwise, seen from outside
        u = points[around[0]] - points[n]
        v = np.cross(points[n], u)
        offsets = points[around] - points[n]
        ordered[n] = around[np.argsort(np.arctan2(offsets @ v, offsets @ u))]
    return points, ordered


def _grown(values: _Values, levels: _Levels, vertices: Array, neighbours: NDArray[np.intp]) -> Array:
    """Move the surface `STEPS` times by Smith's three forces (vertices in voxels of `GRID_MM`)."""
    low, high = (1 / (2 * r) * GRID_MM for r in reversed(RADII_MM))
    middle, steep = (low + high), 3 / (high - low)
    for _ in range(STEPS):
        around = vertices[neighbours]
        mean = around.mean(axis=1)
        normal = np.cross(around - vertices[:, None], np.roll(around, -1, axis=1) - vertices[:, None]).sum(axis=1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
        step = mean - vertices
        along = (step * normal).sum(axis=1, keepdims=True)
        length = float(np.linalg.norm(around - vertices[:, None], axis=2).mean())
        curvature = 2 * np.abs(along) / length**2  # 1 / r, in 1 / voxel
        smooth = 0.5 * (1 + np.tanh(steep * (curvature - middle)))
        push = 0.05 * length * _push(values, levels, vertices, normal)[:, None]
        vertices = vertices + 0.5 * (step - along * normal) + smooth * along * normal + push * normal
    return vertices


def _push(values: _Values, levels: _Levels, vertices: Array, normal: Array) -> Array:
    """Force outwards (+) or inwards (−) along the normal, from the values inwards of each vertex."""
    coarse, rims = values
    far, near = (round(d / GRID_MM) for d in SEARCH_MM)
    depths = np.arange(1, far + 1)[None, :, None]
    points = np.rint(vertices[:, None] - depths * normal[:, None]).astype(int)
    limits = np.array(coarse.shape) - 1
    out = ((points < 0) | (points > limits)).any(axis=2)
    k, j, i = np.clip(points, 0, limits).transpose(2, 0, 1)
    bright, dark = (np.where(out, 0.0, grid[k, j, i]) for grid in (coarse, rims))
    darkest = np.maximum(levels.dark, np.minimum(levels.median, dark.min(axis=1)))
    brightest = np.minimum(levels.median, np.maximum(levels.head, bright[:, :near].max(axis=1)))
    begin = (brightest - levels.dark) * BRIGHT_SHARE + levels.dark
    return 2 * (darkest - begin) / np.maximum(brightest - levels.dark, 1e-12)


def _inside(vertices: Array, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Voxels within the surface, which is seen from its middle in each direction once."""
    from scipy.spatial import cKDTree

    center = vertices.mean(axis=0)
    rays = vertices - center
    radii = np.linalg.norm(rays, axis=1)
    tree = cKDTree(rays / radii[:, None])
    offsets = np.moveaxis(np.indices(shape), 0, -1).reshape(-1, 3) - center
    distance = np.linalg.norm(offsets, axis=1)
    inside = distance <= radii.max()
    away, nearest = tree.query(offsets[inside] / (distance[inside][:, None] + 1e-9), 3)
    weight = 1 / (away + 1e-3)
    reach = (radii[nearest] * weight).sum(axis=1) / weight.sum(axis=1)
    inside[inside] = distance[inside] <= reach
    return inside.reshape(shape)
