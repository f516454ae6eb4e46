"""Blind estimation of the noise of a scan: its level, its correlation, and how it varies in space.

Anatomy is smooth in flat places, so that it lives at low spatial frequencies there. The noise power spectrum is
measured at high ones and continued to low ones with a model: exp(-(2πsf)²), white noise blurred by a Gaussian of s
pixels, times f in CT, whose reconstruction suppresses low frequencies (Riederer, Pelc & Chesler, Phys Med Biol 1978).
The map is the local deviation of a high-pass (Immerkær, Comput Vis Image Underst 1996), robust against what structure
is left (median absolute deviation), divided by what the filter leaves of noise of that spectrum, and fitted by slow
cosines. Magnitudes of MR are corrected where the signal is weak (Koay & Basser, J Magn Reson 2006).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medae.quality.noise_surface import FLAT_ZERO, Surface, fit_surface
from medae.quality.sample import Sample, take_sample
from medae.quality.spectrum import BLOCK, cut_blocks, flat_blocks, noise_power, radial_spectrum, steepness
from medae.volume import Volume

Images = NDArray[np.float32]
Mask = NDArray[np.bool_]
Array = NDArray[np.float64]

TILE = 16
"""Side in pixels of the tiles whose deviation is measured."""
MAD = 0.6745
"""Median of the absolute value of a standard normal variable."""
FLOOR = 1e-3
"""Power, relative to that at low frequencies, below which noise is not told from rounding."""
ANATOMY_LENGTH = 1.2
"""What is smoother than noise blurred by so many pixels may be fine anatomy: it counts as noise only where
neighbouring slices do not share it."""
SHARED = 0.25
"""Correlation of neighbouring slices above which detail counts as anatomy."""


@dataclass(frozen=True, slots=True)
class NoiseEstimate:
    """Noise of a scan.

    Attributes
    ----------
    sigma
        Standard deviation, median over the body, in the volume's unit; in MR that of each of the two complex channels.
    map_low, map_high
        10th and 90th percentile of the noise map over the body.
    correlation_length
        Standard deviation in pixels of the Gaussian that would blur white noise into this noise; 0 for white noise.
    """

    sigma: float
    map_low: float
    map_high: float
    correlation_length: float


@dataclass(frozen=True, slots=True)
class SpectrumModel:
    """Noise power amplitude · f^ramp · exp(-(2π · length · f)²) up to ``cutoff``; f in 1/pixel.

    Attributes
    ----------
    amplitude
        Unit² pixel².
    length
        Pixels.
    ramp
        1 in CT, else 0.
    cutoff
        1/pixel; infinite where the spectrum has no end.
    """

    amplitude: float
    length: float
    ramp: int
    cutoff: float

    def on(self, frequency: Array) -> Array:
        """Power at frequencies in 1/pixel, same shape."""
        power = self.amplitude * frequency**self.ramp * np.exp(-((2 * np.pi * self.length * frequency) ** 2))
        return np.where(frequency <= self.cutoff, power, 0.0)

    def share(self, step: int) -> float:
        """Part of the variance that `high_pass` of this step keeps (1 for white noise)."""
        axis = np.fft.fftfreq(64)
        power = self.on(np.hypot(axis[:, None], axis[None, :]))
        response = (2 - 2 * np.cos(2 * np.pi * step * axis)) ** 2
        return float((power * np.outer(response, response)).sum() / 36 / power.sum())


def estimate_noise(volume: Volume) -> NoiseEstimate:
    """Estimate the noise of a scan, looking at no more than 16 slices.

    Parameters
    ----------
    volume
        CT in HU, or any other modality; padding, what it is filled with and values that are not finite do not count.

    Returns
    -------
    NoiseEstimate
        All zero where there is nothing to measure: a constant volume, or one below 16 × 16 pixels.
    """
    sample = take_sample(volume)
    return estimate_on(sample, sample.before)[0]


def noise_map(volume: Volume, start: int = 0, stop: int | None = None) -> Images:
    """Map the standard deviation of the noise: (slices, rows, columns) float32 of ``start:stop``, in the volume's unit.

    All of the volume is looked at, whatever the slices are. The map varies slowly, as g-factors and the attenuation of
    a body do; outside the body it is continued.
    """
    sample = take_sample(volume)
    surface = estimate_on(sample, sample.before)[1]
    rows, columns = (np.arange(n) / max(1, n) for n in volume.shape[1:])
    chosen = range(volume.shape[0])[start:stop]
    mapped = np.empty((len(chosen), *volume.shape[1:]), np.float32)
    for n, k in enumerate(chosen):
        mapped[n] = surface.on(np.array([k / max(1, volume.shape[0])]), rows, columns)[0]
    return mapped


def estimate_on(sample: Sample, values: Images) -> tuple[NoiseEstimate, Surface]:
    """Estimate the noise of the slices of a sample.

    Parameters
    ----------
    sample
        Tells where the body is and where the slices lie.
    values
        ``sample.before`` or ``sample.after``: (slices, rows, columns).

    Returns
    -------
    estimate, surface
        The surface is the noise map over the unit cube (slices, rows, columns).
    """
    nothing = NoiseEstimate(0.0, 0.0, 0.0, 0.0), FLAT_ZERO
    if min(values.shape[1:]) < BLOCK or not sample.body.any():
        return nothing
    steep = steepness(values)
    spectrum = model_spectrum(sample, values, steep)
    levels, slopes, middles = _tiles(sample, values, steep, spectrum)
    if len(levels) == 0 or np.median(levels) <= 0:
        return nothing
    measured = levels > 0
    levels, slopes, middles = levels[measured], slopes[measured], middles[measured]
    usual = max(float(np.quantile(slopes, 0.25)), 1e-12)
    surface = fit_surface(middles, levels, 1 / (1 + (slopes / usual) ** 4))
    low, middle, high = (float(v) for v in np.percentile(surface.at(middles), (10, 50, 90)))
    return NoiseEstimate(middle, low, high, spectrum.length), surface


def model_spectrum(sample: Sample, values: Images, steep: Images) -> SpectrumModel:
    """Fit a `SpectrumModel` to the flattest blocks of ``values``, the slices of a sample, by their `steepness`."""
    ramp = 1 if sample.modality == "CT" else 0
    places = flat_blocks(steep, sample.body)
    if len(places) < 4:
        return SpectrumModel(1.0, 0.0, ramp, np.inf)
    frequencies, powers = radial_spectrum(noise_power(cut_blocks(values, places), robust=True))
    if not powers[1:3].max() > 1e-30:
        return SpectrumModel(1.0, 0.0, ramp, np.inf)
    visible = powers > FLOOR * powers[1:3].max()
    last = len(powers) - 1 if visible[2:].all() else max(2, int(np.argmin(visible[2:])) + 1)
    model = _fit(frequencies, powers, last, ramp)
    if ramp or model.length <= ANATOMY_LENGTH or shared_detail(sample, values, steep) < SHARED:
        return model
    top = float(powers[-2:].mean())
    return SpectrumModel(top, 0.0, ramp, np.inf)


def _fit(frequencies: Array, powers: Array, last: int, ramp: int) -> SpectrumModel:
    """Fit the upper half of the rings up to ``last``, where anatomy is weakest; the last ring of all is aliased."""
    used = slice(max(1, (last + 1) // 2), min(last + 1, len(powers) - 1))
    squares = frequencies[used] ** 2
    logs = np.log(powers[used]) - ramp * np.log(frequencies[used])
    slope = max(0.0, -float(np.polyfit(squares, logs, 1)[0]))
    amplitude = float(np.exp(np.mean(logs + slope * squares)))
    cutoff = np.inf if last == len(powers) - 1 else float(frequencies[last])
    return SpectrumModel(amplitude, np.sqrt(slope) / (2 * np.pi), ramp, cutoff)


def shared_detail(sample: Sample, values: Images, steep: Images) -> float:
    """Correlation of fine detail in flat blocks of neighbouring slices: noise shares none. 0 without neighbours.

    Detail is a difference of Gaussians of 1 and 1.6 pixels; the median over the blocks and pairs is given.
    """
    from scipy import ndimage

    detail = ndimage.gaussian_filter(values, (0, 1.0, 1.0)) - ndimage.gaussian_filter(values, (0, 1.6, 1.6))
    places = flat_blocks(steep, sample.body)
    first = np.array([k + 1 < len(values) and sample.indices[k + 1] == sample.indices[k] + 1 for k in places[:, 0]])
    places = places[first] if len(places) else places
    if not len(places):
        return 0.0
    one, other = cut_blocks(detail, places), cut_blocks(detail, places + np.array((1, 0, 0)))
    power = np.sqrt((one**2).sum((1, 2)) * (other**2).sum((1, 2)))
    return float(np.median((one * other).sum((1, 2)) / np.maximum(power, 1e-30)))


def high_pass(values: Images, step: int) -> Images:
    """Second differences of pixels ``step`` apart along rows, then columns; white noise keeps its deviation.

    (slices, rows, columns); mirrored at the border. [1, -2, 1] ⊗ [1, -2, 1] / 6 is blind to what is linear.
    """
    from scipy import ndimage

    kernel = np.zeros(2 * step + 1)
    kernel[[0, step, -1]] = 1, -2, 1
    along_rows = ndimage.correlate1d(values, kernel, axis=1, mode="mirror")
    return ndimage.correlate1d(along_rows, kernel, axis=2, mode="mirror") / 6


MIN_SHARE = 0.01
"""A high-pass that keeps less of the noise than this gives way to a coarser one."""
MIN_PIXELS = 20


def _tiles(sample: Sample, values: Images, steep: Images, spectrum: SpectrumModel) -> tuple[Array, Array, Array]:
    """Level (n,), steepness (n,) and middle (n, 3) in the unit cube of the tiles that lie in the body.

    Within a tile the flatter half of the pixels counts.
    """
    from scipy import ndimage

    step = 1 if spectrum.share(1) >= MIN_SHARE else 2
    reach = np.ones((1, 2 * step + 1, 2 * step + 1), bool)
    inside = _tiled(ndimage.binary_erosion(sample.body, reach))
    slopes = _tiled(steep)
    flat = inside & (slopes <= _median(slopes, inside)[..., None])
    enough = flat.sum(-1) >= MIN_PIXELS
    flat, slopes = flat[enough], slopes[enough]
    levels = _median(np.abs(_tiled(high_pass(values, step))[enough]), flat) / (MAD * np.sqrt(spectrum.share(step)))
    if sample.modality == "MR":
        levels = magnitude_corrected(levels, _median(_tiled(values)[enough], flat))
    k, row, column = np.nonzero(enough)
    rows, columns = values.shape[1:]
    places = (np.array(sample.indices)[k] / sample.depth, (row + 0.5) * TILE / rows, (column + 0.5) * TILE / columns)
    return levels, _median(slopes, flat), np.stack(places, axis=1).clip(0, 1)


def magnitude_corrected(deviations: Array, means: Array) -> Array:
    """Turn the standard deviation of magnitudes into that of the complex channels, given the local mean (Koay 2006).

    Both (n,), same unit. Above a signal of about five deviations nothing changes; in air the factor is 1 / 0.655.
    """
    from scipy import special

    signal = np.linspace(0, 12, 1201)
    half = signal**2 / 4
    mean = np.sqrt(np.pi / 2) * ((1 + 2 * half) * special.ive(0, half) + 2 * half * special.ive(1, half))
    deviation = np.sqrt(2 + signal**2 - mean**2)
    ratio = means / np.maximum(deviations, 1e-30)
    return deviations / np.interp(ratio, mean / deviation, deviation)


def _tiled(images: NDArray[Any]) -> NDArray[Any]:
    """(slices, rows, columns) to (slices, tiles down, tiles across, `TILE`²); filled up with 0."""
    slices, rows, columns = images.shape
    down, across = -(-rows // TILE), -(-columns // TILE)
    filled = np.zeros((slices, down * TILE, across * TILE), images.dtype)
    filled[:, :rows, :columns] = images
    return filled.reshape(slices, down, TILE, across, TILE).swapaxes(2, 3).reshape(slices, down, across, TILE**2)


def _median(values: NDArray[Any], mask: Mask) -> Array:
    """Median along the last axis of what the mask lets through; 0 where it lets nothing through."""
    ordered = np.sort(np.where(mask, values, np.inf), axis=-1)
    middle = np.maximum((mask.sum(-1) - 1) // 2, 0)
    found = np.take_along_axis(ordered, middle[..., None], axis=-1)[..., 0]
    return np.where(np.isfinite(found), found, 0.0).astype(np.float64)
