"""From modality units to what a network sees, and back: one scale per volume, never per slice or tile."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor  # noqa: TID253

from medae.errors import UnsupportedVolume
from medae.networks.network import mirrored
from medae.volume import Volume

CT_OFFSET = 1024.0
CT_SCALE = 1000.0
SAMPLE = 4_000_000
"""Voxels that the percentile of a large volume is taken from."""


@dataclass(frozen=True, slots=True)
class IntensityScale:
    """Network value = max(value + offset, 0) / scale."""

    offset: float
    scale: float

    def apply(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values in the volume's unit, any shape, to network values; what is not finite becomes 0."""
        scaled = values + np.float32(self.offset)
        scaled *= np.float32(1 / self.scale)
        np.fmax(scaled, 0.0, out=scaled)  # also of NaN
        if scaled.size and np.isinf(scaled.max()):
            scaled[np.isinf(scaled)] = 0.0
        return scaled


def refuse_colour(volume: Volume) -> None:
    """Raise `UnsupportedVolume` for a colour image, which is computed only after its colours were taken off."""
    if volume.colour is not None:
        raise UnsupportedVolume(
            "this is a colour image; MedAE shows it, but its models know only grey ones. "
            "To have its brightness processed all the same, use 'medae denoise --colour'"
        )


def intensity_scale(volume: Volume) -> IntensityScale:
    """Choose the scale of a volume: HU + 1024 in thousands for CT, the 99.9th percentile otherwise.

    Padding and values that are not finite do not count.
    """
    if volume.modality == "CT":
        return IntensityScale(CT_OFFSET, CT_SCALE)
    step = max(1, volume.array.size // SAMPLE)
    slices, per_slice = volume.shape[0], volume.shape[1] * volume.shape[2]
    sampled = []
    for k in range(slices):
        start = -k * per_slice % step  # every step-th voxel of the volume, counted through all slices
        seen = ~volume.padding_mask(k, k + 1).ravel()[start::step]
        sampled.append(volume.values(k, k + 1).ravel()[start::step][seen])
    counted = np.concatenate(sampled)
    top = float(np.percentile(counted, 99.9, overwrite_input=True)) if counted.size else 0.0
    return IntensityScale(0.0, top if top > 0 else 1.0)


def network_values(
    volume: Volume, scale: IntensityScale, start: int = 0, stop: int | None = None
) -> NDArray[np.float32]:
    """Network values (slices, rows, columns) of ``start:stop``; padding becomes 0."""
    scaled = scale.apply(volume.values(start, stop))
    scaled[volume.padding_mask(start, stop)] = 0.0
    return scaled


def neighbours(index: int, count: int, slices: int) -> list[int]:
    """List the ``count`` slices around ``index``, mirrored at the ends; the same one if there is but one."""
    half = count // 2
    return mirrored(range(index - half, index + half + 1), slices)


def resize(images: Tensor, rows: int, columns: int) -> Tensor:
    """Resample (B, C, H, W) to (B, C, rows, columns), with anti-aliasing when it shrinks."""
    if images.shape[-2:] == (rows, columns):
        return images
    return torch.nn.functional.interpolate(
        images, (rows, columns), mode="bilinear", antialias=True, align_corners=False
    )


def body_mask(images: NDArray[np.float32], modality: str) -> NDArray[np.bool_]:
    """Rough mask of the patient on network values (slices, rows, columns).

    CT: the largest connected part above −300 HU in each slice, holes (lung, bowel gas) filled. Otherwise: above a
    tenth of the 99.9th percentile, closed and filled. It may keep the table where it touches the patient.
    """
    from scipy import ndimage

    level = (CT_OFFSET - 300.0) / CT_SCALE if modality == "CT" else 0.1
    cross = ndimage.generate_binary_structure(2, 1)
    mask = np.zeros(images.shape, dtype=bool)
    for k, image in enumerate(images):
        tissue = ndimage.binary_opening(image > level, cross, iterations=2)
        if modality != "CT":
            tissue = ndimage.binary_closing(tissue, cross, iterations=3)
        labels, count = ndimage.label(tissue)
        if count:
            sizes = np.bincount(labels.ravel())[1:]
            keep = np.flatnonzero(sizes >= max(0.1 * sizes.max(), 20)) + 1
            mask[k] = ndimage.binary_fill_holes(np.isin(labels, keep))
    return mask


def standardised(images: NDArray[np.float32], body: NDArray[np.bool_], modality: str) -> NDArray[np.float32]:
    """Network values as the anomaly models take them: MR is scaled so that the median of the body is 0.5."""
    if modality == "CT" or not body.any():
        return images
    median = float(np.median(images[body]))
    return images * np.float32(0.5 / median) if median > 0 else images


def to_pixel_spacing(
    images: NDArray[np.float32], spacing: tuple[float, float, float], wanted: float
) -> NDArray[np.float32]:
    """Resample slices (slices, rows, columns) in their plane to ``wanted`` mm per pixel."""
    rows, columns = plane_at(images.shape, spacing, wanted)
    return resize(torch.from_numpy(images)[:, None], rows, columns)[:, 0].numpy()


def plane_at(shape: tuple[int, ...], spacing: tuple[float, float, float], wanted: float) -> tuple[int, int]:
    """Count the (rows, columns) of slices at ``wanted`` mm per pixel; at least 32 each."""
    rows, columns = (max(32, round(n * s / wanted)) for n, s in zip(shape[1:], spacing[1:], strict=True))
    return rows, columns


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of every slice that a whole-slice model sees; it may stick out of the slices.

    Attributes
    ----------
    top, left
        First row and column, in pixels of the slices; may be negative.
    rows, columns
        Size.
    """

    top: int
    left: int
    rows: int
    columns: int

    @classmethod
    def around(cls, body: NDArray[np.bool_], size: tuple[int, int]) -> Self:
        """Frame of ``size`` (rows, columns) centred on the bounding box of a body mask (slices, rows, columns).

        One frame serves all slices of a volume, so that they stay aligned. Without a body it is centred on the image.
        """
        starts = []
        for axis, length in ((1, size[0]), (2, size[1])):
            inside = np.flatnonzero(body.any(axis=tuple({0, 1, 2} - {axis})))
            first, last = (int(inside[0]), int(inside[-1])) if inside.size else (0, body.shape[axis] - 1)
            starts.append((first + last + 1 - length) // 2)
        return cls(starts[0], starts[1], *size)

    def cut(self, images: NDArray[Any]) -> NDArray[Any]:
        """Cut (slices, rows, columns) to the frame; what lies outside of the images is 0."""
        framed = np.zeros((len(images), self.rows, self.columns), images.dtype)
        inside, outside = self._overlap(images.shape[1:])
        framed[:, inside[0], inside[1]] = images[:, outside[0], outside[1]]
        return framed

    def put_back(self, framed: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
        """Give framed slices their place in slices of ``shape`` (rows, columns); 0 around them."""
        images = np.zeros((len(framed), *shape), framed.dtype)
        inside, outside = self._overlap(shape)
        images[:, outside[0], outside[1]] = framed[:, inside[0], inside[1]]
        return images

    def _overlap(self, shape: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """Give the common part as seen from the frame, and from the slices."""
        inside, outside = [], []
        for start, length, n in zip((self.top, self.left), (self.rows, self.columns), shape, strict=True):
            first, last = max(start, 0), max(min(start + length, n), max(start, 0))
            inside.append(slice(first - start, last - start))
            outside.append(slice(first, last))
        return tuple(inside), tuple(outside)
