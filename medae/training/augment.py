"""Random changes of a patch that another patient or position could have shown, in the scan's own geometry.

Only axes of equal spacing are exchanged or rotated into each other: the slice plane where its pixels are square,
never the direction across slices.
"""

import math
from dataclasses import dataclass
from typing import Any

TURN = math.radians(8)
"""Largest rotation to either side in the slice plane."""
ZOOM = 0.1
"""Largest relative change of size in the slice plane."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """What decides on the changes that are allowed.

    Attributes
    ----------
    patch
        Spatial size that comes out: (H, W), or (D, H, W).
    isotropic
        Whether rows and columns of the scan have the same spacing.
    upright
        The patch is a whole slice, which keeps its orientation: it is mirrored, shifted, turned and zoomed a little.
    oriented
        The patch shows anatomy that has a front and a back: it is mirrored left to right, but not turned further.
    elastic
        Small rotations and zooms, which interpolate: not for a network that learns noise.
    """

    patch: tuple[int, ...]
    isotropic: bool
    upright: bool = False
    oriented: bool = False
    elastic: bool = False

    @property
    def margin(self) -> tuple[int, ...]:
        """Pixels around the patch that a rotation and a zoom may bring in; none where the patch is all there is."""
        if not self.elastic or self.upright:
            return (0,) * len(self.patch)
        turn = TURN if self.isotropic else 0.0
        grown = (math.cos(turn) + math.sin(turn)) * (1 + ZOOM)
        plane = tuple(math.ceil((grown - 1) / 2 * n) + 1 for n in self.patch[-2:])
        return (*(0,) * (len(self.patch) - 2), *plane)


def augmentation(geometry: Geometry) -> Any:
    """Build the MONAI transform of (C, *patch + 2 margin) to (C, *patch); seeded by its ``set_random_state``.

    Parameters
    ----------
    geometry
        Of the scan and the patch.
    """
    from monai.transforms import CenterSpatialCrop, Compose, RandAffine, RandFlip, RandRotate90

    rows, columns = len(geometry.patch) - 2, len(geometry.patch) - 1
    square = geometry.isotropic and geometry.patch[-2] == geometry.patch[-1]
    transforms: list[Any] = []
    if geometry.elastic:
        turn = TURN if geometry.isotropic else 0.0
        volume = len(geometry.patch) == 3
        transforms.append(
            RandAffine(
                prob=0.5,
                rotate_range=(turn, 0.0, 0.0) if volume else (turn,),
                scale_range=(0.0, ZOOM, ZOOM) if volume else (ZOOM, ZOOM),
                translate_range=_shift(geometry, volume),
                padding_mode="zeros",
            )
        )
    if any(geometry.margin):
        transforms.append(CenterSpatialCrop(geometry.patch))
    turned = not (geometry.upright or geometry.oriented)
    if turned and square:
        transforms.append(RandRotate90(prob=0.75, max_k=3, spatial_axes=(rows, columns)))
    elif turned:
        transforms.append(RandFlip(prob=0.5, spatial_axis=rows))
    transforms.append(RandFlip(prob=0.5, spatial_axis=columns))
    if len(geometry.patch) == 3 and turned:
        transforms.append(RandFlip(prob=0.5, spatial_axis=0))
    return Compose(transforms)


def _shift(geometry: Geometry, volume: bool) -> tuple[float, ...]:
    """Largest shift in pixels: a few of a whole slice, none of a patch, which lies anywhere already."""
    plane = tuple(0.03 * n for n in geometry.patch[-2:]) if geometry.upright else (0.0, 0.0)
    return (0.0, *plane) if volume else plane
