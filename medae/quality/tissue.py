"""Mean values by tissue class, before and after denoising: a denoiser must not move them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Mask = NDArray[np.bool_]

CT_CLASSES = {
    "air": (-1100.0, -950.0),
    "lung": (-950.0, -600.0),
    "fat": (-130.0, -60.0),
    "soft tissue": (10.0, 90.0),
    "bone": (200.0, 2000.0),
}
"""Hounsfield units from … to, of what the denoised scan shows."""

THIRDS = ("dark third", "middle third", "bright third")
"""Classes of the body where values have no absolute meaning (MR, radiographs)."""

MIN_VOXELS = 50


@dataclass(frozen=True, slots=True)
class TissueBias:
    """Mean of one tissue class before and after denoising.

    Attributes
    ----------
    name
        ``"air"``, ``"lung"``, ``"fat"``, ``"soft tissue"``, ``"bone"`` in CT, else thirds of the body by brightness.
    voxels
        How many were measured.
    mean_before, mean_after
        Means over the same voxels, in the volume's unit.
    bias
        ``mean_after - mean_before``.
    """

    name: str
    voxels: int
    mean_before: float
    mean_after: float
    bias: float


def tissue_bias(before: Images, after: Images, mask: Mask, modality: str) -> tuple[TissueBias, ...]:
    """Compare the means of each tissue class.

    Voxels are assigned by a local mean of *both* scans over 5 × 5 pixels, and only where that mean is flat, so that
    neither the noise nor blurred edges decide what counts as which tissue.

    Parameters
    ----------
    before, after
        (slices, rows, columns) in the volume's unit; finite.
    mask
        (slices, rows, columns): voxels that count (CT: all but padding; otherwise the body).
    modality
        DICOM Modality.

    Returns
    -------
    tuple of TissueBias
        Classes with fewer than `MIN_VOXELS` voxels are left out.
    """
    from scipy import ndimage

    if not mask.any():
        return ()
    mean = ndimage.uniform_filter((before + after) / 2, (0, 5, 5))
    inside = ndimage.binary_erosion(mask, np.ones((1, 5, 5), bool))
    rise = ndimage.maximum_filter(mean, (1, 3, 3)) - ndimage.minimum_filter(mean, (1, 3, 3))
    measured = []
    for name, (low, high) in _classes(mean[mask], modality).items():
        chosen = inside & (mean >= low) & (mean < high)
        if not chosen.any():
            continue
        chosen &= rise <= np.median(rise[chosen])
        voxels = int(chosen.sum())
        if voxels < MIN_VOXELS:
            continue
        first, second = float(before[chosen].mean(dtype=np.float64)), float(after[chosen].mean(dtype=np.float64))
        measured.append(TissueBias(name, voxels, first, second, second - first))
    return tuple(measured)


def _classes(values: NDArray[np.float32], modality: str) -> dict[str, tuple[float, float]]:
    if modality == "CT":
        return CT_CLASSES
    low, high = (float(v) for v in np.percentile(values, (100 / 3, 200 / 3)))
    bounds = (-np.inf, low, high, np.inf)
    return {name: (bounds[n], bounds[n + 1]) for n, name in enumerate(THIRDS)}
