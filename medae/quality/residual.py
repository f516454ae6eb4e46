"""Structure in what a denoiser removed: noise must not follow the anatomy.

Where contrast was lost, what was removed looks like what was left: both rise and fall together. Noise does neither,
and Rician bias, which is largest in the dark, goes the other way. So the correlation of the two within small blocks
is averaged with its sign. What chance gives is measured on the same scan: blocks of the residual are compared with
blocks of the image from elsewhere.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Mask = NDArray[np.bool_]

BLOCK = 12
"""Side of a block in pixels."""
EDGE_SHARE = 0.25
"""Part of the blocks, those that vary most, which counts as holding edges."""
LIMIT = 0.1
"""Correlation above which a block counts as structured."""
STRUCTURE_LIMIT = 0.2
"""Score above which what was removed follows the anatomy. Measured on phantoms and scans with known noise: true noise
0 to 0.01, our models and non-local means 0.03 to 0.1, weak total variation and narrow Gaussians 0.33 to 0.5, strong
ones to 0.6."""
AMPLITUDE_LIMIT = 0.2
"""… but the user is warned only where the part that follows it is more than this times the noise."""
LAGS = 8
SHIFTS = (3, 7, 11, 17)
"""How far away, in the list of blocks, the blocks lie that chance is measured with."""


@dataclass(frozen=True, slots=True)
class Structure:
    """How much of a residual follows the image.

    Attributes
    ----------
    score
        Mean correlation of residual and denoised image within blocks with edges, what chance gives taken off:
        0 (noise) to 1 (nothing but anatomy).
    blocks
        Share of these blocks whose correlation exceeds `LIMIT`, beyond the share that chance gives.
    amplitude
        Root mean square, in these blocks, of the part of the residual that follows the image; in the volume's unit.
    measured
        Number of blocks; 0 where there are too few to tell.
    """

    score: float
    blocks: float
    amplitude: float
    measured: int


def structure(residual: Images, denoised: Images, mask: Mask) -> Structure:
    """Measure how much a residual follows the denoised image.

    Parameters
    ----------
    residual
        (slices, rows, columns): original minus denoised.
    denoised
        (slices, rows, columns).
    mask
        (slices, rows, columns): blocks count that lie inside as a whole.
    """
    inside = _blocks(mask).all(axis=1)
    left, removed = (_centred(_blocks(images)[inside]) for images in (denoised, residual))
    varied = (left**2).sum(axis=1)
    chosen = np.argsort(-varied)[: max(20, int(EDGE_SHARE * len(varied)))]
    chosen = np.sort(chosen[varied[chosen] > 0])
    if len(chosen) < 20 or not removed[chosen].any():
        return Structure(0.0, 0.0, 0.0, 0)
    left, removed = left[chosen], removed[chosen]
    found = _correlation(left, removed)
    chance = np.concatenate([_correlation(np.roll(left, shift, axis=0), removed) for shift in SHIFTS])
    score = float(found.mean() - chance.mean())
    blocks = float(np.mean(found > LIMIT) - np.mean(chance > LIMIT))
    power = float(np.mean((removed**2).mean(axis=1) * found * np.abs(found)))
    by_chance = float(np.mean(chance * np.abs(chance))) * float((removed**2).mean())
    amplitude = max(power - by_chance, 0.0) ** 0.5
    return Structure(min(max(score, 0.0), 1.0), min(max(blocks, 0.0), 1.0), amplitude, len(chosen))


def _blocks(images: NDArray[np.generic]) -> NDArray[np.generic]:
    """(slices, rows, columns) to (blocks, BLOCK²); what is left over at the border is left out."""
    slices, rows, columns = images.shape
    down, across = rows // BLOCK, columns // BLOCK
    cut = images[:, : down * BLOCK, : across * BLOCK].reshape(slices, down, BLOCK, across, BLOCK)
    return cut.swapaxes(2, 3).reshape(-1, BLOCK**2)


def _centred(blocks: NDArray[np.generic]) -> NDArray[np.float64]:
    values = blocks.astype(np.float64)
    return values - values.mean(axis=1, keepdims=True)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate centred blocks (n, pixels) pair by pair; 0 where one is constant."""
    power = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return (one * other).sum(axis=1) / np.where(power > 0, power, np.inf)


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
