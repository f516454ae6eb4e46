"""The slices that are measured: spread over the volume, original and denoised, with what counts in them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medae.quality.fill import fill_value, filled
from medae.volume import Volume

Images = NDArray[np.float32]
Mask = NDArray[np.bool_]

MAX_SLICES = 16
MAX_VOXELS = 8_000_000
"""Bounds on what is measured; a single slice is measured whole whatever its size."""

BODY_HU = -300.0
"""Below this is air or lung."""
OUTSIDE_HU = -1200.0
"""Below this is no air but the outside of a round field of view, whether or not the file calls it padding."""

DARK = 0.1
"""Part of the 99.5th percentile below which is no patient, in modalities without an absolute scale."""

Plane = tuple[slice, slice]
WHOLE: Plane = (slice(None), slice(None))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Some slices of a scan.

    Attributes
    ----------
    indices
        Which slices of the volume these are.
    before, after
        (slices, rows, columns) in the volume's unit; 0 where ``valid`` is False. They are the same array when there
        is no denoised volume.
    valid
        (slices, rows, columns): neither padding nor infinite, in both, nor what a slice is filled with if that could be
        taken for the patient (`medae.quality.fill`).
    body
        (slices, rows, columns): the patient, without the air around.
    spacing
        Millimetres along (rows, columns).
    modality
        DICOM Modality.
    depth
        Slices of the whole volume.
    """

    indices: tuple[int, ...]
    before: Images
    after: Images
    valid: Mask
    body: Mask
    spacing: tuple[float, float]
    modality: str
    depth: int


def take_sample(
    original: Volume, denoised: Volume | None = None, slices: int = MAX_SLICES, plane: Plane = WHOLE
) -> Sample:
    """Take at most ``slices`` slices (fewer where they are huge), the first and last tenth of the volume left out.

    Parameters
    ----------
    original, denoised
        Volumes of the same shape; without a denoised one, ``before`` and ``after`` are the same array.
    slices
        How many at most.
    plane
        The rows and columns that are looked at.
    """
    indices = spread(original.shape, slices)
    before, valid = _slices(original, indices)
    valid &= ~_filled(before, valid, original.modality)
    area = (slice(None), *plane)
    before, valid = np.ascontiguousarray(before[area]), np.ascontiguousarray(valid[area])
    after = before
    if denoised is not None:
        after, also = _slices(denoised, indices)
        after = np.ascontiguousarray(after[area])
        valid &= also[area]
        after[~valid] = 0
    before[~valid] = 0
    body = body_mask(before, valid, original.modality)
    return Sample(indices, before, after, valid, body, original.spacing[1:], original.modality, original.shape[0])


def denoised_slices(sample: Sample, denoised: Volume) -> Images:
    """Give the slices of a sample as they are in a denoised volume: (slices, rows, columns), 0 where not valid."""
    after = _slices(denoised, sample.indices)[0]
    after[~sample.valid] = 0
    return after


def spread(shape: tuple[int, int, int], slices: int = MAX_SLICES) -> tuple[int, ...]:
    """Choose slices of a volume of this shape: pairs of neighbours, evenly spread over its middle four fifths."""
    count = shape[0]
    slices = max(1, min(slices, count, MAX_VOXELS // max(1, shape[1] * shape[2])))
    if slices == count:
        return tuple(range(count))
    if slices == 1:
        return (count // 2,)
    pairs = slices // 2
    first = np.rint(0.1 * count + 0.8 * count * (np.arange(pairs) + 0.5) / pairs - 1).astype(int)
    return tuple(sorted({int(k) + n for k in np.clip(first, 0, count - 2) for n in (0, 1)}))


def _slices(volume: Volume, indices: tuple[int, ...]) -> tuple[Images, Mask]:
    values = np.concatenate([volume.values(k, k + 1) for k in indices])
    valid = ~np.concatenate([volume.padding_mask(k, k + 1) for k in indices]) & np.isfinite(values)
    if volume.modality == "CT":
        valid &= values > OUTSIDE_HU
    values[~valid] = 0
    return values, valid


def _filled(values: Images, valid: Mask, modality: str) -> Mask:
    """Tell where slices are filled with a value that could be taken for the patient."""
    value = fill_value(np.where(shown, image, np.float32(np.nan)) for image, shown in zip(values, valid, strict=True))
    if (
        value is None
        or value <= (BODY_HU if modality == "CT" else 0.0)
        or (modality != "CT" and value <= DARK * float(np.percentile(values, 99.5)))
    ):
        return np.zeros(values.shape, bool)
    return np.stack([filled(image, value) for image in values])


def body_mask(values: Images, valid: Mask, modality: str) -> Mask:
    """Tell the patient from the air around: (slices, rows, columns) bool.

    A local mean over 5 × 5 pixels must exceed −300 HU in CT; otherwise half of Otsu's threshold (1979), but at least
    a tenth of the brightest values. Holes (lung, sinuses) are filled, specks are removed.
    """
    from scipy import ndimage

    mask = np.zeros(values.shape, bool)
    if not valid.any():
        return mask
    smooth = ndimage.uniform_filter(values, (0, 5, 5))
    level = BODY_HU if modality == "CT" else _half_otsu(smooth[valid])
    cross = ndimage.generate_binary_structure(2, 1)
    for k in range(len(values)):
        tissue = ndimage.binary_opening((smooth[k] > level) & valid[k], cross)
        labels, count = ndimage.label(tissue)
        if count:
            sizes = np.bincount(labels.ravel())[1:]
            large = np.isin(labels, np.flatnonzero(sizes >= 0.05 * sizes.max()) + 1)
            mask[k] = ndimage.binary_fill_holes(large) & valid[k]
    return mask


def near_body(sample: Sample) -> Mask:
    """Where edges of the patient may lie: the body and 10 pixels around it, padding left out."""
    from scipy import ndimage

    cross = ndimage.generate_binary_structure(3, 1)
    cross[[0, 2]] = False
    return np.asarray(ndimage.binary_dilation(sample.body, cross, iterations=10) & sample.valid)


def _half_otsu(values: NDArray[np.float32]) -> float:
    """Half of the threshold that parts values best into two classes, within 0.1 to 0.3 of the 99.5th percentile."""
    top = float(np.percentile(values, 99.5))
    if top <= 0:
        return 0.0
    counts, edges = np.histogram(values, 256, (0.0, top))
    below, sums = np.cumsum(counts), np.cumsum(counts * (edges[1:] + edges[:-1]) / 2)
    above = below[-1] - below
    apart = sums / np.maximum(below, 1) - (sums[-1] - sums) / np.maximum(above, 1)
    threshold = float(edges[1 + int(np.argmax(below * above * apart**2))])
    return min(max(threshold / 2, DARK * top), 0.3 * top)
