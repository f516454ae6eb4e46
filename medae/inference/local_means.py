"""Local means of a scan survive denoising: noise hardly changes them, and what is faint and wide lives in them."""

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch.nn.functional import avg_pool2d, interpolate, pad  # noqa: TID253

Image = NDArray[np.float32]

BIASED = ("MR", "US", "")
"""Modalities whose noise moves means: magnitudes of weak signals are too large (Gudbjartsson and Patz, MRM 1995)."""
WIDTH = 8.0
"""Standard deviation in pixels of the Gaussian that means are taken with; 1/800 of white noise's power is left."""
AIR = 0.124
"""Network value of -900 HU: noise in darker places was cut off at the lower end, so that their means are too large."""
_CELL = 4
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
    held = (before > 0) & (after > (AIR if modality == "CT" else 0))
    pooled = np.stack([_pooled(np.where(held, after - before, np.float32(0))), _pooled(held.astype(np.float32))])
    change, weight = ndimage.gaussian_filter(pooled, (0, WIDTH / _CELL, WIDTH / _CELL))
    mean = torch.from_numpy(change / np.maximum(weight, 1e-3))[None, None]
    wide = interpolate(mean, scale_factor=_CELL, mode="bilinear", align_corners=False)[0, 0].numpy()
    rows, columns = before.shape
    return np.asarray(after - wide[:rows, :columns] * held, np.float32)


def _pooled(image: Image) -> Image:
    """Give the means of cells; beyond the last row and column are zeros, which weigh nothing."""
    rows, columns = image.shape
    filled = pad(torch.from_numpy(image)[None, None], (0, -columns % _CELL, 0, -rows % _CELL))
    return np.asarray(avg_pool2d(filled, _CELL)[0, 0].numpy())
