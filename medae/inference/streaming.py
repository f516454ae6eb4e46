"""A volume streams through a network: values of a few slices at a time in, stored values out."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor  # noqa: TID253

from medae.inference.prepare import IntensityScale, neighbours, network_values
from medae.quality.fill import fill_value, filled
from medae.volume import Volume

Box = tuple[slice, ...]


def cut(volume: Volume, box: Box) -> Volume:
    """Give the part of a volume inside a box (slices, rows, columns), without copying; its affine is not moved."""
    return replace(
        volume,
        array=volume.array[box],
        rescale_slope=volume.rescale_slope[box[0]],
        rescale_intercept=volume.rescale_intercept[box[0]],
    )


LOOKED_AT = 5
"""Slices of a volume that tell what it was filled with."""


class SliceStacks:
    """Network values of slices with their neighbours, 0 where they are filled; each slice is converted once.

    Parameters
    ----------
    volume, scale
        What is read, and how it becomes network values.
    channels
        Slices that the network sees at once.
    """

    def __init__(self, volume: Volume, scale: IntensityScale, channels: int) -> None:
        self.volume, self.scale, self.channels = volume, scale, channels
        self._kept: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._most = 2 * channels + 2  # outward from a slice there are two fronts
        some = np.unique(np.linspace(0, volume.shape[0] - 1, LOOKED_AT).round().astype(int))
        value = fill_value(volume.values(k, k + 1)[0] for k in some)
        self._fill = 0.0 if value is None else float(scale.apply(np.array([value], np.float32))[0])

    def stack(self, k: int) -> list[NDArray[np.float32]]:
        """Network values (rows, columns) of slice ``k`` in the middle of its neighbours."""
        return [self._values(n) for n in neighbours(k, self.channels, self.volume.shape[0])]

    def _values(self, k: int) -> NDArray[np.float32]:
        if k not in self._kept:
            values = network_values(self.volume, self.scale, k, k + 1)[0]
            if self._fill:
                values[filled(values, self._fill)] = 0.0
            self._kept[k] = values
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(k)
        return self._kept[k]


def stacked(images: Sequence[NDArray[np.float32]], box: Box) -> Tensor:
    """Cut a box out of C images (rows, columns), as (1, C, *box)."""
    return torch.from_numpy(np.stack([image[box] for image in images]))[None]


class StoredOutput:
    """Writes denoised network values into an array in stored values.

    Parameters
    ----------
    volume, scale
        The scan, and how its values became network values.
    strength
        0 (nothing) to 1 (all of the change).
    out
        Array of the volume's shape and dtype.

    Attributes
    ----------
    clipped
        How many values had to be clipped to the stored range so far.
    """

    def __init__(self, volume: Volume, scale: IntensityScale, strength: float, out: "NDArray[np.generic]") -> None:
        self.volume, self.scale, self.out = volume, scale, out
        self.factor = np.float32(strength * scale.scale)
        self.clipped = 0

    def write(self, box: Box, before: NDArray[np.float32], after: NDArray[np.float32]) -> None:
        """Write a box (slices, rows, columns), given its network values before and after denoising.

        Air below the scale, padding, fill and what is not finite keep their stored value bit for bit. In CT single
        voxels that noise brought below it do not.
        """
        part = cut(self.volume, box)
        values, seen = part.values(), before > 0
        if self.volume.modality == "CT" and (below := _pushed_below(before, after)).any():
            before = before.copy()
            before[below] = (values[below] + self.scale.offset) / self.scale.scale  # what the scale cut off
            seen |= below
        change = np.maximum(after, 0.0)
        change -= before
        change *= self.factor
        change *= seen
        change += values
        stored, clipped = part.to_stored(change)
        np.copyto(self.out[box], part.array)
        np.copyto(self.out[box], stored, where=seen)
        self.clipped += clipped


def _pushed_below(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which voxels (slices, rows, columns) lie below the scale, but not after, with few such ones beside, 5 x 5.

    Outside the field of view, and at its edge, there are many.
    """
    below = before <= 0
    found = below & (after > 0)
    if found.any():
        near = np.pad(below, ((0, 0), (2, 2), (2, 2)), mode="edge").view(np.uint8)
        rows, columns = below.shape[1:]
        near = reduce(np.add, (near[:, k : k + rows] for k in range(5)))
        found &= reduce(np.add, (near[:, :, k : k + columns] for k in range(5))) <= 12
    return found
