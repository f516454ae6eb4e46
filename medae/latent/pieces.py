"""What a network sees of a series, piece by piece: whole slices framed on the body, or windows on a grid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from medae.bundle import BundleInfo
from medae.inference.prepare import (
    Frame,
    body_mask,
    intensity_scale,
    neighbours,
    network_values,
    standardised,
    to_pixel_spacing,
)
from medae.networks import Network
from medae.volume import Source, Volume

LEAST_BODY_OF_SLICE = 0.02
"""Whole slices with a smaller share of body are left out: they show air."""
LEAST_BODY_OF_PATCH = 0.3
"""The same for patches, as in training."""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Pieces of one series in network values.

    Attributes
    ----------
    images
        (slices, rows, columns) float32 network values, resampled as the model wants them.
    corners
        (n, 3) first slice, row and column of each piece; may lie outside of the images, where it is air.
    size
        (slices, rows, columns) of a piece.
    middle
        For 2-D networks: how many neighbours are given on either side; None for 3-D networks.
    factors
        (rows, columns) of the images per row and column of the scan.
    """

    images: NDArray[np.float32]
    corners: NDArray[np.intp]
    size: tuple[int, int, int]
    middle: int | None
    factors: tuple[float, float]

    @classmethod
    def of(cls, volume: Volume, info: BundleInfo, network: Network, plane: tuple[int, int] | None = None) -> Self:
        """Prepare a volume as in training, and lay the pieces.

        A whole-slice model gets the part around the body; a model of one fixed window a grid of windows; a model
        that takes any size ``plane`` (rows, columns) around the body, by default the body's bounding box.
        """
        images = network_values(volume, intensity_scale(volume))
        spacing = info.settings.get("pixel_spacing")
        if spacing:
            images = to_pixel_spacing(images, volume.spacing, float(spacing))
        body = body_mask(images, volume.modality)
        if info.task == "anomaly":
            images = standardised(images, body, volume.modality)
        flat = network.spatial_dims == 2
        size = _size(body, info, network, plane)
        if flat and (info.settings.get("whole_slices") or network.window is None):
            frame = Frame.around(body, size[1:])
            corners, least = [(k, frame.top, frame.left) for k in range(len(images))], LEAST_BODY_OF_SLICE
        else:
            corners, least = _grid(images.shape, size), LEAST_BODY_OF_PATCH
        factors = (images.shape[1] / volume.shape[1], images.shape[2] / volume.shape[2])
        middle = network.middle if flat else None
        pieces = cls(images, np.array(corners, np.intp).reshape(-1, 3), size, middle, factors)
        share = [pieces._cut(body, n).mean() for n in range(len(pieces))]
        return pieces.chosen(np.flatnonzero(np.array(share) >= least))

    def __len__(self) -> int:
        return len(self.corners)

    def chosen(self, indices: NDArray[np.intp]) -> Self:
        """Give some of the pieces only."""
        return replace(self, corners=self.corners[indices])

    def slice_index(self) -> NDArray[np.intp]:
        """(n,) slice of the scan that each piece shows; the middle one of blocks."""
        return np.clip(self.corners[:, 0] + self.size[0] // 2, 0, len(self.images) - 1)

    def centers(self) -> NDArray[np.intp]:
        """(n, 2) row and column of the scan in the middle of each piece."""
        middle = self.corners[:, 1:] + np.array(self.size[1:]) / 2
        return np.rint(middle / np.array(self.factors)).astype(np.intp)

    def network_input(self, indices: Sequence[int]) -> NDArray[np.float32]:
        """(B, C, H, W) neighbouring slices, or (B, 1, D, H, W)."""
        if self.middle is None:
            return np.stack([self._cut(self.images, n)[None] for n in indices])
        count, stacks = 2 * self.middle + 1, []
        for n in indices:
            k, top, left = (int(start) for start in self.corners[n])
            around = self.images[neighbours(k, count, len(self.images))]
            stacks.append(Frame(top, left, *self.size[1:]).cut(around))
        return np.stack(stacks)

    def in_scan(self, array: NDArray[Any], index: int) -> NDArray[Any]:
        """Give the part of an array on the scan's own grid (slices, rows, columns) that a piece covers."""
        starts = self.corners[index]
        k = slice(max(int(starts[0]), 0), int(starts[0]) + self.size[0])
        boxes = [
            slice(max(round(start / factor), 0), max(round((start + length) / factor), 1))
            for start, length, factor in zip(starts[1:], self.size[1:], self.factors, strict=True)
        ]
        return array[k, boxes[0], boxes[1]]

    def _cut(self, array: NDArray[Any], index: int) -> NDArray[Any]:
        """(slices, rows, columns) of a piece; 0 outside of the array."""
        k, top, left = (int(start) for start in self.corners[index])
        depth = self.size[0]
        block = np.zeros(self.size, array.dtype)
        inside = Frame(top, left, *self.size[1:]).cut(array[max(k, 0) : k + depth])
        block[: len(inside)] = inside
        return block


def common_plane(sources: Sequence[Source], info: BundleInfo) -> tuple[int, int]:
    """(rows, columns) that hold every slice of some series after resampling, told from their headers."""
    wanted = info.settings.get("pixel_spacing")
    sizes = [
        [round(n * mm / float(wanted)) if wanted else n for n, mm in zip(s.shape[1:], s.spacing[1:], strict=True)]
        for s in sources
    ]
    rows, columns = (max(size[axis] for size in sizes) for axis in (0, 1))
    return rows, columns


def _size(
    body: NDArray[np.bool_], info: BundleInfo, network: Network, plane: tuple[int, int] | None
) -> tuple[int, int, int]:
    """(slices, rows, columns) of a piece, multiples of the network's strides."""
    whole = info.settings.get("whole_slices") and info.settings.get("patch_size")
    wanted: Any = network.window or whole or (plane if network.spatial_dims == 2 else None)
    if not wanted:
        used = [np.flatnonzero(body.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
        wanted = [int(n[-1] - n[0]) + 1 if n.size else body.shape[axis] for axis, n in enumerate(used)]
        wanted = wanted[-network.spatial_dims :]
    if isinstance(wanted, int):
        wanted = [wanted] * network.spatial_dims
    rounded = [-(-int(length) // stride) * stride for length, stride in zip(wanted, network.strides, strict=True)]
    depth, rows, columns = rounded if network.spatial_dims == 3 else (1, *rounded)
    return depth, rows, columns


def _grid(shape: tuple[int, ...], size: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    """Corners of windows side by side that cover the image, centred on it."""
    starts = []
    for length, window in zip(shape, size, strict=True):
        count = -(-length // window)
        first = -((count * window - length) // 2) if window > 1 else 0
        starts.append([first + n * window for n in range(count)])
    slices, rows, columns = starts
    return list(product(slices, rows, columns))
