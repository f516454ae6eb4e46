"""The grid a phantom is drawn on, the phantom itself, and the drawing of slabs of slices."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from medae.phantom.shapes import Array, SmoothNoise, coverage
from medae.volume import Volume

Box = tuple[slice, slice, slice]

SLAB_VOXELS = 3_000_000
"""Voxels drawn at once: bounds the memory of large phantoms."""

WARP_CELL_MM = 45.0


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A synthetic scan without noise, and the truth about it.

    Attributes
    ----------
    volume
        The scan.
    lesions
        (slices, rows, columns) bool: voxels at least half inside a lesion.
    """

    volume: Volume
    lesions: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grid:
    """A regular axial grid centred on the patient.

    Attributes
    ----------
    shape
        (slices, rows, columns).
    spacing
        Millimetres along (slices, rows, columns).
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]

    def __post_init__(self) -> None:
        """Refuse grids that hold nothing."""
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise ValueError(f"a phantom needs three positive sizes (slices, rows, columns), not {self.shape}")
        if len(self.spacing) != 3 or not all(np.isfinite(s) and s > 0 for s in self.spacing):
            raise ValueError(f"a phantom needs three positive spacings in mm, not {self.spacing}")

    def axis(self, number: int) -> Array:
        """Positions in mm along one axis, relative to the centre of the grid."""
        size = self.shape[number]
        return ((np.arange(size) - (size - 1) / 2) * self.spacing[number]).astype(np.float32)

    def affine(self) -> NDArray[np.float64]:
        """(4, 4): slices run to S, rows to P, columns to L; the middle of the grid is the LPS origin."""
        affine = np.zeros((4, 4))
        for number, world in enumerate((2, 1, 0)):
            affine[world, number] = self.spacing[number]
            affine[world, 3] = -(self.shape[number] - 1) / 2 * self.spacing[number]
        affine[3, 3] = 1
        return affine


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """How one patient differs from the standard anatomy.

    Attributes
    ----------
    center
        Standard-anatomy point (x, y, z) in mm that lies in the middle of the grid.
    size
        Factors along (x, y, z).
    rotation
        (3, 3), patient to standard anatomy.
    warp
        Three smooth fields that displace (x, y, z).
    warp_mm
        Their standard deviation.
    """

    center: tuple[float, float, float]
    size: tuple[float, float, float]
    rotation: NDArray[np.float64]
    warp: tuple[SmoothNoise, SmoothNoise, SmoothNoise]
    warp_mm: float


def draw_pose(
    rng: np.random.Generator,
    center: tuple[float, float, float],
    *,
    mean_size: float = 1.0,
    size_spread: float = 0.035,
    tilt_degrees: float = 3.0,
    warp_mm: float = 1.8,
) -> Pose:
    """Draw one patient: overall and single-axis size, tilt about each axis, smooth deformation."""
    size = mean_size * (1 + size_spread * np.clip(rng.normal(), -2, 2)) * (1 + size_spread * rng.uniform(-1, 1, 3))
    about_x, about_y, about_z = np.radians(tilt_degrees * np.clip(rng.normal(size=3), -2, 2))
    turn_x = np.array([[1, 0, 0], [0, np.cos(about_x), -np.sin(about_x)], [0, np.sin(about_x), np.cos(about_x)]])
    turn_y = np.array([[np.cos(about_y), 0, np.sin(about_y)], [0, 1, 0], [-np.sin(about_y), 0, np.cos(about_y)]])
    turn_z = np.array([[np.cos(about_z), -np.sin(about_z), 0], [np.sin(about_z), np.cos(about_z), 0], [0, 0, 1]])
    warp = (SmoothNoise(rng, WARP_CELL_MM), SmoothNoise(rng, WARP_CELL_MM), SmoothNoise(rng, WARP_CELL_MM))
    return Pose(center, (float(size[0]), float(size[1]), float(size[2])), turn_x @ turn_y @ turn_z, warp, warp_mm)


class Canvas:
    """A slab of slices while it is drawn.

    Parameters
    ----------
    z, y, x
        Positions of the slab in mm relative to the centre of the grid, 1-D.
    edge
        Width in mm over which edges go from outside to inside.
    pose
        The patient.
    palette
        Value of each tissue.
    site
        Tissue in which lesions may lie.

    Attributes
    ----------
    x, y, z
        (slices, rows, columns) positions in the standard anatomy, mm.
    axes
        The 1-D (z, y, x) given: positions in the patient.
    values, site_fraction
        (slices, rows, columns) what was painted so far, and how much of the voxel is the site tissue.
    """

    def __init__(
        self, z: Array, y: Array, x: Array, edge: float, pose: Pose, palette: Mapping[str, float], site: str
    ) -> None:
        self.axes = (z, y, x)
        self.edge = edge
        self.pose = pose
        self.palette = palette
        self.site = site
        shape = (len(z), len(y), len(x))
        self.values = np.full(shape, palette["air"], dtype=np.float32)
        self.site_fraction = np.zeros(shape, dtype=np.float32)
        patient = (x[None, None, :], y[None, :, None], z[:, None, None])
        coordinates = []
        for axis in range(3):
            turned = sum(np.float32(pose.rotation[axis, n]) * patient[n] for n in range(3))
            warp = pose.warp[axis].on_grid(z, y, x)
            warp *= np.float32(pose.warp_mm)
            warp += turned
            warp *= np.float32(1 / pose.size[axis])
            warp += np.float32(pose.center[axis])
            coordinates.append(warp)
        self.x, self.y, self.z = coordinates

    def box(self, center: tuple[float, float, float], reach: tuple[float, float, float] | float) -> Box | None:
        """Slices around the voxels within ``reach`` mm of ``center`` (x, y, z); None where there are none."""
        reaches = np.broadcast_to(np.asarray(reach, dtype=np.float64), (3,))
        size = np.asarray(self.pose.size)
        turn_back = self.pose.rotation.T
        middle = turn_back @ ((np.asarray(center) - self.pose.center) * size)
        far = np.abs(turn_back) @ (reaches * size) + 3 * self.pose.warp_mm
        sides = []
        for axis, m, f in zip(self.axes, middle[::-1], far[::-1], strict=True):
            start, stop = np.searchsorted(axis, (m - f, m + f))
            if start == stop:
                return None
            sides.append(slice(int(start), int(stop)))
        return sides[0], sides[1], sides[2]

    def paint(
        self,
        depth: Array,
        tissue: str,
        box: Box | None = None,
        value: Array | None = None,
        part: float = 1.0,
    ) -> None:
        """Lay ``tissue`` over what is there, where ``depth`` (mm inside, on the box) is positive.

        Parameters
        ----------
        depth
            Mm inside, of the voxels of the box.
        tissue
            Key of the palette.
        box
            Where; everywhere if not given.
        value
            Takes the place of the palette's value, voxel by voxel.
        part
            How opaque the layer is.
        """
        where: Box = (slice(None), slice(None), slice(None)) if box is None else box
        cover = coverage(depth, self.edge)
        if part != 1:
            cover *= np.float32(part)
        values, site = self.values[where], self.site_fraction[where]
        values += cover * ((np.float32(self.palette[tissue]) if value is None else value) - values)
        site += cover * (np.float32(tissue == self.site) - site)


Draw = Callable[[Canvas], None]


def render(
    grid: Grid, pose: Pose, palette: Mapping[str, float], site: str, draw: Draw
) -> tuple[Array, NDArray[np.bool_]]:
    """Draw all slices, slab by slab; thick slices are averaged from several thin ones (partial volume).

    Returns
    -------
    values, site
        (slices, rows, columns) tissue values, and where lesions may lie.
    """
    values = np.empty(grid.shape, dtype=np.float32)
    site_mask = np.empty(grid.shape, dtype=bool)
    thick = grid.spacing[0]
    parts = min(3, max(1, ceil(thick / 2.2)))
    offsets = ((np.arange(parts) + 0.5) / parts - 0.5) * thick
    edge = max(0.6, min(grid.spacing[1], grid.spacing[2], 3.0) * 1.15)
    z, y, x = (grid.axis(n) for n in range(3))
    for start, stop in _slabs(grid, parts):
        fine = (z[start:stop, None] + offsets).astype(np.float32).ravel()
        canvas = Canvas(fine, y, x, edge, pose, palette, site)
        draw(canvas)
        shape = (stop - start, parts, *grid.shape[1:])
        values[start:stop] = canvas.values.reshape(shape).mean(1)
        site_mask[start:stop] = canvas.site_fraction.reshape(shape).min(1) > 0.9
    return values, site_mask


def _slabs(grid: Grid, parts: int) -> Iterator[tuple[int, int]]:
    step = max(1, SLAB_VOXELS // (grid.shape[1] * grid.shape[2] * parts))
    for start in range(0, grid.shape[0], step):
        yield start, min(start + step, grid.shape[0])
