"""Noise power spectra of flat parts of a scan, in the definition of IEC 62220-1, ICRU 87 and AAPM TG-233.

NPS(u, v) = (Δx Δy / Nx Ny) · mean |DFT of a block without its mean|²; its integral over all frequencies is the
variance.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Mask = NDArray[np.bool_]
Array = NDArray[np.float64]
Places = NDArray[np.intp]

BLOCK = 16
"""Side of a block in pixels."""
FLAT_SHARE = 0.05
"""Part of all blocks that counts as flat, …"""
FEW_BLOCKS, MANY_BLOCKS = 60, 400
"""… but at least and at most so many."""


@dataclass(frozen=True, slots=True)
class NoiseSpectrum:
    """Radial noise power spectra of flat parts of the scan.

    Attributes
    ----------
    frequencies
        1/mm, ascending.
    before
        NPS of the original, in the volume's unit squared times mm².
    removed
        NPS of what the denoiser took away, same unit.
    peak_before, peak_after
        Frequency at which the NPS of the original and of the denoised scan is largest, 1/mm.
    """

    frequencies: tuple[float, ...]
    before: tuple[float, ...]
    removed: tuple[float, ...]
    peak_before: float
    peak_after: float


def steepness(values: Images, width: float = 2.0) -> Images:
    """Size of the gradient per pixel, after a Gaussian blur of ``width`` pixels: (slices, rows, columns)."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(values, (0, width, width))
    along_rows, along_columns = (ndimage.sobel(smooth, axis) for axis in (1, 2))
    return np.hypot(along_rows, along_columns) / 8


def flat_blocks(steep: Images, mask: Mask) -> Places:
    """Find the blocks of `BLOCK`² pixels whose slow variation is least, all inside ``mask``.

    Only the blurred image decides, so that the choice says nothing about the noise at higher frequencies.

    Parameters
    ----------
    steep, mask
        `steepness` of the slices, and where to look: (slices, rows, columns).

    Returns
    -------
    Places
        (blocks, 3): slice, first row, first column; flattest first; overlapping by half.
    """
    if min(steep.shape[1:]) < BLOCK:
        return np.empty((0, 3), np.intp)
    half = BLOCK // 2
    inside = _windows(mask).all((-1, -2))
    variation = _windows(steep)[inside].mean((-1, -2))
    places = np.argwhere(inside)[np.argsort(variation, kind="stable")]
    count = min(max(math.ceil(FLAT_SHARE * len(places)), FEW_BLOCKS), MANY_BLOCKS)
    return places[:count] * (1, half, half)


def _windows(images: NDArray[Any]) -> NDArray[Any]:
    """All blocks, overlapping by half: (slices, down, across, BLOCK, BLOCK)."""
    size: Any = (BLOCK, BLOCK)
    axes: Any = (1, 2)
    return np.lib.stride_tricks.sliding_window_view(images, size, axes)[:, :: BLOCK // 2, :: BLOCK // 2]


def cut_blocks(values: Images, places: Places) -> Images:
    """Cut the blocks at ``places`` (see `flat_blocks`) out of (slices, rows, columns): (blocks, BLOCK, BLOCK)."""
    if not len(places):
        return np.empty((0, BLOCK, BLOCK), np.float32)
    return np.stack([values[k, row : row + BLOCK, column : column + BLOCK] for k, row, column in places])


def noise_power(blocks: Images, spacing: tuple[float, float] = (1.0, 1.0), *, robust: bool = False) -> Array:
    """Two-dimensional NPS of blocks of noise.

    Parameters
    ----------
    blocks
        (blocks, N, N) in the volume's unit; the mean of each is taken off, a Hann window applied and made up for.
    spacing
        Millimetres per pixel along (rows, columns).
    robust
        Take the median over the blocks in the place of the mean, divided by ln 2 (the powers of noise are
        exponentially distributed), so that structure in a few blocks does not count.

    Returns
    -------
    Array
        (N, N), unit² mm², frequencies in the order of `numpy.fft.fftfreq`.
    """
    size = blocks.shape[-1]
    taper = np.hanning(size + 1)[:size]
    window = np.outer(taper, taper)
    window /= np.sqrt(np.mean(window**2))
    centred = (blocks - blocks.mean((-1, -2), keepdims=True)) * window
    power = np.abs(np.fft.fft2(centred)) ** 2
    middle = np.median(power, axis=0) / math.log(2) if robust else power.mean(axis=0)
    return np.asarray(middle * (spacing[0] * spacing[1] / size**2))


def radial_spectrum(power: Array, spacing: tuple[float, float] = (1.0, 1.0)) -> tuple[Array, Array]:
    """Average a two-dimensional NPS over rings.

    Parameters
    ----------
    power
        (N, N) from `noise_power`.
    spacing
        Millimetres per pixel along (rows, columns).

    Returns
    -------
    frequencies, values
        (N / 2,) each: 1/mm without 0, up to the Nyquist frequency of the coarser axis; and the geometric mean of each
        ring, which a single peak cannot spoil.
    """
    size = len(power)
    row, column = (np.fft.fftfreq(size, d) for d in spacing)
    step = 1 / (size * max(spacing))
    ring = np.rint(np.hypot(row[:, None], column[None, :]) / step).astype(int)
    numbers = np.arange(1, size // 2 + 1)
    tiny = np.finfo(np.float64).tiny
    values = np.array([np.exp(np.log(np.maximum(power[ring == n], tiny)).mean()) for n in numbers])
    return np.asarray(numbers * step, np.float64), np.asarray(values, np.float64)


def noise_spectrum(before: Images, after: Images, places: Places, spacing: tuple[float, float]) -> NoiseSpectrum | None:
    """Compare the noise of flat blocks before and after denoising; None where there are too few or no noise.

    Parameters
    ----------
    before, after
        (slices, rows, columns) in the volume's unit.
    places
        Flat blocks of `flat_blocks`, the same in both.
    spacing
        Millimetres per pixel along (rows, columns).
    """
    if len(places) < 4:
        return None
    first, second = cut_blocks(before, places), cut_blocks(after, places)
    found = [radial_spectrum(noise_power(b, spacing, robust=True), spacing) for b in (first, second, first - second)]
    frequencies = found[0][0]
    original, denoised, removed = (np.where(values > 1e-30, values, 0.0) for _, values in found)
    if not original.any():
        return None
    return NoiseSpectrum(
        tuple(frequencies.tolist()),
        tuple(original.tolist()),
        tuple(removed.tolist()),
        peak_frequency(frequencies, original),
        peak_frequency(frequencies, denoised),
    )


def peak_frequency(frequencies: Array, values: Array) -> float:
    """Frequency of the largest value, the first ring (anatomy, detrending) left out; refined by a parabola."""
    if not values[1:].any():
        return 0.0
    n = 1 + int(np.argmax(values[1:]))
    if n in (1, len(values) - 1):
        return float(frequencies[n])
    left, middle, right = values[n - 1 : n + 2]
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(frequencies[n] + shift * (frequencies[1] - frequencies[0]))
