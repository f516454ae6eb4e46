"""From modality units to what a network sees, and back: one scale per volume, never per slice or tile."""

from dataclasses import dataclass

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor  # noqa: TID253

from medae.volume import Volume

CT_OFFSET = 1024.0
CT_SCALE = 1000.0


@dataclass(frozen=True, slots=True)
class IntensityScale:
    """Network value = max(value + offset, 0) / scale."""

    offset: float
    scale: float

    def apply(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values in the volume's unit, any shape, to network values; what is not finite becomes 0."""
        scaled = (values + np.float32(self.offset)) * np.float32(1 / self.scale)
        return np.maximum(np.nan_to_num(scaled, nan=0.0, posinf=0.0, neginf=0.0), 0.0, out=scaled)


def intensity_scale(volume: Volume) -> IntensityScale:
    """Choose the scale of a volume: HU + 1024 in thousands for CT, the 99.9th percentile otherwise.

    Padding and values that are not finite do not count.
    """
    if volume.modality == "CT":
        return IntensityScale(CT_OFFSET, CT_SCALE)
    step = max(1, volume.array.size // 4_000_000)
    values = volume.values().ravel()[::step]
    counted = values[~volume.padding_mask().ravel()[::step]]
    top = float(np.percentile(counted, 99.9)) if counted.size else 0.0
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
    if slices == 1:
        return [0] * count
    half = count // 2
    period = 2 * (slices - 1)
    mirrored = [abs(k) % period for k in range(index - half, index + half + 1)]
    return [min(k, period - k) for k in mirrored]


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
    rows, columns = (max(32, round(n * s / wanted)) for n, s in zip(images.shape[1:], spacing[1:], strict=True))
    return resize(torch.from_numpy(images)[:, None], rows, columns)[:, 0].numpy()
