"""How sharp edges are: 10–90 % widths of a scan's own edges, and the transfer function of an edge that is known.

A blurred edge is an error function; one whose Gaussian has a standard deviation of s climbs from 10 to 90 % within
2.563 s. The task transfer function is the Fourier transform of the derivative of the edge spread function around a
round object (Richard et al., Med Phys 2012; AAPM TG-233).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Mask = NDArray[np.bool_]
Array = NDArray[np.float64]

TEN_TO_NINETY = 2.5631
"""10–90 % width of an edge blurred by a Gaussian of standard deviation 1."""
REACH = 6.0
"""Half the length of a profile across an edge, in pixels."""
STEP = 0.5
BESIDE = np.arange(-2, 3)
"""Places along the edge, in pixels, over which profiles are averaged."""
MAX_EDGES = 400
FEW_EDGES = 12
LIKENESS = 0.98
"""Correlation of a profile with its fitted edge, in both scans, below which it is no clean edge."""
INTERPOLATION = 1 / 6
"""Mean variance, in pixels², that linear interpolation between pixels adds to a blur."""
WIDTHS = np.geomspace(0.25, 4.0, 33)
"""Standard deviations that are tried, in pixels."""


@dataclass(frozen=True, slots=True)
class EdgeSharpness:
    """Median 10–90 % width of edges before and after denoising.

    Attributes
    ----------
    edges
        How many were measured.
    width_before_mm, width_after_mm
        Median distance over which an edge climbs from 10 to 90 % of its height.
    ratio
        Median of the widths' ratios, after over before: 1.1 means 10 % wider.
    """

    edges: int
    width_before_mm: float
    width_after_mm: float
    ratio: float


def edge_sharpness(
    before: Images, after: Images, mask: Mask, spacing: tuple[float, float], noise: float = 0.0
) -> EdgeSharpness | None:
    """Measure the same strong edges before and after denoising; None where there are fewer than `FEW_EDGES`.

    Parameters
    ----------
    before, after
        (slices, rows, columns), same unit.
    mask
        (slices, rows, columns): voxels that count; profiles stay inside.
    spacing
        Millimetres per pixel along (rows, columns).
    noise
        Standard deviation of the noise of ``before``; edges of less than six times of it are left out.
    """
    from scipy import ndimage

    reach = int(REACH) + 3
    if min(before.shape[1:]) <= 2 * reach:
        return None
    inside = ndimage.binary_erosion(mask, np.ones((1, 2 * reach + 1, 2 * reach + 1), bool))
    places, normals = _strongest(before, inside, spacing)
    if len(places) < FEW_EDGES:
        return None
    fits = [_fit_edges(_profiles(images, places, normals)) for images in (before, after)]
    (first, likeness, height), (second, likeness_after, _) = fits
    kept = (likeness > LIKENESS) & (likeness_after > LIKENESS) & (height > 6 * noise) & (height > 0)
    for widths in (first, second):
        kept &= (widths > 0.25) & (widths < 0.95 * WIDTHS[-1])
    if kept.sum() < FEW_EDGES:
        return None
    pixel = np.hypot(normals[kept, 0] * spacing[0], normals[kept, 1] * spacing[1])
    first, second = (TEN_TO_NINETY * widths[kept] * pixel for widths in (first, second))
    ratio = float(np.median(second / first))
    return EdgeSharpness(int(kept.sum()), float(np.median(first)), float(np.median(second)), ratio)


def _strongest(images: Images, inside: Mask, spacing: tuple[float, float]) -> tuple[NDArray[np.intp], Array]:
    """(n, 3) places of the steepest pixels, 5 apart or more, and (n, 2) steps of one mean pixel across each edge."""
    from scipy import ndimage

    slopes = [ndimage.gaussian_filter(images, (0, 1.0, 1.0), order=order) for order in ((0, 1, 0), (0, 0, 1))]
    down, across = (slope / mm for slope, mm in zip(slopes, spacing, strict=True))
    steep = np.where(inside, np.hypot(down, across), 0)
    summit = (steep > 0) & (steep == ndimage.maximum_filter(steep, (1, 5, 5)))
    places = np.argwhere(summit)
    places = places[np.argsort(-steep[summit], kind="stable")[:MAX_EDGES]]
    at = tuple(places.T)
    normals = np.stack([down[at], across[at]], axis=1).astype(np.float64)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    return places, normals * float(np.mean(spacing)) / np.array(spacing)


def _profiles(images: Images, places: NDArray[np.intp], normals: Array) -> Array:
    """(n, samples) profiles across edges, averaged over `BESIDE` places along them."""
    from scipy import ndimage

    steps = np.arange(-REACH, REACH + STEP / 2, STEP)
    along = np.stack([-normals[:, 1], normals[:, 0]], axis=1)
    offset = steps[None, None, :, None] * normals[:, None, None] + BESIDE[None, :, None, None] * along[:, None, None]
    rows, columns = (places[:, n + 1, None, None] + offset[..., n] for n in (0, 1))
    slices = np.broadcast_to(places[:, 0, None, None], rows.shape)
    sampled = ndimage.map_coordinates(images, [slices, rows, columns], order=1, mode="nearest")
    return np.asarray(sampled.mean(axis=1), np.float64)


def _fit_edges(profiles: Array) -> tuple[Array, Array, Array]:
    """Fit an error function to each profile (n, samples).

    Returns
    -------
    widths, likeness, height
        (n,) each: standard deviation in pixels, correlation with the fit, height of the edge.
    """
    from scipy import special

    steps = np.arange(-REACH, REACH + STEP / 2, STEP)
    shifts = np.arange(-1.5, 1.6, 0.25)
    edges = special.erf((steps - shifts[:, None]) / (np.sqrt(2) * WIDTHS[:, None, None]))
    centred = edges - edges.mean(axis=-1, keepdims=True)
    size = np.linalg.norm(centred, axis=-1, keepdims=True)
    rest = profiles - profiles.mean(axis=1, keepdims=True)
    norm = np.maximum(np.linalg.norm(rest, axis=1), 1e-30)
    likeness = np.einsum("wst,nt->nws", centred / size, rest) / norm[:, None, None]
    best = likeness.max(axis=2)
    n = np.arange(len(profiles))
    width = best.argmax(axis=1)
    shift = likeness[n, width].argmax(axis=1)
    left, middle, right = (best[n, np.clip(width + d, 0, len(WIDTHS) - 1)] for d in (-1, 0, 1))
    bend = np.minimum(left - 2 * middle + right, -1e-12)
    refined = np.where((width > 0) & (width < len(WIDTHS) - 1), np.clip(0.5 * (left - right) / bend, -0.5, 0.5), 0.0)
    growth = np.log(WIDTHS[1] / WIDTHS[0])
    height = 2 * norm * middle / size[width, shift, 0]
    sampled = WIDTHS[width] * np.exp(growth * refined)
    return np.asarray(np.sqrt(np.maximum(sampled**2 - INTERPOLATION, 0.01))), middle, height


def edge_spread(images: Images, distances: Array, reach: float, step: float) -> tuple[Array, Array]:
    """Average images over rings around a round object of known place.

    Parameters
    ----------
    images
        (slices, rows, columns) of the same object.
    distances
        (rows, columns) signed distance of each pixel from the object's outline, mm.
    reach
        How far on each side, mm.
    step
        Width of the rings, mm; a fifth of a pixel or so.

    Returns
    -------
    places, values
        (n,) distances in mm, ascending, and means over the rings.
    """
    count = 2 * round(reach / step)
    ring = np.floor((distances + reach) / step).astype(int)
    used = (ring >= 0) & (ring < count)
    pixels = np.bincount(ring[used], minlength=count)
    sums = np.bincount(ring[used], weights=images.mean(axis=0, dtype=np.float64)[used], minlength=count)
    places = np.asarray((np.arange(count) + 0.5) * step - reach, np.float64)
    full = pixels > 0
    return places, np.asarray(np.interp(places, places[full], sums[full] / pixels[full]))


def transfer_function(places: Array, values: Array) -> tuple[Array, Array]:
    """Turn an edge spread function into the modulation transfer function.

    Parameters
    ----------
    places, values
        (n,) from `edge_spread`.

    Returns
    -------
    frequencies, modulation
        1/mm from 0, and the modulation, 1 at 0.
    """
    from scipy import signal

    step = float(places[1] - places[0])
    line = np.gradient(values, step) * signal.windows.tukey(len(values), 0.5)
    modulation = np.abs(np.fft.rfft(line, 8 * len(line)))
    return np.asarray(np.fft.rfftfreq(8 * len(line), step)), np.asarray(modulation / max(float(modulation[0]), 1e-30))


def half_modulation(frequencies: Array, modulation: Array) -> float:
    """First frequency at which the modulation falls below one half, interpolated: f50, in the unit given."""
    low = np.flatnonzero(modulation < 0.5)
    if not len(low) or low[0] == 0:
        return 0.0 if len(low) else float(frequencies[-1])
    n = int(low[0])
    part = (modulation[n - 1] - 0.5) / (modulation[n - 1] - modulation[n])
    return float(frequencies[n - 1] + part * (frequencies[n] - frequencies[n - 1]))
