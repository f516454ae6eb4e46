"""Local means of a scan survive denoising: noise hardly changes them, and what is faint and wide lives in them."""

import numpy as np
from numpy.typing import NDArray

from medae.inference.prepare import CT_OFFSET, CT_SCALE

Image = NDArray[np.float32]

BIASED = ("MR", "US", "")
"""Modalities whose noise moves means: magnitudes of weak signals are too large (Gudbjartsson and Patz, MRM 1995)."""
WIDTH = 8.0
"""Standard deviation in pixels of the Gaussian that means are taken with; 1/800 of white noise's power is left."""
AIR_HU = -900.0
"""Noise in darker places was cut off at the lower end, so that their means are too large."""
_CELL = 8
"""Pixels along each side of the cells that means are worked out on."""


def hold_local_means(before: Image, after: Image, modality: str) -> Image:
    """Give a denoised slice the local means that it had.

    What a network removes beyond some 8 pixels is little noise, but bias: values of a tissue drift, faint wide lesions
    fade. So the Gaussian mean of the change is taken back where tissue is, air and what was 0 aside.

    Parameters
    ----------
    before, after
        (rows, columns) network values of a slice, and of the same denoised.
    modality
        DICOM Modality; one of `BIASED` gets ``after`` back as it is.

    Returns
    -------
    NDArray
        (rows, columns) float32.
    """
    from scipy import ndimage

    if modality in BIASED:
        return after
    darkest = (AIR_HU + CT_OFFSET) / CT_SCALE if modality == "CT" else 0.0
    held = (before > 0) & (after > np.float32(darkest))
    sums = np.stack([_sums((after - before) * held), _sums(held.astype(np.float32))])
    change, weight = ndimage.gaussian_filter(sums, (0, WIDTH / _CELL, WIDTH / _CELL))
    wide = _spread(_spread(change / np.maximum(weight, 1e-2)).T).T
    rows, columns = before.shape
    return np.asarray(after - wide[:rows, :columns] * held, np.float32)


def _sums(image: Image) -> Image:
    """Add up the pixels of each cell; beyond the last row and column there is nothing."""
    rows, columns = image.shape
    if rows % _CELL or columns % _CELL:
        image = np.pad(image, ((0, -rows % _CELL), (0, -columns % _CELL)))
    across = image.reshape(-1, _CELL, image.shape[1]).sum(axis=1)
    return np.asarray(across.reshape(len(across), -1, _CELL).sum(axis=2))


def _spread(cells: Image) -> Image:
    """Interpolate along rows, from cells to pixels, in a straight line between the middles of cells.

    In numpy, as torch's threads go on waiting for work and keep the cores from the engine.
    """
    padded = np.pad(cells, ((1, 1), (0, 0)), mode="edge")
    spread = np.empty((len(cells), _CELL, cells.shape[1]), np.float32)
    for pixel in range(_CELL):
        first, share = divmod((pixel + 0.5) / _CELL + 0.5, 1)
        low, high = (padded[n : n + len(cells)] for n in (int(first), int(first) + 1))
        spread[:, pixel] = low + (high - low) * np.float32(share)
    return spread.reshape(-1, cells.shape[1])
