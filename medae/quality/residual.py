"""Structure in what a denoiser removed: noise must not follow the anatomy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Mask = NDArray[np.bool_]

BLOCK = 12
"""Side of a block in pixels."""
LIMIT = 0.1
"""Correlation above which a block counts as structured."""
LAGS = 8


@dataclass(frozen=True, slots=True)
class Structure:
    """How much of a residual follows the image.

    Attributes
    ----------
    score
        0 (noise) to 1 (nothing but anatomy).
    blocks
        Share of blocks with edges whose correlation with the image exceeds `LIMIT`, beyond what chance gives.
    measured
        Number of blocks.
    """

    score: float
    blocks: float
    measured: int


def autocorrelation(residual: Images, mask: Mask, lags: int = LAGS) -> tuple[float, ...]:
    """Correlate a residual with itself, moved by 0 to ``lags`` - 1 pixels along rows and columns (mean of both).

    Parameters
    ----------
    residual
        (slices, rows, columns).
    mask
        (slices, rows, columns): pairs of voxels count where both are inside.
    lags
        How many distances.

    Returns
    -------
    tuple of float
        Starts with 1; empty where the residual is constant or the mask empty.
    """
    if not mask.any():
        return ()
    centred = np.where(mask, residual - residual[mask].mean(), 0).astype(np.float32)
    power = float(np.mean(centred[mask] ** 2))
    if not power > 0:
        return ()
    found = []
    for lag in range(min(lags, *residual.shape[1:])):
        total, pairs = 0.0, 0
        for rows, columns in ((lag, 0), (0, lag)):
            first = np.s_[:, : residual.shape[1] - rows, : residual.shape[2] - columns]
            second = np.s_[:, rows:, columns:]
            both = mask[first] & mask[second]
            total += float(np.sum((centred[first] * centred[second])[both], dtype=np.float64))
            pairs += int(both.sum())
        if not pairs:
            break
        found.append(total / pairs / power)
    return tuple(found)
