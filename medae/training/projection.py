"""Digitally reconstructed radiographs: CT volumes projected along parallel rays (Beer-Lambert)."""

from collections.abc import Sequence

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor  # noqa: TID253

from medae.errors import UnsupportedVolume
from medae.inference.prepare import CT_OFFSET, CT_SCALE, body_mask
from medae.volume import Volume

WATER_PER_MM = 0.019
"""Linear attenuation of water at the mean energy of a chest X-ray (about 75 keV), per mm (NIST XCOM)."""

BONE_EXCESS = 1.2
"""How much more bone absorbs at that energy than its HU, measured at a higher one, tell: per unit above 120 HU."""


def line_integrals(volume: Volume, degrees: Sequence[float]) -> NDArray[np.float32]:
    """Attenuation along parallel rays through a CT volume, across its slices' axis.

    Parameters
    ----------
    volume
        CT in HU, axial slices of square pixels; what lies outside of the patient (the table) does not count.
    degrees
        Directions: 0 along the columns of the slices (antero-posterior in axial slices), 90 along the rows (lateral).

    Returns
    -------
    NDArray
        (directions, rows, columns) float32 without unit, −ln of the transmitted part: one row per slice, as many
        columns as a slice has rows or columns, whichever are more.

    Raises
    ------
    UnsupportedVolume
        If the volume is no CT, or its pixels are not square.
    """
    _, down, right = volume.spacing
    if volume.modality != "CT":
        raise UnsupportedVolume(f"only CT can be projected to radiographs, this scan is {volume.modality or 'unknown'}")
    if abs(down / right - 1) > 0.02:
        raise UnsupportedVolume(f"only CT of square pixels can be projected, these are {down:.3g} × {right:.3g} mm")
    attenuation = torch.from_numpy(_attenuation(volume))
    return torch.stack([_turned(attenuation, angle).sum(1) for angle in degrees]).mul(right).numpy()


def _attenuation(volume: Volume) -> NDArray[np.float32]:
    """Attenuation per mm, (slices, side, side), 0 outside of the patient."""
    hu = volume.values()
    hu[~body_mask((hu + CT_OFFSET) / CT_SCALE, "CT")] = -1000
    per_mm = np.clip(1 + hu / 1000, 0, None) + BONE_EXCESS / 1000 * np.clip(hu - 120, 0, None)
    missing = [max(hu.shape[1:]) - n for n in hu.shape[1:]]
    pad = [(n // 2, n - n // 2) for n in missing]
    return (np.pad(per_mm, [(0, 0), *pad]) * WATER_PER_MM).astype(np.float32)


def _turned(images: Tensor, degrees: float) -> Tensor:
    """Rotate (slices, side, side) in their plane about the centre."""
    angle = torch.tensor(np.deg2rad(degrees), dtype=torch.float32)
    cos, sin = angle.cos(), angle.sin()
    theta = torch.stack([torch.stack([cos, -sin, cos * 0]), torch.stack([sin, cos, cos * 0])])[None]
    grid = torch.nn.functional.affine_grid(theta, [1, 1, *images.shape[1:]], align_corners=False)
    return torch.nn.functional.grid_sample(images[None], grid, align_corners=False)[0]


def radiographs(volume: Volume, degrees: Sequence[float]) -> Volume:
    """Noise-free radiographs of a CT volume on square pixels, dense parts bright.

    Parameters
    ----------
    volume, degrees
        As `line_integrals` takes them.

    Returns
    -------
    Volume
        (directions, rows, columns) float32 attenuation, modality DX, a slice for each direction, of pixels as large
        as those of the slices; rows run along the slices' axis, interpolated by cubic splines.
    """
    from scipy import ndimage

    integrals = line_integrals(volume, degrees)
    slices, _, right = volume.spacing
    zoom = max(1.0, slices / right)
    enlarged = ndimage.zoom(integrals, (1, zoom, 1), order=3, mode="nearest", grid_mode=True)
    affine = np.diag([right, right, 1.0, 1.0])[:, [2, 1, 0, 3]]
    return Volume(np.maximum(enlarged, 0.0, dtype=np.float32), affine, modality="DX")
