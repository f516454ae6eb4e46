"""Axial, coronal and sagittal slices of a volume, as views of its own grid.

Nothing is interpolated: each anatomical plane is the plane of the grid that is closest to it, turned to the
radiological display convention (patient's right on the left of the screen; anterior or head up; sagittal
slices with anterior on the left). Right pixel shapes come from the spacing, letters from the affine.
"""

from dataclasses import dataclass
from itertools import permutations
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from medae.volume import Volume

PlaneName: TypeAlias = Literal["acquisition", "axial", "coronal", "sagittal"]
"""``"acquisition"`` is the plane that the slices were taken in, whichever that is."""

PLANES: tuple[PlaneName, ...] = ("acquisition", "axial", "coronal", "sagittal")

PROJECTIONS = frozenset({"CR", "DR", "DX", "IO", "MG", "PX", "RF", "RG", "XA", "XR"})
"""Modalities whose images are projections: shown as stored, without letters."""


def is_flat(volume: Volume) -> bool:
    """Whether a volume is shown as stored, without letters: radiographs, and films that lie nowhere in the patient."""
    return volume.modality in PROJECTIONS or not volume.placed


# LPS axis of the normal, of screen right with its sign, of screen down with its sign.
_SCREEN: dict[str, tuple[int, tuple[int, int], tuple[int, int]]] = {
    "axial": (2, (0, 1), (1, 1)),
    "coronal": (1, (0, 1), (2, -1)),
    "sagittal": (0, (1, 1), (2, -1)),
}
_LETTERS = (("R", "L"), ("A", "P"), ("F", "H"))  # towards minus, towards plus of LPS x, y, z
_PERPENDICULAR = 1e-3  # cosine of an angle that counts as right: rounded direction cosines, 0.06 degrees
_OBLIQUE = 0.26  # sine of 15 degrees: smaller components get no letter


@dataclass(frozen=True, slots=True)
class Letters:
    """Orientation letters at the edges of the screen (DICOM A P R L H F); empty where unknown."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


@dataclass(frozen=True, slots=True)
class Plane:
    """How slices of one plane lie in the array.

    Attributes
    ----------
    name
        ``"axial"``, ``"coronal"``, ``"sagittal"``; ``"projection"`` for radiographs.
    normal, vertical, horizontal
        Array axes (0, 1, 2) that slices are counted along, that screen rows and screen columns run along.
    flip_vertical, flip_horizontal
        Whether the screen runs against the array axis.
    shape
        (slices, rows, columns) on the screen.
    spacing
        Millimetres along (slices, rows, columns) of the screen.
    letters
        Where the patient's sides are.
    slant
        Cosine of the angle between screen rows going down and screen columns going right: 0 where they are
        perpendicular, else the grid is sheared (gantry tilt) and the picture is a parallelogram.
    """

    name: str
    normal: int
    vertical: int
    horizontal: int
    flip_vertical: bool
    flip_horizontal: bool
    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    letters: Letters
    slant: float = 0.0

    def take(self, array: NDArray[Any], slice_index: int) -> NDArray[Any]:
        """Give one slice of a (slices, rows, columns) array as a view: (screen rows, screen columns)."""
        image = array.transpose(self.normal, self.vertical, self.horizontal)[slice_index]
        rows = slice(None, None, -1 if self.flip_vertical else 1)
        columns = slice(None, None, -1 if self.flip_horizontal else 1)
        return image[rows, columns]

    def to_screen(self, index: tuple[float, float, float]) -> tuple[float, float, float]:
        """Map an array index (k, j, i) to (slice, row, column) of this plane."""
        row, column = index[self.vertical], index[self.horizontal]
        return (
            index[self.normal],
            self.shape[1] - 1 - row if self.flip_vertical else row,
            self.shape[2] - 1 - column if self.flip_horizontal else column,
        )

    def to_index(self, slice_index: int, row: int, column: int) -> tuple[int, int, int]:
        """Map (slice, row, column) of this plane to an array index (k, j, i)."""
        index = [0, 0, 0]
        index[self.normal] = slice_index
        index[self.vertical] = self.shape[1] - 1 - row if self.flip_vertical else row
        index[self.horizontal] = self.shape[2] - 1 - column if self.flip_horizontal else column
        return index[0], index[1], index[2]


def plane_of(volume: Volume, name: PlaneName = "acquisition") -> Plane:
    """Find how a volume is sliced along a plane.

    Parameters
    ----------
    volume
        Any volume; oblique ones get the nearest plane of their own grid.
    name
        Which plane. A projection has only its own.
    """
    if is_flat(volume):
        return Plane("projection", 0, 1, 2, False, False, volume.shape, volume.spacing, Letters())
    axis_of = _array_axes(volume.direction)
    if name == "acquisition":
        name = next(plane for plane in PLANES[1:] if axis_of[_SCREEN[plane][0]] == 0)
    normal_world, (across_world, across_sign), (down_world, down_sign) = _SCREEN[name]
    normal, horizontal, vertical = axis_of[normal_world], axis_of[across_world], axis_of[down_world]
    across, down = volume.direction[:, horizontal], volume.direction[:, vertical]
    flip_horizontal = bool(across[across_world] * across_sign < 0)
    flip_vertical = bool(down[down_world] * down_sign < 0)
    across = -across if flip_horizontal else across
    down = -down if flip_vertical else down
    letters = Letters(_letters(-across), _letters(across), _letters(-down), _letters(down))
    order = (normal, vertical, horizontal)
    rows, columns = volume.shape[vertical], volume.shape[horizontal]
    k, j, i = (volume.spacing[axis] for axis in order)
    shape, slant = (volume.shape[normal], rows, columns), float(across @ down)
    slant = 0.0 if abs(slant) < _PERPENDICULAR else slant
    return Plane(name, *order, flip_vertical, flip_horizontal, shape, (k, j, i), letters, slant)


def slice_values(volume: Volume, plane: Plane, slice_index: int, step: int = 1) -> NDArray[np.float32]:
    """Values of one slice in `Volume.unit`; NaN where the volume has padding.

    Reads nothing but that slice of the array.

    Parameters
    ----------
    volume, plane
        The volume, and a plane of its grid.
    slice_index
        Which slice along the plane's normal.
    step
        Give every ``step``-th row and column only, for images that are shown smaller than they are.

    Returns
    -------
    NDArray[np.float32]
        (screen rows, screen columns), a new array.
    """
    stored = plane.take(volume.array, slice_index)[::step, ::step]
    values = stored.astype(np.float32)
    values *= along_slices(volume.rescale_slope.astype(np.float32), plane, slice_index, step)
    values += along_slices(volume.rescale_intercept.astype(np.float32), plane, slice_index, step)
    if volume.padding is not None:
        low, high = volume.padding
        values[(stored >= low) & (stored <= high)] = np.nan
    return values


def voxel_value(volume: Volume, index: tuple[int, int, int]) -> float:
    """Value of one voxel (k, j, i) in `Volume.unit`; NaN in padding."""
    stored = float(volume.array[index])  # type: ignore[arg-type]
    if volume.padding is not None and volume.padding[0] <= stored <= volume.padding[1]:
        return float("nan")
    return stored * float(volume.rescale_slope[index[0]]) + float(volume.rescale_intercept[index[0]])


def along_slices(per_slice: NDArray[Any], plane: Plane, slice_index: int, step: int = 1) -> NDArray[Any]:
    """Lay one number per array slice, (slices,), over an image of a plane.

    Returns
    -------
    NDArray
        Broadcasts to the (screen rows, screen columns) of that image.
    """
    image = plane.take(per_slice[:, None, None], slice_index if plane.normal == 0 else 0)
    return image[::step, ::step]


def _array_axes(direction: NDArray[np.float64]) -> tuple[int, ...]:
    """For each LPS axis the array axis that runs closest to it."""
    cosines = np.abs(direction)
    return max(permutations(range(3)), key=lambda axes: sum(cosines[world, axis] for world, axis in enumerate(axes)))


def _letters(direction: NDArray[np.float64]) -> str:
    """Letters of an LPS direction, the largest component first."""
    order = sorted(range(3), key=lambda world: -abs(direction[world]))
    return "".join(_LETTERS[w][int(direction[w] > 0)] for w in order if abs(direction[w]) > _OBLIQUE)
